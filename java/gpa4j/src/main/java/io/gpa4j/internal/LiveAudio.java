package io.gpa4j.internal;

import io.gpa4j.CancelledException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;

/** Audio that is pushed by one thread and worked on, at 16 kHz, by another one of its own; what waits between them is bounded. */
public final class LiveAudio {
  private static final int MOST_SECONDS = 30;
  // Pushed in one piece or in many, work is looked at as often.
  private static final int BLOCK_SAMPLES = 1600;

  private final int rate;
  private final Segmenter segmenter;
  private final Runnable caughtUp;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final Thread thread;
  // Under this object's lock.
  private final Deque<float[]> waiting = new ArrayDeque<>();
  private long waitingSamples;
  private boolean finished;
  private boolean closed;
  private boolean over;
  private Throwable failure;

  /** The segmenter is called on the other thread, and so is caughtUp whenever nothing waits. */
  public LiveAudio(int rate, Segmenter segmenter, Runnable caughtUp) {
    this.rate = rate;
    this.segmenter = segmenter;
    this.caughtUp = caughtUp;
    thread = new Thread(this::work, "gpa-transcription");
    thread.setDaemon(true);
    thread.start();
  }

  /** Takes samples, which are no longer the caller's; waits where too many wait. */
  public synchronized void push(float[] samples) {
    while (isUsable() && waitingSamples > (long) MOST_SECONDS * rate) {
      pause();
    }
    waiting.add(samples);
    waitingSamples += samples.length;
    notifyAll();
  }

  /** Says that no more comes. Whoever wants to know when all is done, and how it ended, waits by {@link #finish}, or for {@link #ended}. */
  public synchronized void last() {
    isUsable();
    finished = true;
    notifyAll();
  }

  /** Says that no more comes, and waits until all is done. */
  public synchronized void finish() {
    last();
    while (!over) {
      pause();
    }
    check();
  }

  /** Throws what it failed with, if it is over. */
  public synchronized void check() {
    rethrow();
    if (closed) {
      throw new CancelledException("this TranscriptionStream is closed");
    }
  }

  /** Completes, always normally, once it is over. */
  public CompletableFuture<Void> ended() {
    return ended;
  }

  /** Ends it soon. */
  public synchronized void stop() {
    closed = true;
    notifyAll();
    if (!over && Thread.currentThread() != thread) {
      thread.interrupt();
    }
  }

  /** Ends it, and waits for the end unless it is the working thread that calls. */
  public void close() {
    stop();
    boolean interrupted = false;
    while (thread.isAlive() && Thread.currentThread() != thread) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isUsable() {
    rethrow();
    if (closed || finished) {
      throw new IllegalStateException("this TranscriptionStream is " + (closed ? "closed" : "finished"));
    }
    return true;
  }

  private void rethrow() {
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
  }

  private void pause() {
    try {
      wait();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("the thread was interrupted while it waited for audio to be heard");
    }
  }

  private void work() {
    Throwable thrown = null;
    PcmSink sink = null;
    try {
      sink = new PcmSink("audio stream", rate, 1, segmenter);
      boolean any = false;
      for (float[] samples; (samples = take()) != null; ) {
        feed(sink, samples);
        any |= samples.length > 0;
      }
      if (any && !isClosed()) {
        sink.finish();
        segmenter.finish();
      }
    } catch (Throwable t) {
      thrown = t;
    } finally {
      if (sink != null) {
        sink.release();
      }
      end(thrown);
    }
  }

  private void feed(PcmSink sink, float[] samples) {
    for (int at = 0; at < samples.length && !isClosed(); at += BLOCK_SAMPLES) {
      int count = Math.min(BLOCK_SAMPLES, samples.length - at);
      float[] block = new float[count];
      System.arraycopy(samples, at, block, 0, count);
      sink.accept(block, count);
      if (isIdle()) {
        caughtUp.run();
      }
    }
  }

  private synchronized float[] take() throws InterruptedException {
    while (waiting.isEmpty() && !finished && !closed) {
      wait();
    }
    if (closed || waiting.isEmpty()) {
      return null;
    }
    float[] samples = waiting.remove();
    waitingSamples -= samples.length;
    notifyAll();
    return samples;
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized boolean isIdle() {
    return waiting.isEmpty() && !finished && !closed;
  }

  private void end(Throwable thrown) {
    synchronized (this) {
      over = true;
      failure = closed ? null : thrown;
      notifyAll();
    }
    ended.complete(null);
  }
}
