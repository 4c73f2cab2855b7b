package io.gpa4j.internal;

import io.gpa4j.CancelledException;
import java.nio.FloatBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Chunks between the request's thread, which waits when nobody takes them, and a reader. */
public final class ChunkQueue implements NativeRequest.Chunks {
  /** A chunk: the first count samples; or, without samples, the end. */
  public record Item(float[] samples, int count, long firstSample, Throwable failure) {}

  // Beside those that wait natively.
  private static final int WAITING = 2;
  private static final long LOOK_MILLIS = 20;

  private final NativeEngine engine;
  private final ArrayBlockingQueue<Item> items = new ArrayBlockingQueue<>(WAITING);
  private final ArrayBlockingQueue<float[]> spares = new ArrayBlockingQueue<>(WAITING + 1);
  private volatile boolean closed;
  private volatile Item end;
  private volatile Runnable listener = () -> {};
  private Runnable canceller;
  private long samples;

  public ChunkQueue(NativeEngine engine) {
    this.engine = engine;
  }

  /** Ties it to what makes its chunks, which closing it cancels. */
  public void cancelBy(Runnable cancel) {
    synchronized (this) {
      canceller = cancel;
    }
    if (closed) {
      cancel.run();
    }
  }

  /** Ends it; a failure is what takers then get. */
  public void end(Throwable failure) {
    end = new Item(null, 0, samples, failure);
    listener.run();
  }

  @Override
  public boolean accept(FloatBuffer pcm) {
    int count = pcm.remaining();
    float[] spare = spares.poll();
    float[] copy = spare != null && spare.length >= count ? spare : new float[count];
    pcm.get(copy, 0, count);
    Item item = new Item(copy, count, samples, null);
    samples += count;
    try {
      while (!closed) {
        if (items.offer(item, LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
          listener.run();
          return true;
        }
        if (engine.isClosed()) {
          throw new CancelledException("the engine was closed");
        }
      }
      return false;
    } catch (InterruptedException e) {
      throw new CancelledException("the thread that hands over speech was interrupted");
    }
  }

  /** Gives back the memory of a chunk that nobody looks at any more: a later one then lies in it, with more room than it wants perhaps. */
  public void recycle(Item item) {
    spares.offer(item.samples());
  }

  /** The next chunk or the end; null where neither is there yet. */
  public Item poll() {
    // The end is looked at first: whatever came before it is then in the queue.
    Item last = end;
    Item item = items.poll();
    if (item != null) {
      return item;
    }
    return closed ? closedEnd() : last;
  }

  /** Waits for the next chunk or the end. Throws what the request failed with; an interrupt cancels it. */
  public Item take() {
    try {
      for (;;) {
        Item last = end;
        Item item = closed ? closedEnd() : items.poll(last != null ? 0 : LOOK_MILLIS, TimeUnit.MILLISECONDS);
        if (item == null) {
          item = last;
        }
        if (item != null) {
          rethrow(item.failure());
          return item;
        }
      }
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw new CancelledException("the reading thread was interrupted");
    }
  }

  private static void rethrow(Throwable failure) {
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
  }

  private Item closedEnd() {
    return new Item(null, 0, samples, new CancelledException("this SpeechStream is closed"));
  }

  /** Calls it, on any thread, whenever something has come. */
  public void listen(Runnable whenever) {
    listener = whenever;
    whenever.run();
  }

  /** Cancels the request and forgets what waits. */
  public void close() {
    closed = true;
    Runnable cancel;
    synchronized (this) {
      cancel = canceller;
    }
    if (cancel != null) {
      cancel.run();
    }
    items.clear();
    listener.run();
  }
}
