package io.gpa4j.internal;

import io.gpa4j.CancelledException;
import io.gpa4j.CapacityException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One job from its arguments to its result, run by the calling thread, or started as a future: usually one request, for long audio
 * and text several, of which no more are made at a time than the engine runs.
 *
 * @param <T> the result
 */
public final class RequestFuture<T> extends CompletableFuture<T> {
  private final NativeEngine engine;
  private final Consumer<Consumer<NativeTask>> prepare;
  private final Function<List<NativeRequest>, T> finish;
  private final JobProgress progress;
  // Under this object's lock.
  private final List<NativeRequest> requests = new ArrayList<>();
  private int awaited;
  private boolean holdsPlace;

  /** Prepare reads audio and encodes text; finish makes the result of a request that ended well, and owns the request. */
  public RequestFuture(NativeEngine engine, Supplier<NativeTask> prepare, Function<NativeRequest, T> finish) {
    this(engine, JobProgress.NONE, tasks -> tasks.accept(prepare.get()), requests -> finish.apply(requests.get(0)));
  }

  private RequestFuture(NativeEngine engine, JobProgress progress, Consumer<Consumer<NativeTask>> prepare, Function<List<NativeRequest>, T> finish) {
    this.engine = engine;
    this.prepare = prepare;
    this.finish = finish;
    this.progress = progress;
  }

  /** Prepare gives one task after the other; finish makes the result of their requests, all of which ended well, and owns them. */
  public static <T> RequestFuture<T> ofMany(
      NativeEngine engine, JobProgress progress, Consumer<Consumer<NativeTask>> prepare, Function<List<NativeRequest>, T> finish) {
    return new RequestFuture<>(engine, progress, prepare, finish);
  }

  /** Runs it on this thread. */
  public T run() {
    progress.begin();
    try {
      enterAndPrepare();
      while (awaited < requests.size()) {
        requests.get(awaited++).await();
      }
      T result = finish.apply(requests);
      progress.finish(true);
      return result;
    } catch (RuntimeException | Error e) {
      requests.forEach(NativeRequest::close);
      progress.finish(false);
      throw e;
    }
  }

  private void enterAndPrepare() {
    engine.enter();
    holdsPlace = true;
    prepareAll();
  }

  private void prepareAll() {
    try {
      prepare.accept(this::add);
    } finally {
      if (holdsPlace) {
        holdsPlace = false;
        engine.leave();
      }
    }
  }

  private void add(NativeTask task) {
    try {
      if (requests.size() - awaited >= engine.concurrency()) {
        requests.get(awaited++).await();
      }
      if (isDone()) {
        throw new CancelledException("cancelled before it was complete");
      }
      if (!holdsPlace) {
        engine.waitForPlace();
        holdsPlace = true;
      }
    } catch (RuntimeException | Error e) {
      task.release();
      throw e;
    }
    NativeRequest running = engine.submit(task, progress);
    holdsPlace = false;
    synchronized (this) {
      requests.add(running);
    }
    running.ended().thenRun(engine::leave);
    if (isDone()) {
      running.cancel();
    }
  }

  /** Starts it; waits on this thread only for a place in the queue. Where that is refused the future fails. */
  public CompletableFuture<T> start(Executor executor) {
    try {
      engine.enter();
    } catch (CapacityException e) {
      completeExceptionally(e);
      return this;
    }
    holdsPlace = true;
    progress.begin();
    // Whoever completes it first - a cancel, a timeout - the native requests must not go on for nobody.
    whenComplete((result, thrown) -> cancelRequests());
    try {
      executor.execute(() -> submit(executor));
    } catch (RuntimeException | Error e) {
      engine.leave();
      progress.stop();
      throw e;
    }
    return this;
  }

  private void submit(Executor executor) {
    try {
      if (isDone()) {
        engine.leave();
        return;
      }
      prepareAll();
    } catch (Throwable t) {
      fail(t);
      return;
    }
    CompletableFuture.allOf(requests.stream().map(NativeRequest::ended).toArray(CompletableFuture<?>[]::new))
        .thenRunAsync(this::complete, executor).exceptionally(t -> {
          fail(t);
          return null;
        });
  }

  private void complete() {
    try {
      requests.forEach(NativeRequest::check);
      T result = finish.apply(requests);
      progress.finish(true);
      if (!complete(result) && result instanceof AutoCloseable closeable) {
        closeable.close();
      }
    } catch (Throwable t) {
      fail(t);
    }
  }

  private void fail(Throwable t) {
    requests.forEach(NativeRequest::close);
    progress.finish(false);
    completeExceptionally(t);
  }

  private void cancelRequests() {
    progress.stop();
    synchronized (this) {
      requests.forEach(NativeRequest::cancel);
    }
  }

  /** Stages made of this one are plain futures. */
  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new CompletableFuture<>();
  }
}
