package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gpa4j.AudioSource;
import io.gpa4j.CancelledException;
import io.gpa4j.Gpa;
import io.gpa4j.Progress;
import io.gpa4j.Progress.Phase;
import io.gpa4j.ProgressListener;
import io.gpa4j.Segmentation;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.StreamOptions;
import io.gpa4j.TextSplitting;
import io.gpa4j.TranscribeOptions;
import io.gpa4j.Transcription;
import io.gpa4j.Voice;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What progress listeners are told, and that they can harm nothing. */
@Timeout(120)
class ProgressIT {
  private static final int RATE = 16_000;
  private static final int CLIPS = 6;
  private static final TranscribeOptions HEARD = TranscribeOptions.builder().segmentation(Segmentation.defaults().withLongest(Duration.ofSeconds(5))).build();
  private static final String TEXT = "turn on the light in the kitchen! set an alarm for four minutes! play some jazz in the garage!";
  private static final SpeechOptions SPOKEN = SpeechOptions.builder().seed(7).stream(new StreamOptions(0, 4, 8, 1))
      .splitting(TextSplitting.defaults().withLongest(40)).build();

  private static Gpa gpa;
  private static Voice voice;
  private static float[] samples;

  @BeforeAll
  static void open() {
    gpa = Gpa.builder(Project.demoModel()).maxConcurrency(3).build();
    voice = gpa.enroll("bella", AudioSource.of(Demo.voice("bella")));
    samples = new Recording(Demo.clips().subList(0, CLIPS)).samples();
  }

  @AfterAll
  static void close() {
    gpa.close();
  }

  /** Keeps what it is told; whoever wants to may wait for something. */
  private static final class Told implements ProgressListener {
    private final List<Progress> all = Collections.synchronizedList(new ArrayList<>());
    private final Predicate<Progress> wanted;
    private final CountDownLatch met = new CountDownLatch(1);

    Told(Predicate<Progress> wanted) {
      this.wanted = wanted;
    }

    @Override
    public void progressed(Progress progress) {
      all.add(progress);
      if (wanted.test(progress)) {
        met.countDown();
      }
    }

