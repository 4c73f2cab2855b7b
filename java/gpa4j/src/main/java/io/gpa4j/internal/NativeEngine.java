package io.gpa4j.internal;

import io.gpa4j.AudioFormatException;
import io.gpa4j.CancelledException;
import io.gpa4j.CapacityException;
import io.gpa4j.bindings.global.gpa;
import io.gpa4j.bindings.gpa_engine;
import io.gpa4j.bindings.gpa_engine_params;
import io.gpa4j.bindings.gpa_engine_stats;
import io.gpa4j.bindings.gpa_error;
import io.gpa4j.bindings.gpa_model;
import java.lang.ref.Cleaner;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** A model and its engine. Calls share the lock, {@link #close()} takes it alone, so a handle is never freed under a call. */
public final class NativeEngine implements AutoCloseable {
  private static final int DEFAULT_CONCURRENCY = 8;
  private static final int DEFAULT_QUEUE = 1024;

  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private final Handles handles;
  private final Cleaner.Cleanable cleanable;
  private final int places;
  private final Semaphore slots;
  private final int concurrency;
  private final boolean refuses;
  private final AtomicLong refused = new AtomicLong();
  private final NativeFile file;
  private final String kernels;
  private volatile boolean closed;

  private NativeEngine(Handles handles, int running, int waiting, boolean refuses) {
    this.handles = handles;
    this.concurrency = running;
    this.places = running + waiting;
    this.slots = new Semaphore(places, true);
    this.refuses = refuses;
    this.file = NativeFile.borrowed(gpa.gpa_model_file(handles.model));
    this.kernels = Native.string(gpa.gpa_engine_isa(handles.engine));
    this.cleanable = Native.CLEANER.register(this, handles);
  }

  /** Opens a model and starts an engine on it; a 0 stands for the default. */
  public static NativeEngine open(String path, boolean checkFinite, String device, int threads, int maxConcurrency, int maxQueue,
      int contextTokens, int precision, boolean refuseWhenFull) {
    Native.load();
    int running = maxConcurrency == 0 ? DEFAULT_CONCURRENCY : maxConcurrency;
    int waiting = maxQueue == 0 ? DEFAULT_QUEUE : maxQueue;
    Handles handles = new Handles();
    boolean opened = false;
    try (gpa_error error = new gpa_error();
        gpa_engine_params params = new gpa_engine_params();
        BytePointer deviceName = new BytePointer(device, StandardCharsets.UTF_8)) {
      gpa_model model = new gpa_model((Pointer) null);
      Native.check(gpa.gpa_model_open(path, checkFinite ? 1 : 0, model, error), error);
      handles.model = model;
      // The slots below are what limits; the native queue is longer, as it frees a place a moment after telling so.
      params.threads(threads).max_concurrency(running).max_queue(waiting + 2 * running)
          .context_tokens(contextTokens).device(deviceName).precision(precision);
      gpa_engine engine = new gpa_engine((Pointer) null);
      Native.check(gpa.gpa_engine_create(model, params, engine, error), error);
      handles.engine = engine;
      NativeEngine result = new NativeEngine(handles, running, waiting, refuseWhenFull);
      opened = true;
      return result;
    } finally {
      if (!opened) {
        handles.run();
      }
    }
  }

  /** Calls with the engine's handle, which stays alive inside the call. */
  <T> T call(Function<gpa_engine, T> body) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw closedException();
      }
      return body.apply(handles.engine);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** The fields of gpa_engine_stats in their order. */
  public long[] stats() {
    return call(engine -> {
      try (gpa_error error = new gpa_error(); gpa_engine_stats s = new gpa_engine_stats()) {
        Native.check(gpa.gpa_engine_get_stats(engine, s, error), error);
        return new long[] {s.running(), s.queued(), s.done(), s.refused() + refused.get(), s.cancelled(), s.failed(), s.steps(),
            s.step_requests(), s.rows(), s.prefix_rows(), s.kv_pages_used(), s.kv_pages_shared(), s.kv_pages_total(), s.audio_samples(),
            s.busy_us(), s.first_audio_count(), s.first_audio_sum_us(), s.first_audio_p50_us(), s.first_audio_p95_us()};
      }
    });
  }

  /** Reads the model's file. */
  public <T> T readFile(Function<NativeFile, T> body) {
    return call(engine -> body.apply(file));
  }

  /** Name of the kernel set in use. */
  public String kernels() {
    return kernels;
  }

  /** How many requests run at a time. */
  public int concurrency() {
    return concurrency;
  }

  /** Whether close has begun. */
  public boolean isClosed() {
    return closed;
  }

  /** What calls after close get. */
  public static IllegalStateException closedException() {
    return new IllegalStateException("this Gpa is closed");
  }

  /**
   * Waits for a place among the requests that may run or wait: back-pressure; or throws where there is none, if that is wanted. Every
   * place is given back by {@link #leave()}.
   */
  public void enter() {
    if (refuses) {
      if (!slots.tryAcquire()) {
        refused.incrementAndGet();
        throw new CapacityException("the queue is full: " + places + " requests run or wait");
      }
    } else {
      waitForPlace();
    }
  }

  /** Waits for a place in any case: where one was given before to the job that goes on. */
  void waitForPlace() {
    try {
      slots.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("the thread was interrupted while it waited for a free place in the queue");
    }
  }

  /** Gives back a place. */
  public void leave() {
    slots.release();
  }

  /** Starts a task of a job. The task's audio is freed when the request has ended, or here if it cannot start. */
  public NativeRequest submit(NativeTask task, JobProgress progress) {
    task.progress = progress.part(task);
    try {
      NativeRequest running = call(engine -> NativeRequest.submit(engine, task));
      if (task.progress != null) {
        task.progress.begun(running);
      }
      return running;
    } catch (AudioFormatException e) {
      task.release();
      throw new AudioFormatException(task.pcm.name() + ": " + e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      task.release();
      throw e;
    }
  }

  /** Cancels what runs, waits for it, and frees engine and model. Harmless when repeated. */
  @Override
  public void close() {
    if (lock.getReadHoldCount() > 0 || CallbackGuard.isInside()) {
      throw new IllegalStateException("close() was called inside a call to what it closes");
    }
    closed = true;
    lock.writeLock().lock();
    try {
      cleanable.clean();
    } finally {
      lock.writeLock().unlock();
    }
  }

  private static final class Handles implements Runnable {
    private gpa_model model;
    private gpa_engine engine;

    @Override
    public synchronized void run() {
      gpa.gpa_engine_free(engine);
      gpa.gpa_model_free(model);
      engine = null;
      model = null;
    }
  }
}
