package io.gpa4j.internal;

import io.gpa4j.CancelledException;
import io.gpa4j.Progress.Phase;
import io.gpa4j.bindings.global.gpa;
import io.gpa4j.bindings.gpa_chunk_fn;
import io.gpa4j.bindings.gpa_done_fn;
import io.gpa4j.bindings.gpa_engine;
import io.gpa4j.bindings.gpa_error;
import io.gpa4j.bindings.gpa_request;
import io.gpa4j.bindings.gpa_request_params;
import io.gpa4j.bindings.gpa_request_stats;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A submitted request: its end as a future, its results, its memory.
 *
 * <p>JavaCPP keeps only few callback objects of a kind, so there is one, which finds the request by its id.
 * {@link #ended()} is completed on an engine thread: what is attached to it must be short and must not throw.
 */
public final class NativeRequest implements AutoCloseable {
  /** Takes speech while it is made. */
  public interface Chunks {
    /**
     * Takes samples that are valid inside the call, in a read-only buffer that is used again. Whether to go on; an exception ends the
     * request and is what it ends with.
     */
    boolean accept(FloatBuffer pcm);
  }

  static final gpa_chunk_fn CHUNK = new ChunkCallback();

  private static final Logger LOG = LoggerFactory.getLogger(NativeRequest.class);
  private static final IdTable<NativeRequest> RUNNING = new IdTable<>();
  private static final gpa_done_fn DONE = new DoneCallback();

  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final long submittedNanos = System.nanoTime();
  private final NativeTask task;
  private final ChunkBuffers buffers = new ChunkBuffers();
  private final Memory memory;
  private final Cleaner.Cleanable cleanable;
  private volatile Throwable thrown;
  private volatile boolean stopped;

  private NativeRequest(NativeTask task, gpa_request handle) {
    this.task = task;
    this.memory = new Memory(handle);
    this.cleanable = Native.CLEANER.register(this, memory);
  }

  /** Starts a task. The task's audio is freed when the request has ended; the caller frees it if this throws. */
  static NativeRequest submit(gpa_engine engine, NativeTask task) {
    gpa_request handle = new gpa_request((Pointer) null);
    NativeRequest request = new NativeRequest(task, handle);
    long id = RUNNING.add(request);
    boolean started = false;
    try (gpa_error error = new gpa_error();
        IntPointer ids = new IntPointer(Math.max(1, task.ids.length));
        IntPointer voice = task.voice == null ? null : new IntPointer(task.voice);
        gpa_request_params params = task.params(ids.put(task.ids, 0, task.ids.length), voice)) {
      Native.check(gpa.gpa_request_submit(engine, params, DONE, null, id, handle, error), error);
      started = true;
    } finally {
      if (!started) {
        RUNNING.remove(id);
      }
    }
    return request;
  }

  /** When it was submitted, by {@link System#nanoTime()}. */
  public long submittedNanos() {
    return submittedNanos;
  }

  /** Whether an ended request has made what it was asked for, or as much as its taker wanted; false if it is closed. */
  boolean endedWell() {
    synchronized (memory) {
      if (memory.handle == null) {
        return false;
      }
      try (gpa_error error = new gpa_error()) {
        int status = gpa.gpa_request_wait(memory.open(), -1, new int[1], error);
        return status == gpa.GPA_OK || status == gpa.GPA_ERROR_CANCELLED && stopped;
      }
    }
  }

  /** Completes, always normally, once the request has ended in whatever way. */
  public CompletableFuture<Void> ended() {
    return ended;
  }

  /** Waits for the end; an interrupt cancels the request. Throws what it ended with, and is closed then. */
  public void await() {
    boolean interrupted = false;
    try {
      ended.get();
    } catch (InterruptedException e) {
      interrupted = true;
      cancel();
      ended.join();
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
    if (interrupted) {
      close();
      Thread.currentThread().interrupt();
      throw new CancelledException("the waiting thread was interrupted");
    }
    check();
  }

  /** Throws what an ended request ended with, and closes it then. That its taker wanted no more is a good end. */
  public void check() {
    int status;
    String message;
    synchronized (memory) {
      try (gpa_error error = new gpa_error()) {
        status = gpa.gpa_request_wait(memory.open(), -1, new int[1], error);
        message = Native.string(error.message());
      }
    }
    boolean wanted = status == gpa.GPA_ERROR_CANCELLED && stopped;
    if (status != gpa.GPA_OK && !wanted) {
      close();
      if (thrown instanceof RuntimeException e) {
        throw e;
      }
      if (thrown instanceof Error e) {
        throw e;
      }
      throw Native.exception(status, message);
    }
  }

  /** Asks it to end soon. */
  public void cancel() {
    synchronized (memory) {
      if (memory.handle != null) {
        gpa.gpa_request_cancel(memory.handle);
      }
    }
  }

  /** A copy of the answer's ids. */
  public int[] ids() {
    synchronized (memory) {
      IntPointer ids = new IntPointer((Pointer) null);
      try (gpa_error error = new gpa_error(); LongPointer count = new LongPointer(1)) {
        Native.check(gpa.gpa_request_ids(memory.open(), ids, count, error), error);
        int[] copy = new int[Math.toIntExact(count.get())];
        if (copy.length > 0) {
          ids.get(copy);
        }
        return copy;
      }
    }
  }

  /** The result's samples in native memory, valid until this is closed. */
  public FloatBuffer pcm() {
    synchronized (memory) {
      FloatPointer pcm = new FloatPointer((Pointer) null);
      try (gpa_error error = new gpa_error(); LongPointer count = new LongPointer(1)) {
        Native.check(gpa.gpa_request_pcm(memory.open(), pcm, count, error), error);
        if (count.get() == 0) {
          return ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder()).asFloatBuffer();
        }
        return pcm.limit(Math.toIntExact(count.get())).asBuffer();
      }
    }
  }

  /** started, encoded, first token, last token, first audio, finished (µs, -1: not reached); prompt and answer tokens; 1 if it stopped by itself. */
  public long[] stats() {
    synchronized (memory) {
      try (gpa_error error = new gpa_error(); gpa_request_stats stats = new gpa_request_stats()) {
        Native.check(gpa.gpa_request_get_stats(memory.open(), stats, error), error);
        return new long[] {stats.started_us(), stats.encoded_us(), stats.first_token_us(), stats.last_token_us(),
            stats.first_audio_us(), stats.finished_us(), stats.prompt_tokens(), stats.answer_tokens(), stats.stopped()};
      }
    }
  }

  /** What it does now; {@link Phase#DONE} also when it is closed. */
  Phase phase() {
    long[] times;
    synchronized (memory) {
      if (memory.handle == null) {
        return Phase.DONE;
      }
      times = stats();
    }
    if (times[0] < 0) {
      return Phase.WAITING;
    }
    if (times[1] < 0) {
      return Phase.ENCODING;
    }
    if (times[3] < 0) {
      return Phase.GENERATING;
    }
    return times[5] < 0 ? Phase.DECODING : Phase.DONE;
  }

  /** Frees it and its results, cancelling it before if it still runs. Harmless when repeated. */
  @Override
  public void close() {
    cleanable.clean();
  }

  private void end() {
    try {
      task.release();
      if (task.progress != null) {
        task.progress.ended(samples());
      }
    } finally {
      ended.complete(null);
    }
  }

  // Of speech that did not stream; 0 if it did not end well.
  private int samples() {
    try {
      return pcm().remaining();
    } catch (RuntimeException e) {
      return 0;
    }
  }

  /** The handle, apart from its owner so that the cleaner may free it. */
  private static final class Memory implements Runnable {
    private gpa_request handle;

    Memory(gpa_request handle) {
      this.handle = handle;
    }

    gpa_request open() {
      if (handle == null) {
        throw new IllegalStateException("closed");
      }
      return handle;
    }

    @Override
    public synchronized void run() {
      gpa_request freed = handle;
      handle = null;
      if (freed != null && !freed.isNull()) {
        gpa.gpa_request_free(freed);
      }
    }
  }

  private boolean take(long address, int samples) {
    CallbackGuard.enter();
    try {
      boolean more = task.chunks.accept(buffers.at(address, samples));
      stopped |= !more;
      return more;
    } catch (Throwable t) {
      // Nothing may be thrown into native frames; whoever waits for the request gets it.
      thrown = t;
      return false;
    } finally {
      CallbackGuard.leave();
    }
  }

  private static final class ChunkCallback extends gpa_chunk_fn {
    @Override
    public int call(Pointer user, long id, long pcm, long samples) {
      try {
        NativeRequest request = RUNNING.get(id);
        return request != null && request.take(pcm, Math.toIntExact(samples)) ? 0 : 1;
      } catch (Throwable t) {
        LOG.error("speech of request {} could not be handed over", id, t);
        return 1;
      }
    }
  }

  private static final class DoneCallback extends gpa_done_fn {
    @Override
    public void call(Pointer user, long id) {
      // Nothing may be thrown into native frames.
      try {
        NativeRequest request = RUNNING.remove(id);
        if (request != null) {
          request.end();
        }
      } catch (Throwable t) {
        LOG.error("the end of request {} could not be told", id, t);
      }
    }
  }
}
