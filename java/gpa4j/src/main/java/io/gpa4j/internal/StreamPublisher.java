package io.gpa4j.internal;

import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * Publishes a queue to one subscriber, who gets what it requested and no more.
 *
 * @param <T> what a chunk becomes
 */
public final class StreamPublisher<T> implements Flow.Publisher<T> {
  private final ChunkQueue queue;
  private final Function<ChunkQueue.Item, T> element;
  private final Executor executor;
  private final AtomicBoolean subscribed = new AtomicBoolean();

  public StreamPublisher(ChunkQueue queue, Function<ChunkQueue.Item, T> element, Executor executor) {
    this.queue = queue;
    this.element = element;
    this.executor = executor;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super T> subscriber) {
    Objects.requireNonNull(subscriber, "subscriber");
    if (!subscribed.compareAndSet(false, true)) {
      subscriber.onSubscribe(new Refused());
      subscriber.onError(new IllegalStateException("this stream has its subscriber already"));
      return;
    }
    Subscription subscription = new Subscription(subscriber);
    subscriber.onSubscribe(subscription);
    queue.listen(subscription::signal);
  }

  private static final class Refused implements Flow.Subscription {
    @Override
    public void request(long n) {}

    @Override
    public void cancel() {}
  }

  /** Signals come from anywhere; one task at a time answers them all. */
  private final class Subscription implements Flow.Subscription {
    private final Flow.Subscriber<? super T> subscriber;
    private final AtomicLong wanted = new AtomicLong();
    private final AtomicInteger signals = new AtomicInteger();
    private volatile boolean over;
    private volatile IllegalArgumentException misuse;

    Subscription(Flow.Subscriber<? super T> subscriber) {
      this.subscriber = subscriber;
    }

    @Override
    public void request(long n) {
      if (n <= 0) {
        misuse = new IllegalArgumentException("request(" + n + "): expected at least 1");
      } else {
        wanted.accumulateAndGet(n, (have, more) -> have + more < 0 ? Long.MAX_VALUE : have + more);
      }
      signal();
    }

    @Override
    public void cancel() {
      over = true;
      queue.close();
    }

    void signal() {
      if (!over && signals.getAndIncrement() == 0) {
        executor.execute(this::answer);
      }
    }

    private void answer() {
      int seen = 1;
      do {
        try {
          pass();
        } catch (Throwable t) {
          fail(t);
        }
        seen = signals.addAndGet(-seen);
      } while (seen != 0);
    }

    private void pass() {
      while (!over && misuse == null && wanted.get() > 0) {
        ChunkQueue.Item item = queue.poll();
        if (item == null) {
          return;
        }
        if (item.samples() == null) {
          finish(item.failure());
        } else {
          wanted.decrementAndGet();
          subscriber.onNext(element.apply(item));
        }
      }
      if (!over && misuse != null) {
        fail(misuse);
      }
    }

    private void finish(Throwable failure) {
      over = true;
      if (failure == null) {
        subscriber.onComplete();
      } else {
        subscriber.onError(failure);
      }
    }

    private void fail(Throwable t) {
      if (!over) {
        over = true;
        queue.close();
        subscriber.onError(t);
      }
    }
  }
}
