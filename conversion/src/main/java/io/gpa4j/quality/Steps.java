package io.gpa4j.quality;

/** Counts the steps of a comparison. */
final class Steps {
  private final QualityListener listener;
  private final long total;
  private long done;

  Steps(QualityListener listener, long total) {
    this.listener = listener;
    this.total = total;
  }

  /** One more is done. */
  void done(String what) {
    listener.advanced(++done, total, what);
  }

  /** As if so many were done: those of a model that cannot be compared. */
  void reach(long steps, String what) {
    done = Math.max(done, steps);
    listener.advanced(done, total, what);
  }
}
