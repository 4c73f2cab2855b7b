package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.CancelledException;
import io.gpa4j.GenerateOptions;
import io.gpa4j.Generation;
import io.gpa4j.Gpa;
import io.gpa4j.Networks;
import io.gpa4j.Sampling;
import io.gpa4j.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Cancelling, closing, queueing. A random decoder that draws from everything does not end by itself for very long. */
@Timeout(120)
class LifecycleIT {
  private static final int[] PROMPT = {1, 2, 3};
  private static final GenerateOptions ENDLESS = GenerateOptions.builder().sampling(new Sampling(5, 0, 1, 1)).seed(1).build();
  private static final GenerateOptions SHORT = GenerateOptions.builder().maxTokens(3).build();

  @Test
  void cancelledFuture_freesItsSlot() throws Exception {
    try (Gpa gpa = engine(1, 1)) {
      CompletableFuture<Generation> endless = gpa.generateAsync(PROMPT, ENDLESS);
      Thread.sleep(200);
      assertThat(endless).isNotDone();
      assertThat(endless.cancel(true)).isTrue();
      assertThat(gpa.generateAsync(PROMPT, SHORT).get(20, TimeUnit.SECONDS).ids()).hasSizeLessThanOrEqualTo(3);
    }
  }

  @Test
  void futureThatTimesOut_freesItsSlot() throws Exception {
    try (Gpa gpa = engine(1, 1)) {
      CompletableFuture<Generation> endless = gpa.generateAsync(PROMPT, ENDLESS).orTimeout(200, TimeUnit.MILLISECONDS);
      assertThatThrownBy(endless::get).hasCauseInstanceOf(TimeoutException.class);
      assertThat(gpa.generateAsync(PROMPT, SHORT).get(20, TimeUnit.SECONDS).ids()).hasSizeLessThanOrEqualTo(3);
    }
  }

  @Test
  void interrupt_cancelsTheRequest_andKeepsTheFlag() throws Exception {
    try (Gpa gpa = engine(1, 1)) {
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      AtomicReference<Boolean> flag = new AtomicReference<>();
      Thread thread = new Thread(() -> {
        try {
          gpa.generate(PROMPT, ENDLESS);
        } catch (Throwable t) {
          thrown.set(t);
          flag.set(Thread.currentThread().isInterrupted());
        }
      });
      thread.start();
      Thread.sleep(200);
      thread.interrupt();
      thread.join(20_000);
      assertThat(thrown.get()).isInstanceOf(CancelledException.class);
      assertThat(flag.get()).isTrue();
      gpa.generate(PROMPT, SHORT);
    }
  }

