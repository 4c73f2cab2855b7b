package io.gpa4j.internal;

import io.gpa4j.CancelledException;
import io.gpa4j.CapacityException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One request from its arguments to its result: run by the calling thread, or started as a future.
 *
 * @param <T> the result
 */
public final class RequestFuture<T> extends CompletableFuture<T> {
  private final NativeEngine engine;
  private final Supplier<NativeTask> prepare;
  private final Function<NativeRequest, T> finish;
  private NativeRequest request;

  /** Prepare reads audio and text; finish makes the result of a request that ended well, and owns the request. */
  public RequestFuture(NativeEngine engine, Supplier<NativeTask> prepare, Function<NativeRequest, T> finish) {
    this.engine = engine;
    this.prepare = prepare;
    this.finish = finish;
  }

  /** Runs it on this thread. */
  public T run() {
    NativeRequest running = begin();
    running.await();
    return finished(running);
  }

  /** Starts it on this thread; the request is the caller's. */
  public NativeRequest begin() {
    NativeRequest running;
    engine.enter();
    try {
      running = engine.submit(prepare.get());
    } catch (RuntimeException | Error e) {
      engine.leave();
      throw e;
    }
    running.ended().thenRun(engine::leave);
    return running;
  }

  /** Starts it; waits on this thread only for a place in the queue. Where that is refused the future fails. */
  public CompletableFuture<T> start(Executor executor) {
    try {
      engine.enter();
    } catch (CapacityException e) {
      completeExceptionally(e);
      return this;
    }
    // Whoever completes it first - a cancel, a timeout - the native request must not go on for nobody.
    whenComplete((result, thrown) -> cancelRequest());
    try {
      executor.execute(() -> submit(executor));
    } catch (RuntimeException | Error e) {
      engine.leave();
      throw e;
    }
    return this;
  }

  private void submit(Executor executor) {
    NativeRequest running;
    try {
      if (isDone()) {
        throw new CancelledException("cancelled before it began");
      }
      running = engine.submit(prepare.get());
    } catch (Throwable t) {
      engine.leave();
      completeExceptionally(t);
      return;
    }
    synchronized (this) {
      request = running;
    }
    running.ended().thenRun(engine::leave);
    if (isDone()) {
      cancelRequest();
    }
    running.ended().thenRunAsync(() -> complete(running), executor).exceptionally(t -> {
      running.close();
      completeExceptionally(t);
      return null;
    });
  }

  private void complete(NativeRequest ended) {
    try {
      ended.check();
      T result = finished(ended);
      if (!complete(result) && result instanceof AutoCloseable) {
        ended.close();
      }
    } catch (Throwable t) {
      completeExceptionally(t);
    }
  }

  private T finished(NativeRequest ended) {
    try {
      return finish.apply(ended);
    } catch (RuntimeException | Error e) {
      ended.close();
      throw e;
    }
  }

  private void cancelRequest() {
    NativeRequest running;
    synchronized (this) {
      running = request;
    }
    if (running != null) {
      running.cancel();
    }
  }

  /** Stages made of this one are plain futures. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
