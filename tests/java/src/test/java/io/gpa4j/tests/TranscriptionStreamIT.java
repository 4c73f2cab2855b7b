package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.AudioSource;
import io.gpa4j.CancelledException;
import io.gpa4j.Gpa;
import io.gpa4j.TranscribeOptions;
import io.gpa4j.Transcription;
import io.gpa4j.TranscriptionStream;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Audio that is heard while it comes, on the demo model. */
@Timeout(300)
class TranscriptionStreamIT {
  private static final int RATE = 16_000;
  private static final int CLIPS = 5;

  private static Gpa gpa;
  private static float[] samples;

  @BeforeAll
  static void open() {
    gpa = Gpa.builder(Project.demoModel()).maxConcurrency(2).build();
    samples = new Recording(Demo.clips().subList(0, CLIPS)).samples();
  }

  @AfterAll
  static void close() {
    gpa.close();
  }

  /** Keeps what is told, and checks that kept words stay. */
  private static final class Told implements TranscriptionStream.Listener {
    private final List<Transcription.Segment> segments = new ArrayList<>();
    private final Thread pusher = Thread.currentThread();
    private String kept = "";
    private int partials;
    private int keptWords;
    private AssertionError broken;

    @Override
    public void partial(String nowKept, String likely) {
      check(nowKept);
      partials++;
      keptWords += nowKept.isEmpty() ? 0 : 1;
      kept = nowKept;
    }

    @Override
    public void completed(Transcription.Segment segment) {
      check(segment.text());
      kept = "";
      segments.add(segment);
    }

    private void check(String now) {
      if (!(now + " ").startsWith(kept.isEmpty() ? "" : kept + " ") || Thread.currentThread() == pusher) {
        broken = new AssertionError("'" + kept + "' became '" + now + "'");
      }
    }
  }

  private static TranscriptionStream stream(int rate, TranscriptionStream.Listener listener) {
    return gpa.transcriptionStream(rate, TranscribeOptions.defaults(), listener);
  }

  @Test
  void piecesOfAudio_becomePartialAndFinalText_andKeptWordsStay() {
    Told told = new Told();
    Transcription all;
    try (TranscriptionStream stream = stream(RATE, told)) {
      for (int at = 0; at < samples.length; at += 12_345) {
        stream.push(Arrays.copyOfRange(samples, at, Math.min(samples.length, at + 12_345)));
      }
      all = stream.finish();
      assertThatThrownBy(() -> stream.push(new float[1])).isInstanceOf(IllegalStateException.class).hasMessageContaining("finished");
    }
    assertThat(told.broken).isNull();
    assertThat(told.segments).hasSize(CLIPS).isEqualTo(all.segments());
    assertThat(all.text()).isEqualTo(String.join(" ", told.segments.stream().map(Transcription.Segment::text).toList()));
  }

  @Test
  void onePushOfAll_tellsPartialText() {
    Told told = new Told();
    try (TranscriptionStream stream = stream(RATE, told)) {
      // With nothing behind it that waits, each half second is told of.
      stream.push(samples);
      awaitSegments(told, CLIPS - 1);
      stream.finish();
    }
    assertThat(told.broken).isNull();
    assertThat(told.partials).isGreaterThan(CLIPS);
    assertThat(told.keptWords).isPositive();
  }

