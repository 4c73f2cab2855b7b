package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.AudioChunk;
import io.gpa4j.AudioSource;
import io.gpa4j.CapacityException;
import io.gpa4j.ChunkConsumer;
import io.gpa4j.EmptyAudioException;
import io.gpa4j.EngineStats;
import io.gpa4j.Gpa;
import io.gpa4j.SpeechOptions;
import io.gpa4j.Timings;
import io.gpa4j.TranscribeOptions;
import io.gpa4j.Transcription;
import io.gpa4j.TranscriptionStream;
import io.gpa4j.Voice;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Futures of whatever streams, and that every future's cancellation frees its place in the engine. */
@Timeout(120)
class AsyncStreamIT {
  private static final String TEXT = "turn on the light in the kitchen and then play some music";
  private static final SpeechOptions OPTIONS = SpeechOptions.builder().seed(7).build();
  private static final long SLOT_MILLIS = 1000;  // 100 on a machine of one's own

  private Gpa gpa;
  private Voice voice;

  @BeforeEach
  void open() {
    gpa = Gpa.builder(Project.demoModel()).maxConcurrency(1).maxQueue(1).refuseWhenFull(true).build();
    voice = gpa.enroll("bella", AudioSource.of(Demo.voice("bella")));
  }

  @AfterEach
  void close() {
    gpa.close();
  }

  /** Collects samples. */
  private static final class Collected implements ChunkConsumer {
    private final List<Float> samples = new ArrayList<>();

    @Override
    public boolean accept(AudioChunk chunk) {
      for (float sample : chunk.floats()) {
        samples.add(sample);
      }
      return true;
    }
  }

  @Test
  void speechAndConversion_arriveAsTheyDoWhereOneWaits() throws Exception {
    Collected waited = new Collected();
    gpa.speak(TEXT, voice, OPTIONS, waited);
    Collected later = new Collected();
    Timings timings = gpa.speakAsync(TEXT, voice, OPTIONS, later).get(60, TimeUnit.SECONDS);
    assertThat(later.samples).isEqualTo(waited.samples);
    assertThat(timings.firstAudioMicros()).isPositive().isLessThan(timings.finishedMicros());
    AudioSource clip = AudioSource.of(Project.clip(1));
    Collected converted = new Collected();
    gpa.convert(clip, voice, OPTIONS, converted);
    Collected convertedLater = new Collected();
    gpa.convertAsync(clip, voice, OPTIONS, convertedLater).get(60, TimeUnit.SECONDS);
    assertThat(convertedLater.samples).isEqualTo(converted.samples);
  }

