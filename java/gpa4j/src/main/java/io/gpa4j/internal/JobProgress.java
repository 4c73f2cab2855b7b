package io.gpa4j.internal;

import io.gpa4j.Progress;
import io.gpa4j.Progress.Phase;
import io.gpa4j.ProgressListener;
import io.gpa4j.bindings.global.gpa;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far a job of one or many requests is, for its listener. Its input is counted in units of the job's own: samples of audio, characters of
 * text. {@link #begin} comes first, then {@link #finish} or {@link #stop}.
 */
public final class JobProgress {
  /** Of jobs without a listener. */
  static final JobProgress NONE = new JobProgress(null, ProgressListener.NONE, false);

  private static final Logger LOG = LoggerFactory.getLogger(JobProgress.class);
  private static final double NANOS_PER_SAMPLE = 1e9 / Pcm.SAMPLE_RATE;
  // Of a stream's part, before it has ended.
  private static final double MOST_OF_A_STREAM = 0.95;
  private static final double CHARACTERS_PER_SECOND = 15;

  private final ProgressReporter reporter;
  private final ProgressListener listener;
  private final boolean listens;
  // All below under this object's lock.
  private final Set<Part> running = new LinkedHashSet<>();
  private long total;
  private int parts;
  private int begun;
  private int partsDone;
  private long unitsDone;
  private long samplesMade;
  private Progress last;
  private Thread calling;
  private boolean over;

  private JobProgress(ProgressReporter reporter, ProgressListener listener, boolean listens) {
    this.reporter = reporter;
    this.listener = listener;
    this.listens = listens;
  }

  /** Of a job that hears audio; units are its samples. */
  public static JobProgress ofListening(ProgressReporter reporter, ProgressListener listener) {
    return listener == ProgressListener.NONE ? NONE : new JobProgress(reporter, listener, true);
  }

  /** Of a job that makes speech. */
  public static JobProgress ofSpeech(ProgressReporter reporter, ProgressListener listener) {
    return listener == ProgressListener.NONE ? NONE : new JobProgress(reporter, listener, false);
  }

  /** How many units the job has in all, as far as is known. */
  public synchronized void expect(long units) {
    total = units;
  }

  /** How many units and parts the job has in all. */
  public synchronized void expect(long units, int count) {
    total = units;
    parts = count;
  }

  /** Its listener is told from now on. */
  void begin() {
    if (this != NONE) {
      reporter.watch(this);
    }
  }

  /** The next part, which is about to be submitted; null where nobody listens. */
  Part part(NativeTask task) {
    if (this == NONE) {
      return null;
    }
    synchronized (this) {
      begun++;
    }
    return new Part(task.kind, task.units);
  }

  /** Speech that streams was handed over. */
  void made(int samples) {
    if (this != NONE) {
      synchronized (this) {
        samplesMade += samples;
      }
    }
  }

  /** Tells of a change. */
  void tick() {
    List<Part> looked;
    synchronized (this) {
      looked = List.copyOf(running);
    }
    // Not under the lock: who frees a request waits for its end, which wants the lock.
    looked.forEach(Part::look);
    Progress now = change();
    if (now == null) {
      return;
    }
    boolean broken = !tell(now);
    synchronized (this) {
      calling = null;
      over |= broken;
      notifyAll();
    }
  }

  private synchronized Progress change() {
    if (over || calling != null) {
      return null;
    }
    Progress now = now();
    if (now.equals(last)) {
      return null;
    }
    last = now;
    calling = Thread.currentThread();
    return now;
  }

  private boolean tell(Progress progress) {
    try {
      listener.progressed(progress);
      return true;
    } catch (Throwable t) {
      LOG.warn("a progress listener failed and is told no more; its request goes on", t);
      return false;
    }
  }

  /** The job has ended: well, of which the listener is told, or not. Returns when the listener's last call is over. */
  void finish(boolean well) {
    if (this == NONE) {
      return;
    }
    Progress done = null;
    boolean interrupted = false;
    synchronized (this) {
      while (calling != null && calling != Thread.currentThread()) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (well && !over) {
        done = new Progress(Phase.DONE, 1, begun, begun, audio());
      }
      over = true;
    }
    reporter.forget(this);
    if (done != null) {
      tell(done);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The listener shall hear no more; a call that is under way goes on. */
  void stop() {
    if (this != NONE) {
      synchronized (this) {
        over = true;
      }
      reporter.forget(this);
    }
  }

  private Progress now() {
    double units = unitsDone;
    Phase phase = null;
    for (Part part : running) {
      units += part.units * part.share();
      phase = phase == null ? part.phase : phase;
    }
    double fraction = total > 0 ? Math.min(1, units / total) : 0;
    return new Progress(phase == null ? idle() : phase, last == null ? fraction : Math.max(last.fraction(), fraction), partsDone,
        Math.max(parts, begun), audio());
  }

  // Between two parts; or behind the last one, while the result is put together.
  private Phase idle() {
    if (total == 0 || unitsDone < total) {
      return Phase.WAITING;
    }
    return listens ? Phase.GENERATING : Phase.DECODING;
  }

  private Duration audio() {
    return Duration.ofNanos((long) ((listens ? unitsDone : samplesMade) * NANOS_PER_SAMPLE));
  }

  /** One request of the job. */
  final class Part {
    private final int kind;
    private final long units;
    // Those below under the job's lock, but for the phase, which is the reporter's.
    private NativeRequest request;
    private boolean over;
    private long handedOver;
    private Phase phase = Phase.WAITING;

    private Part(int kind, long units) {
      this.kind = kind;
      this.units = units;
    }

    /** The request was submitted. */
    void begun(NativeRequest submitted) {
      synchronized (JobProgress.this) {
        request = submitted;
        if (!over) {
          running.add(this);
        }
      }
    }

    /** Of its speech, which streams, so much was handed over. */
    void made(int samples) {
      synchronized (JobProgress.this) {
        handedOver += samples;
        samplesMade += samples;
      }
    }

    /** Its request has ended, and has made so much speech that did not stream. */
    void ended(int samples) {
      synchronized (JobProgress.this) {
        over = true;
        running.remove(this);
        partsDone++;
        unitsDone += units;
        samplesMade += samples;
      }
    }

    private void look() {
      phase = request.phase();
    }

    // What the finished phases take of the time, about; README has the measurements.
    private double share() {
      if (phase.compareTo(Phase.GENERATING) < 0) {
        return 0;
      }
      boolean answered = phase != Phase.GENERATING;
      if (kind == gpa.GPA_TASK_TRANSCRIBE) {
        return answered ? 1 : 0.6;
      }
      boolean converts = kind == gpa.GPA_TASK_CONVERT;
      double phases = answered ? 0.7 : converts ? 0.2 : 0;
      double samples = converts ? units : units / CHARACTERS_PER_SECOND * Pcm.SAMPLE_RATE;
      return Math.max(phases, Math.min(MOST_OF_A_STREAM, handedOver / samples));
    }
  }
}
