package io.gpa4j.internal;

import io.gpa4j.CancelledException;
import io.gpa4j.StreamOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Speech in parts as one stream. While a part is heard the next one is made: its chunks wait natively, two of them, until all
 * chunks of the part before have been taken. Driven by one thread; chunks come on threads of the parts' requests, one at a time.
 */
public final class PartStream implements SpeechParts.Taker {
  /** Thrown where a part is given whose stream nobody wants to hear any more: a good end. */
  private static final class Stopped extends RuntimeException {
    Stopped() {
      super("the taker wants no more", null, false, false);
    }
  }

  private static final int SILENCE_SAMPLES = Pcm.SAMPLE_RATE / 2;
  private static final long LOOK_MILLIS = 20;

  private final NativeEngine engine;
  private final StreamOptions options;
  private final NativeRequest.Chunks out;
  private final JobProgress progress;
  // Under this object's lock.
  private final List<NativeRequest> requests = new ArrayList<>();
  private int turn;
  private volatile boolean cancelled;
  private volatile boolean stopped;
  private boolean holdsPlace;
  private Part last;

  public PartStream(NativeEngine engine, StreamOptions options, NativeRequest.Chunks out, JobProgress progress) {
    this.engine = engine;
    this.options = options;
    this.out = out;
    this.progress = progress;
  }

  /** Waits for the first part's place before {@link #run}, on another thread than that one's. Throws as {@link NativeEngine#enter}. */
  public void enter() {
    engine.enter();
    holdsPlace = true;
  }

  @Override
  public void part(long silence, NativeTask task) {
    if (task == null) {
      awaitAll();
      lastSilence(silence);
      return;
    }
    try {
      makeWay();
      takePlace();
    } catch (RuntimeException | Error e) {
      task.release();
      throw e;
    }
    last = new Part(requests.size(), silence, task);
    NativeRequest running = engine.submit(
        task.stream(last, options.lookAheadTokens(), options.firstChunkTokens(), options.maxChunkTokens(), options.chunkGrowth()), progress);
    holdsPlace = false;
    last.follow(running);
  }

  private void takePlace() {
    if (last != null) {
      engine.waitForPlace();
    } else if (!holdsPlace) {
      engine.enter();
    }
    holdsPlace = true;
  }

  // The part before the last has been heard, and the last one has its place among those that run.
  private void makeWay() {
    if (last != null) {
      if (last.index > 0) {
        requests.get(last.index - 1).await();
      }
      last.awaitFirstChunk();
    }
    if (cancelled) {
      throw new CancelledException("this speech is cancelled");
    }
    if (stopped) {
      throw new Stopped();
    }
  }

  private void lastSilence(long samples) {
    if (!stopped && samples > 0) {
      CallbackGuard.enter();
      try {
        silence(samples);
      } finally {
        CallbackGuard.leave();
      }
    }
  }

  /**
   * Lets a source give its parts, on this thread, until all is heard or its taker wants no more, and makes the result of the requests, which
   * are closed then. Throws what source, parts or taker failed with, after the other parts are cancelled.
   */
  public <T> T run(Consumer<SpeechParts.Taker> source, Function<List<NativeRequest>, T> result) {
    progress.begin();
    boolean well = false;
    try {
      give(source);
      awaitAll();
      T made = result.apply(requests);
      well = true;
      return made;
    } finally {
      if (holdsPlace) {
        engine.leave();
      }
      requests.forEach(NativeRequest::close);
      progress.finish(well);
    }
  }

  private void give(Consumer<SpeechParts.Taker> source) {
    try {
      source.accept(this);
    } catch (Stopped e) {
      // What was heard is the result.
    }
  }

  private void awaitAll() {
    requests.forEach(NativeRequest::await);
  }

  /** Ends it soon, from any thread. */
  public void cancel() {
    cancelled = true;
    progress.stop();
    List<NativeRequest> running;
    synchronized (this) {
      running = List.copyOf(requests);
    }
    running.forEach(NativeRequest::cancel);
  }

  private boolean silence(long samples) {
    FloatBuffer zeros = ByteBuffer.allocateDirect(Float.BYTES * (int) Math.min(samples, SILENCE_SAMPLES)).order(ByteOrder.nativeOrder()).asFloatBuffer();
    for (long left = samples; left > 0; left -= zeros.remaining()) {
      zeros.limit((int) Math.min(left, zeros.capacity()));
      if (!out.accept(zeros.slice().asReadOnlyBuffer())) {
        return false;
      }
      progress.made(zeros.remaining());
    }
    return true;
  }

  /** One part's chunks. */
  private final class Part implements NativeRequest.Chunks {
    private final int index;
    private final CountDownLatch begun = new CountDownLatch(1);
    private final NativeTask task;
    private long silence;

    Part(int index, long silence, NativeTask task) {
      this.index = index;
      this.silence = silence;
      this.task = task;
    }

    void follow(NativeRequest running) {
      synchronized (PartStream.this) {
        requests.add(running);
      }
      running.ended().thenRun(() -> {
        engine.leave();
        stopped |= !running.endedWell();
        begun.countDown();
        pass();
      });
      if (cancelled) {
        running.cancel();
      }
    }

    private void pass() {
      synchronized (PartStream.this) {
        turn = Math.max(turn, index + 1);
        PartStream.this.notifyAll();
      }
    }

    void awaitFirstChunk() {
      try {
        begun.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancelledException("the thread that makes speech was interrupted");
      }
    }

    @Override
    public boolean accept(FloatBuffer pcm) {
      begun.countDown();
      if (!awaitTurn()) {
        return false;
      }
      boolean more = false;
      try {
        more = (silence == 0 || silence(silence)) && out.accept(pcm);
        silence = 0;
        if (task.progress != null) {
          task.progress.made(pcm.limit());
        }
      } finally {
        // Also when it throws: nobody hears a part behind one that failed.
        stopped |= !more;
      }
      return more;
    }

    private boolean awaitTurn() {
      try {
        synchronized (PartStream.this) {
          while (turn < index && !cancelled && !stopped) {
            if (engine.isClosed()) {
              throw new CancelledException("the engine was closed");
            }
            PartStream.this.wait(LOOK_MILLIS);
          }
        }
        return !cancelled && !stopped;
      } catch (InterruptedException e) {
        throw new CancelledException("the thread that hands over speech was interrupted");
      }
    }
  }
}