  @Test
  void whatFails_reachesTheFuture() {
    IllegalStateException mine = new IllegalStateException("mine");
    assertThatThrownBy(() -> gpa.speakAsync(TEXT, voice, OPTIONS, chunk -> {
      throw mine;
    }).get(60, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class).hasCause(mine);
    assertThatThrownBy(() -> gpa.convertAsync(AudioSource.of(new float[0]), voice, OPTIONS, chunk -> true).get(60, TimeUnit.SECONDS))
        .hasCauseInstanceOf(EmptyAudioException.class);
    assertThatThrownBy(() -> gpa.speakAsync(" ", voice, OPTIONS, chunk -> true)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> gpa.speakAsync(TEXT, voice, OPTIONS, (ChunkConsumer) null)).isInstanceOf(NullPointerException.class);
    checkFree();
  }

  @Test
  void fullQueue_failsTheFuture() {
    CountDownLatch gate = new CountDownLatch(1);
    CompletableFuture<Timings> running = gpa.speakAsync(TEXT, voice, OPTIONS, chunk -> awaitQuietly(gate));
    CompletableFuture<Timings> waiting = gpa.speakAsync(TEXT, voice, OPTIONS, chunk -> true);
    CompletableFuture<Timings> refused = gpa.speakAsync(TEXT, voice, OPTIONS, chunk -> true);
    assertThat(refused).isCompletedExceptionally();
    assertThatThrownBy(refused::join).hasCauseInstanceOf(CapacityException.class);
    gate.countDown();
    running.join();
    waiting.join();
    checkFree();
  }

  @Test
  void cancelledFutures_freeTheirPlaces_ofEveryKind() throws Exception {
    AudioSource recording = AudioSource.of(new Recording(Demo.clips()).samples());
    AudioSource clip = AudioSource.of(Project.clip(1));
    List<Supplier<CompletableFuture<?>>> kinds = List.of(
        () -> gpa.transcribeAsync(recording, TranscribeOptions.defaults()),
        () -> gpa.enrollAsync("x", clip),
        () -> gpa.speakAsync((TEXT + ". ").repeat(30), voice, OPTIONS),
        () -> gpa.convertAsync(recording, voice, OPTIONS),
        () -> gpa.speakAsync((TEXT + ". ").repeat(30), voice, OPTIONS, chunk -> true),
        () -> gpa.convertAsync(recording, voice, OPTIONS, chunk -> true));
    for (int kind = 0; kind < kinds.size(); kind++) {
      for (int delay : new int[] {0, 20, 150}) {
        CompletableFuture<?> future = kinds.get(kind).get();
        Thread.sleep(delay);
        if (future.cancel(true)) {
          assertThatThrownBy(future::join).isInstanceOf(CancellationException.class);
        }
        assertThat(millisUntilFree()).as("kind %d, after %d ms", kind, delay).isLessThan(SLOT_MILLIS);
        checkFree();
      }
    }
  }

  @Test
  void futureThatTimesOut_endsItsSpeech_thoughItsConsumerIsSlow() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    CompletableFuture<Timings> future = gpa.speakAsync(TEXT, voice, OPTIONS, chunk -> awaitQuietly(gate)).orTimeout(100, TimeUnit.MILLISECONDS);
    assertThatThrownBy(future::get).hasCauseInstanceOf(java.util.concurrent.TimeoutException.class);
    gate.countDown();
    assertThat(millisUntilFree()).isLessThan(SLOT_MILLIS);
    checkFree();
  }

  @Test
  void transcriptionStream_finishesLater_orIsCancelled() throws Exception {
    float[] samples = new Recording(Demo.clips().subList(0, 3)).samples();
    try (TranscriptionStream stream = gpa.transcriptionStream(16_000, TranscribeOptions.defaults(), segment -> {})) {
      stream.push(samples);
      CompletableFuture<Transcription> future = stream.finishAsync();
      assertThatThrownBy(() -> stream.push(samples)).isInstanceOf(IllegalStateException.class);
      assertThat(future.get(60, TimeUnit.SECONDS).segments()).hasSize(3);
    }
    IllegalStateException mine = new IllegalStateException("mine");
    try (TranscriptionStream stream = gpa.transcriptionStream(16_000, TranscribeOptions.defaults(), segment -> {
      throw mine;
    })) {
      stream.push(samples);
      assertThatThrownBy(() -> stream.finishAsync().get(60, TimeUnit.SECONDS)).hasCause(mine);
    }
    try (TranscriptionStream stream = gpa.transcriptionStream(16_000, TranscribeOptions.defaults(), segment -> {})) {
      stream.push(new Recording(Demo.clips()).samples());
      CompletableFuture<Transcription> future = stream.finishAsync();
      assertThat(future.cancel(true)).isTrue();
      assertThat(millisUntilFree()).isLessThan(SLOT_MILLIS);
      assertThatThrownBy(() -> stream.push(samples)).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    }
    checkFree();
  }

  private long millisUntilFree() throws InterruptedException {
    long begin = System.nanoTime();
    for (;;) {
      EngineStats now = gpa.stats();
      long millis = (System.nanoTime() - begin) / 1_000_000;
      if (now.running() + now.queued() == 0 || millis > 20_000) {
        return millis;
      }
      Thread.sleep(2);
    }
  }

  // A cancelled job may be about to submit its next part, which it then does not: two requests in a row have their places.
  private void checkFree() {
    for (int i = 0; i < 2; i++) {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      for (;;) {
        try {
          assertThat(gpa.transcribe(AudioSource.of(Project.clip(1))).text()).isEqualTo(Demo.clips().get(1).text());
          break;
        } catch (CapacityException e) {
          assertThat(System.nanoTime()).isLessThan(end);
        }
      }
    }
  }

  private static boolean awaitQuietly(CountDownLatch latch) {
    try {
      return latch.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