    boolean await() {
      try {
        return met.await(60, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    Progress last() {
      return all.get(all.size() - 1);
    }

    void checkWhole(int parts) {
      assertThat(all).extracting(Progress::fraction).isSorted();
      assertThat(all).extracting(Progress::partsDone).isSorted();
      assertThat(all).extracting(Progress::audio).isSorted();
      assertThat(all).filteredOn(progress -> progress.phase() == Phase.DONE).hasSize(1);
      assertThat(last().phase()).isEqualTo(Phase.DONE);
      assertThat(last().fraction()).isEqualTo(1);
      assertThat(last().parts()).isEqualTo(parts).isEqualTo(last().partsDone());
    }
  }

  /** A stream that gives its second half when something has been told. */
  private static InputStream halting(byte[] bytes, Told told) {
    return new ByteArrayInputStream(bytes) {
      @Override
      public synchronized int read(byte[] target, int offset, int length) {
        if (pos > bytes.length / 2) {
          assertThat(told.await()).isTrue();
        }
        return super.read(target, offset, length);
      }
    };
  }

  @Test
  void transcription_tellsOfItsSegments_whileItReads() {
    Told told = new Told(progress -> progress.partsDone() >= 2);
    InputStream wav = halting(Wav.bytes(Wav.Kind.S16, RATE, 1, samples), told);
    Transcription heard = gpa.transcribe(AudioSource.of(wav), HEARD.withProgress(told));
    told.checkWhole(CLIPS);
    assertThat(heard.segments()).hasSize(CLIPS);
    Progress half = told.all.stream().filter(told.wanted).findFirst().orElseThrow();
    // The header tells how long all of it is.
    assertThat(half.fraction()).isBetween(0.1, 0.75);
    assertThat(half.parts()).isLessThan(CLIPS);
    assertThat(half.audio().toMillis() / (samples.length * 1000.0 / RATE)).isBetween(0.1, half.fraction() + 1e-9);
    assertThat(told.last().audio()).isEqualTo(heard.segments().get(CLIPS - 1).end());
  }

  @Test
  void length_isThatOfTheAudio_atAnyRate() {
    float[] twice = new float[2 * samples.length];
    for (int i = 0; i < twice.length; i++) {
      twice[i] = samples[i / 2];
    }
    Told told = new Told(progress -> progress.partsDone() >= 2);
    InputStream wav = halting(Wav.bytes(Wav.Kind.S16, 2 * RATE, 1, twice), told);
    gpa.transcribe(AudioSource.of(wav), HEARD.withProgress(told));
    assertThat(told.all).filteredOn(told.wanted).first().satisfies(half -> assertThat(half.fraction()).isBetween(0.1, 0.75));
  }

  @Test
  void speech_tellsOfItsPieces_wholeOrStreaming() {
    Told whole = new Told(progress -> false);
    try (Speech speech = gpa.speak(TEXT, voice, SPOKEN.withProgress(whole))) {
      whole.checkWhole(3);
      // Without the two pauses between the pieces.
      assertThat(whole.last().audio().toNanos() / 1e9).isCloseTo((speech.samples() - 2 * 2400) / (double) RATE, within(1e-6));
    }
    Told streamed = new Told(progress -> progress.partsDone() == 1 && progress.audio().toMillis() > 200);
    long[] made = new long[1];
    int[] chunks = new int[1];
    gpa.speak(TEXT, voice, SPOKEN.withProgress(streamed), chunk -> {
      made[0] += chunk.samples();
      // The speech waits here until its listener has heard of a piece that is done.
      return chunk.firstSample() < 3 * RATE || chunks[0]++ > 0 || streamed.await();
    });
    streamed.checkWhole(3);
    assertThat(streamed.last().audio().toNanos() / 1e9).isCloseTo(made[0] / (double) RATE, within(1e-6));
    assertThat(streamed.all).filteredOn(streamed.wanted).first().satisfies(some -> {
      assertThat(some.parts()).isEqualTo(3);
      assertThat(some.fraction()).isBetween(0.2, 0.99);
    });
  }

  @Test
  void conversion_ofOneSegment_tellsItsSamples() {
    Told told = new Told(progress -> progress.audio().toMillis() >= 300);
    int[] chunks = new int[1];
    gpa.convert(AudioSource.of(Project.clip(1)), voice, SPOKEN.withProgress(told), chunk -> chunk.firstSample() < RATE / 2 || chunks[0]++ > 0 || told.await());
    told.checkWhole(1);
    assertThat(told.all).filteredOn(told.wanted).first().satisfies(some -> {
      assertThat(some.phase()).isIn(Phase.GENERATING, Phase.DECODING);
      assertThat(some.fraction()).isBetween(0.15, 0.96);
    });
  }

  @Test
  void waitingRequest_saysSo_andFuturesTellDoneFirst() {
    try (Gpa one = Gpa.builder(Project.demoModel()).maxConcurrency(1).build()) {
      CountDownLatch gate = new CountDownLatch(1);
      CompletableFuture<?> before = one.speakAsync(TEXT, voice, SPOKEN, chunk -> awaitQuietly(gate));
      Told told = new Told(progress -> progress.phase() == Phase.WAITING);
      CompletableFuture<Transcription> future = one.transcribeAsync(AudioSource.of(Project.clip(0)), HEARD.withProgress(told));
      assertThat(told.await()).isTrue();
      CompletableFuture<Phase> atTheEnd = future.thenApply(heard -> told.last().phase());
      gate.countDown();
      assertThat(atTheEnd.join()).isEqualTo(Phase.DONE);
      before.join();
    }
  }

  @Test
  void listenersThatThrow_harmNothing_andAreToldNoMore() {
    for (Throwable thrown : List.of(new IllegalStateException("mine"), new StackOverflowError("mine"))) {
      int[] calls = new int[1];
      Told other = new Told(progress -> false);
      ProgressListener bad = progress -> {
        calls[0]++;
        ProgressIT.<RuntimeException>sneak(thrown);
      };
      CompletableFuture<Transcription> beside = gpa.transcribeAsync(AudioSource.of(samples), HEARD.withProgress(other));
      assertThat(gpa.transcribe(AudioSource.of(samples), HEARD.withProgress(bad)).segments()).hasSize(CLIPS);
      gpa.speak(TEXT, voice, SPOKEN.withProgress(bad), chunk -> true);
      assertThat(calls[0]).as("once a request").isEqualTo(2);
      beside.join();
      other.checkWhole(CLIPS);
    }
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void sneak(Throwable thrown) throws T {
    throw (T) thrown;
  }

  @Test
  void listener_mayCallTheEngine_andCancelItsRequest() throws Exception {
    AtomicReference<CompletableFuture<Speech>> future = new AtomicReference<>();
    CompletableFuture<String> heard = new CompletableFuture<>();
    Told told = new Told(progress -> true);
    CountDownLatch started = new CountDownLatch(1);
    future.set(gpa.speakAsync(TEXT.repeat(20), voice, SPOKEN.withProgress(progress -> {
      awaitQuietly(started);
      told.progressed(progress);
      gpa.stats();
      heard.complete(gpa.transcribe(AudioSource.of(Project.clip(1))).text());
      future.get().cancel(true);
    })));
    started.countDown();
    assertThatThrownBy(() -> future.get().join()).isInstanceOf(CancellationException.class);
    assertThat(heard.get(60, TimeUnit.SECONDS)).isEqualTo(Demo.clips().get(1).text());
    Thread.sleep(200);
    assertThat(told.all).hasSize(1);
  }

  @Test
  void failedRequests_tellNoEnd_andNothingAfterTheirs() throws Exception {
    Told told = new Told(progress -> progress.partsDone() >= 1);
    InputStream broken = new InputStream() {
      private final InputStream good = new ByteArrayInputStream(Wav.bytes(Wav.Kind.S16, RATE, 1, samples));
      private int left = 200_000;

      @Override
      public int read() {
        throw new AssertionError("read in blocks");
      }

      @Override
      public int read(byte[] target, int offset, int length) throws java.io.IOException {
        if (left <= 0) {
          assertThat(told.await()).isTrue();
          throw new java.io.IOException("torn");
        }
        int count = good.read(target, offset, length);
        left -= count;
        return count;
      }
    };
    assertThatThrownBy(() -> gpa.transcribe(AudioSource.of(broken), HEARD.withProgress(told))).hasMessageContaining("torn");
    int calls = told.all.size();
    assertThat(told.all).noneMatch(progress -> progress.phase() == Phase.DONE);
    Thread.sleep(200);
    assertThat(told.all).hasSize(calls);
  }

  @Test
  void closedEngine_endsTheCalls_evenFromInsideOne() {
    Gpa other = Gpa.builder(Project.demoModel()).build();
    Told told = new Told(progress -> true);
    assertThatThrownBy(() -> other.speak(TEXT.repeat(20), voice, SPOKEN.withProgress(progress -> {
      told.progressed(progress);
      other.close();
    }))).isInstanceOfAny(CancelledException.class, IllegalStateException.class);
    assertThat(told.all).hasSize(1);
  }

  private static boolean awaitQuietly(CountDownLatch latch) {
    try {
      return latch.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