  private static void awaitSegments(Told told, int count) {
    try {
      while (told.segments.size() < count) {
        Thread.sleep(10);
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void everyKindOfPush_isCutAlike() {
    byte[] wav = Wav.bytes(Wav.Kind.S16, RATE, 1, samples);
    float[] rounded = AudioSource.of(new ByteArrayInputStream(wav)).samples();
    List<List<Duration>> times = new ArrayList<>();
    for (int kind = 0; kind < 3; kind++) {
      try (TranscriptionStream stream = stream(RATE, new Quiet())) {
        switch (kind) {
          case 0 -> stream.push(rounded);
          case 1 -> stream.push(AudioSourceTest.direct(rounded));
          default -> stream.push(ByteBuffer.wrap(wav, 44, wav.length - 44));
        }
        times.add(stream.finish().segments().stream().flatMap(segment -> Stream.of(segment.start(), segment.end())).toList());
      }
    }
    assertThat(times.get(0)).hasSize(2 * CLIPS);
    assertThat(times).containsOnly(times.get(0));
    try (TranscriptionStream stream = stream(RATE, new Quiet())) {
      assertThatThrownBy(() -> stream.push(ByteBuffer.allocate(3))).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void otherRates_areResampled() {
    float[] doubled = new float[2 * samples.length];
    for (int i = 0; i < samples.length; i++) {
      doubled[2 * i] = samples[i];
      doubled[2 * i + 1] = i + 1 < samples.length ? (samples[i] + samples[i + 1]) / 2 : 0;
    }
    try (TranscriptionStream stream = stream(2 * RATE, new Quiet())) {
      stream.push(doubled);
      assertThat(stream.finish().segments()).hasSize(CLIPS);
    }
    assertThatThrownBy(() -> stream(999, new Quiet())).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("sampleRate");
  }

  @Test
  void silence_andNothing_haveNoWords() {
    try (TranscriptionStream stream = stream(RATE, new Quiet())) {
      assertThat(stream.finish().segments()).isEmpty();
    }
    try (TranscriptionStream stream = stream(RATE, new Quiet())) {
      stream.push(new float[RATE]);
      assertThat(stream.finish().text()).isEmpty();
    }
  }

  @Test
  void listenerThatThrows_endsItsStream() {
    IllegalStateException thrown = new IllegalStateException("no");
    try (TranscriptionStream stream = stream(RATE, segment -> {
      throw thrown;
    })) {
      stream.push(samples);
      assertThatThrownBy(stream::finish).isSameAs(thrown);
      assertThatThrownBy(() -> stream.push(samples)).isSameAs(thrown);
    }
  }

  @Test
  void slowListener_makesPushWait() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    CountDownLatch pushed = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    try (TranscriptionStream stream = stream(RATE, segment -> await(gate))) {
      Thread pusher = new Thread(() -> {
        try {
          for (int i = 0; i < 12; i++) {
            stream.push(samples);
          }
          pushed.countDown();
        } catch (CancelledException e) {
          interrupted.countDown();
        }
      });
      pusher.start();
      assertThat(pushed.await(500, TimeUnit.MILLISECONDS)).as("all was taken").isFalse();
      pusher.interrupt();
      pusher.join(60_000);
      assertThat(interrupted.getCount()).isZero();
      gate.countDown();
    }
  }

  @Test
  void close_endsItAtOnce_fromAnywhere() throws Exception {
    List<TranscriptionStream> streams = new ArrayList<>();
    CountDownLatch called = new CountDownLatch(1);
    streams.add(stream(RATE, segment -> {
      streams.get(0).close();
      called.countDown();
    }));
    streams.get(0).push(samples);
    assertThat(called.await(60, TimeUnit.SECONDS)).isTrue();
    assertThatThrownBy(streams.get(0)::finish).isInstanceOfAny(IllegalStateException.class, CancelledException.class);
    for (int i = 0; i < 10; i++) {
      TranscriptionStream stream = stream(RATE, new Quiet());
      stream.push(samples);
      Thread.sleep(3L * i);
      stream.close();
      stream.close();
      assertThatThrownBy(() -> stream.push(samples)).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    }
  }

  @Test
  void closingTheEngine_endsItsStreams() {
    Gpa other = Gpa.builder(Project.demoModel()).build();
    try (TranscriptionStream stream = other.transcriptionStream(RATE, TranscribeOptions.defaults(), new Quiet())) {
      stream.push(samples);
      other.close();
      assertThatThrownBy(stream::finish).isInstanceOfAny(CancelledException.class, IllegalStateException.class);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new CancelledException("closed");
    }
  }

  private static final class Quiet implements TranscriptionStream.Listener {
    @Override
    public void completed(Transcription.Segment segment) {}
  }
}
