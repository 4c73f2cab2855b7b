package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.AudioSource;
import io.gpa4j.CapacityException;
import io.gpa4j.EngineStats;
import io.gpa4j.GenerateOptions;
import io.gpa4j.Generation;
import io.gpa4j.Gpa;
import io.gpa4j.Sampling;
import io.gpa4j.SpeechOptions;
import io.gpa4j.Voice;
import io.gpa4j.micrometer.GpaMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an engine says of itself, and a full queue that refuses. */
@Timeout(120)
class StatsIT {
  private static final int[] PROMPT = {1, 2, 3};
  private static final GenerateOptions ENDLESS = GenerateOptions.builder().sampling(new Sampling(5, 0, 1, 1)).seed(1).build();
  private static final SpeechOptions SHORT = SpeechOptions.builder().seed(7).maxTokens(60).build();

  @Test
  void speech_isCounted_andAVoiceIsReadOnce() {
    try (Gpa gpa = Gpa.builder(Project.demoModel()).maxConcurrency(2).build()) {
      Voice voice = gpa.enroll("bella", AudioSource.of(Demo.voice("bella")));
      gpa.speak("hello", voice, SHORT).close();
      EngineStats first = gpa.stats();
      assertThat(first.done()).isEqualTo(2);
      assertThat(first.prefixRows()).isZero();
      assertThat(first.firstAudioCount()).isZero();
      assertThat(first.audioSamples()).isPositive();
      gpa.speak("good morning", voice, SHORT, chunk -> true);
      EngineStats second = gpa.stats();
      assertThat(second.prefixRows()).isGreaterThanOrEqualTo(Voice.TOKENS + 3);
      assertThat(second.firstAudioCount()).isOne();
      assertThat(second.firstAudioP50Micros()).isGreaterThanOrEqualTo(second.firstAudioTotalMicros());
      assertThat(second.audioSamples()).isGreaterThan(first.audioSamples());
      assertThat(second.realTimeFactor()).isPositive();
      assertThat(second.meanBatch()).isEqualTo(1);
      assertThat(second.kvPagesUsed()).isPositive().isLessThanOrEqualTo(second.kvPagesTotal());
    }
  }

  @Test
  void fullQueue_refuses_whereThatIsWanted() throws Exception {
    try (Gpa gpa = Gpa.builder(Models.goldens("f32")).maxConcurrency(1).maxQueue(1).refuseWhenFull(true).build()) {
      CompletableFuture<Generation> running = gpa.generateAsync(PROMPT, ENDLESS);
      CompletableFuture<Generation> waiting = gpa.generateAsync(PROMPT, ENDLESS);
      long begin = System.nanoTime();
      assertThatThrownBy(() -> gpa.generate(PROMPT, ENDLESS)).isInstanceOf(CapacityException.class).hasMessageContaining("queue is full: 2");
      assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.SECONDS.toNanos(1));
      assertThatThrownBy(() -> gpa.generateAsync(PROMPT, ENDLESS).get()).hasCauseInstanceOf(CapacityException.class);
      assertThat(gpa.stats().refused()).isEqualTo(2);
      running.cancel(true);
      waiting.cancel(true);
      assertThat(answerWhenThereIsRoom(gpa).ids()).isNotEmpty();
    }
  }

  private static Generation answerWhenThereIsRoom(Gpa gpa) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (true) {
      try {
        return gpa.generate(PROMPT, GenerateOptions.builder().maxTokens(2).build());
      } catch (CapacityException e) {
        if (System.nanoTime() > end) {
          throw e;
        }
        Thread.sleep(1);
      }
    }
  }

  @Test
  void stats_areRefused_afterClose() {
    Gpa gpa = Gpa.builder(Models.goldens("f32")).build();
    gpa.close();
    assertThatThrownBy(gpa::stats).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
  }

  @Test
  void meters_showTheStats_andKeepThemAfterClose() {
    MeterRegistry registry = new SimpleMeterRegistry();
    try (Gpa gpa = Gpa.builder(Models.goldens("f32")).build()) {
      new GpaMetrics(gpa, List.of(Tag.of("model", "goldens"))).bindTo(registry);
      gpa.generate(PROMPT, GenerateOptions.builder().maxTokens(3).build());
      EngineStats stats = gpa.stats();
      System.gc();
      assertThat(registry.get("gpa.requests").tags("model", "goldens", "outcome", "done").functionCounter().count()).isEqualTo(1);
      assertThat(registry.get("gpa.decoder.steps").functionCounter().count()).isEqualTo(stats.steps());
      assertThat(registry.get("gpa.kv.pages").tag("state", "total").gauge().value()).isEqualTo(stats.kvPagesTotal());
      assertThat(registry.get("gpa.decoder.batch").gauge().value()).isEqualTo(1);
      assertThat(registry.get("gpa.first.audio").functionTimer().count()).isZero();
      assertThat(registry.get("gpa.busy.seconds").functionCounter().count()).isPositive();
    }
    assertThat(registry.get("gpa.requests").tag("outcome", "done").functionCounter().count()).isEqualTo(1);
    assertThat(registry.get("gpa.requests.running").gauge().value()).isZero();
    assertThat(registry.getMeters()).hasSize(18);
  }
}
