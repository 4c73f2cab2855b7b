package io.gpa4j.quality;

/** Hears how a comparison goes on. Calls come from the thread that compares; they should return soon. */
public interface QualityListener {
  /** One that ignores everything. */
  QualityListener NONE = (done, total, what) -> {};

  /**
   * A step is done.
   *
   * @param done steps that are over
   * @param total steps in all
   * @param what the last one did, as "q4.gguf: clips/00.wav"
   */
  void advanced(long done, long total, String what);
}