  @Test
  void close_withRequestsRunningAndWaiting_cancelsThem() throws Exception {
    Gpa gpa = engine(2, 10);
    List<CompletableFuture<Generation>> futures = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      futures.add(gpa.generateAsync(PROMPT, ENDLESS));
    }
    Thread.sleep(200);
    gpa.close();
    for (CompletableFuture<Generation> future : futures) {
      // Those that had not begun yet find the engine closed.
      assertThatThrownBy(() -> future.get(20, TimeUnit.SECONDS)).cause()
          .isInstanceOfAny(CancelledException.class, IllegalStateException.class);
    }
    gpa.close();
    assertThatThrownBy(() -> gpa.generate(PROMPT, SHORT)).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
  }

  @Test
  void close_whileOthersCall_neverCrashes() throws Exception {
    for (int round = 0; round < 5; round++) {
      Gpa gpa = engine(2, 4);
      ExecutorService pool = Executors.newFixedThreadPool(6);
      List<Future<?>> callers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        callers.add(pool.submit(() -> {
          while (true) {
            gpa.generate(PROMPT, SHORT);
          }
        }));
      }
      callers.add(pool.submit(() -> {
        while (true) {
          gpa.networks().run("decoder", Tensor.of("prompt", PROMPT));
        }
      }));
      Thread.sleep(50);
      Future<?> closer = pool.submit(gpa::close);
      gpa.close();
      closer.get(20, TimeUnit.SECONDS);
      for (Future<?> caller : callers) {
        assertThatThrownBy(() -> caller.get(20, TimeUnit.SECONDS)).cause()
            .isInstanceOfAny(CancelledException.class, IllegalStateException.class);
      }
      pool.shutdown();
    }
  }

  @Test
  void fullQueue_makesCallersWait() throws Exception {
    try (Gpa gpa = engine(1, 1)) {
      ExecutorService pool = Executors.newFixedThreadPool(12);
      List<Future<Generation>> answers = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        answers.add(pool.submit(() -> gpa.generate(PROMPT, SHORT)));
      }
      for (Future<Generation> answer : answers) {
        assertThat(answer.get(60, TimeUnit.SECONDS).ids()).hasSizeLessThanOrEqualTo(3);
      }
      pool.shutdown();
    }
  }

  @Test
  void stagesOfFutures_mayCallTheEngineAgain() {
    try (Gpa gpa = engine(1, 1)) {
      int[] ids = gpa.generateAsync(PROMPT, SHORT).thenApply(first -> gpa.generate(first.ids(), SHORT).ids()).join();
      assertThat(ids).isNotEmpty();
    }
  }

  @Test
  void stagesThatWaitForFutures_doNotStarveEachOther() {
    try (Gpa gpa = engine(2, 100)) {
      List<CompletableFuture<Integer>> all = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        all.add(gpa.generateAsync(PROMPT, SHORT).thenApply(first -> gpa.generateAsync(first.ids(), SHORT).join().ids().length));
      }
      assertThat(all).allSatisfy(future -> assertThat(future.get(60, TimeUnit.SECONDS)).isPositive());
    }
  }

  @Test
  void failures_reachTheFuture() {
    try (Gpa gpa = engine(1, 1)) {
      int[] unknown = {1 << 30};
      assertThatThrownBy(() -> gpa.generateAsync(unknown, SHORT).join()).isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(IllegalArgumentException.class);
      // The slot is free again.
      gpa.generateAsync(PROMPT, SHORT).join();
    }
  }

  @Test
  void exceptionInAListener_comesOut_andTheEngineGoesOn() {
    try (Gpa gpa = engine(1, 1)) {
      List<Tensor> inputs = List.of(Tensor.of("prompt", PROMPT));
      RuntimeException mine = new RuntimeException("mine");
      assertThatThrownBy(() -> gpa.networks().run("decoder", inputs, result -> {
        throw mine;
      })).isSameAs(mine);
      Error error = new StackOverflowError("mine");
      assertThatThrownBy(() -> gpa.networks().run("decoder", inputs, result -> {
        throw error;
      })).isSameAs(error);
      assertThatThrownBy(() -> gpa.networks().run("decoder", inputs, result -> false)).isInstanceOf(CancelledException.class);
      assertThatThrownBy(() -> gpa.networks().run("decoder", inputs, result -> {
        gpa.close();
        return true;
      })).isInstanceOf(IllegalStateException.class).hasMessageContaining("close");
      assertThat(gpa.networks().run("decoder", Tensor.of("prompt", PROMPT))).isNotEmpty();
    }
  }

  @Test
  void networkResult_isUnreadable_afterItsCall() {
    try (Gpa gpa = engine(1, 1)) {
      AtomicReference<Networks.Result> kept = new AtomicReference<>();
      gpa.networks().run("decoder", List.of(Tensor.of("prompt", PROMPT)), result -> {
        kept.set(result);
        return true;
      });
      assertThatThrownBy(() -> kept.get().copy()).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void closedEngine_leavesNoThreadThatKeepsTheJvm() {
    Set<Thread> before = userThreads();
    try (Gpa gpa = engine(2, 2)) {
      gpa.generateAsync(PROMPT, SHORT).join();
      assertThat(userThreads()).isSubsetOf(before);
    }
    assertThat(userThreads()).isSubsetOf(before);
  }

  private static Set<Thread> userThreads() {
    return Thread.getAllStackTraces().keySet().stream().filter(thread -> !thread.isDaemon()).collect(Collectors.toSet());
  }

  private static Gpa engine(int concurrency, int queue) {
    return Gpa.builder(Models.goldens("f32")).maxConcurrency(concurrency).maxQueue(queue).build();
  }
}
