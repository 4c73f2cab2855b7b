package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gpa4j.AudioChunk;
import io.gpa4j.AudioSource;
import io.gpa4j.CancelledException;
import io.gpa4j.Gpa;
import io.gpa4j.Segmentation;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.SpeechStream;
import io.gpa4j.TranscribeOptions;
import io.gpa4j.Transcription;
import io.gpa4j.Voice;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Recordings that are longer than a segment, on the demo model, which knows single sentences only. */
@Timeout(300)
class LongAudioIT {
  private static final int RATE = 16_000;

  private static Gpa gpa;
  private static Recording recording;

  @BeforeAll
  static void open() {
    gpa = Gpa.builder(Project.demoModel()).maxConcurrency(3).build();
    recording = new Recording(Demo.clips());
  }

  @AfterAll
  static void close() {
    gpa.close();
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }

  @Test
  void longRecording_isCutAtItsPauses_andHeardInOrder() {
    Transcription heard = gpa.transcribe(AudioSource.of(recording.samples()));
    assertThat(heard.segments()).hasSameSizeAs(recording.places());
    for (int i = 0; i < heard.segments().size(); i++) {
      Recording.Place place = recording.places().get(i);
      assertThat(seconds(heard.segments().get(i).start())).isCloseTo((double) place.begin() / RATE, within(0.15));
      assertThat(seconds(heard.segments().get(i).end())).isCloseTo((double) place.end() / RATE, within(0.15));
    }
    assertThat(heard.text()).isEqualTo(String.join(" ", heard.segments().stream().map(Transcription.Segment::text).toList()));
    // Of the clips alone 1.1 %: a model that was taught by clips hears other words where their margins are others.
    assertThat(LongAudioFigures.wrong(recording, heard.text())).isLessThan(10);
    assertThat(heard.timings().complete()).isTrue();
    assertThat(heard.timings().answerTokens()).isGreaterThan(heard.segments().size());
  }

  @Test
  void everySource_andTheFuture_hearTheSame() throws Exception {
    float[] samples = recording.samples();
    byte[] wav = Wav.bytes(Wav.Kind.F32, RATE, 1, samples);
    Transcription heard = gpa.transcribe(AudioSource.of(samples));
    assertThat(gpa.transcribe(AudioSource.of(AudioSourceTest.direct(samples))).segments()).isEqualTo(heard.segments());
    assertThat(gpa.transcribe(AudioSource.of(new ByteArrayInputStream(wav))).segments()).isEqualTo(heard.segments());
    assertThat(gpa.transcribeAsync(AudioSource.of(samples), TranscribeOptions.defaults()).get().segments()).isEqualTo(heard.segments());
  }

  @Test
  void shortRecording_isOneSegment_untouched() {
    float[] pause = new float[RATE];
    float[] clip = AudioSource.of(Project.clip(1)).samples();
    float[] both = new float[2 * clip.length + pause.length];
    System.arraycopy(clip, 0, both, 0, clip.length);
    System.arraycopy(clip, 0, both, clip.length + pause.length, clip.length);
    Transcription heard = gpa.transcribe(AudioSource.of(both));
    assertThat(heard.segments()).hasSize(1);
    assertThat(heard.segments().get(0).text()).isEqualTo(heard.text());
    assertThat(heard.segments().get(0).start()).isZero();
    assertThat(seconds(heard.segments().get(0).end())).isCloseTo((double) both.length / RATE, within(1e-4));
    assertThat(heard.timings().promptTokens()).isGreaterThan(both.length / RATE * 60);
  }

  @Test
  void speechWithoutPause_isCutAtTheQuietestPoint() {
    List<Float> joined = new ArrayList<>();
    for (Demo.Clip clip : Demo.clips().subList(0, 6)) {
      for (float sample : AudioSource.of(clip.file()).samples()) {
        joined.add(sample);
      }
    }
    float[] samples = new float[joined.size()];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = joined.get(i);
    }
    TranscribeOptions options = TranscribeOptions.builder().segmentation(Segmentation.defaults().withLongest(Duration.ofSeconds(3))).build();
    Transcription heard = gpa.transcribe(AudioSource.of(samples), options);
    assertThat(heard.segments()).hasSizeBetween(4, 8);
    for (int i = 0; i < heard.segments().size(); i++) {
      Transcription.Segment segment = heard.segments().get(i);
      assertThat(segment.end().minus(segment.start())).isLessThanOrEqualTo(Duration.ofSeconds(3));
      if (i > 0) {
        assertThat(segment.start()).isEqualTo(heard.segments().get(i - 1).end());
        int at = (int) (seconds(segment.start()) * RATE);
        assertThat(rms(samples, at - 400, at + 400)).as("loudness where it is cut").isLessThan(rms(samples, 0, samples.length) / 2);
      }
    }
  }

  @Test
  void longSilence_hasNoWords() {
    Transcription heard = gpa.transcribe(AudioSource.of(new float[40 * RATE]));
    assertThat(heard.segments()).isEmpty();
    assertThat(heard.text()).isEmpty();
    try (Speech speech = gpa.convert(AudioSource.of(new float[40 * RATE]), voice(), SpeechOptions.defaults())) {
      assertThat(speech.samples()).isEqualTo(40 * RATE);
      assertThat(speech.floats()).containsOnly(0);
    }
  }

  @Test
  void streamWithoutEnd_isReadInPieces_untilItIsCancelled() throws Exception {
    long[] read = new long[1];
    float[] samples = recording.samples();
    byte[] pcm = Wav.bytes(Wav.Kind.S16, RATE, 1, samples);
    InputStream endless = new InputStream() {
      @Override
      public int read() {
        return pcm[44 + (int) (read[0]++ % (pcm.length - 44))];
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        for (int i = 0; i < length; i++) {
          bytes[offset + i] = (byte) read();
        }
        return length;
      }
    };
    AudioSource source = AudioSource.of(new AudioInputStream(endless, new AudioFormat(RATE, 16, 1, true, false), -1));
    CompletableFuture<Transcription> future = gpa.transcribeAsync(source, TranscribeOptions.defaults());
    while (read[0] < 3L * pcm.length) {
      Thread.sleep(10);
    }
    assertThat(future).isNotDone();
    future.cancel(true);
    // All places are free again.
    assertThat(gpa.transcribe(AudioSource.of(Project.clip(0))).text()).isNotEmpty();
    assertThatThrownBy(future::join).isInstanceOf(CancellationException.class);
  }

  @Test
  void interrupt_cancelsAll() throws Exception {
    Throwable[] thrown = new Throwable[1];
    Thread thread = new Thread(() -> {
      try {
        Thread.currentThread().interrupt();
        gpa.transcribe(AudioSource.of(recording.samples()));
      } catch (Throwable t) {
        thrown[0] = t;
      }
    });
    thread.start();
    thread.join(60_000);
    assertThat(thrown[0]).isInstanceOf(CancelledException.class);
  }

  @Test
  void longConversion_keepsThePauses_streamedAndWhole() {
    Recording some = new Recording(Demo.clips().subList(0, 4));
    SpeechOptions options = SpeechOptions.builder().seed(5).segmentation(Segmentation.defaults().withLongest(Duration.ofSeconds(4))).build();
    AudioSource audio = AudioSource.of(some.samples());
    float[] whole;
    try (Speech speech = gpa.convert(audio, voice(), options)) {
      whole = speech.floats();
      assertThat(speech.tokens()).hasSizeGreaterThan(100);
    }
    List<int[]> silences = silences(whole);
    assertThat(silences).hasSize(5);
    for (int i = 0; i < 5; i++) {
      int begin = i == 0 ? 0 : some.places().get(i - 1).end();
      int end = i == 4 ? some.samples().length : some.places().get(i).begin();
      assertThat((double) (silences.get(i)[1] - silences.get(i)[0]) / RATE).isCloseTo((double) (end - begin) / RATE, within(0.3));
    }
    int[] streamed = new int[1];
    gpa.convert(audio, voice(), options, chunk -> {
      assertThat(chunk.firstSample()).isEqualTo(streamed[0]);
      streamed[0] += chunk.samples();
      return true;
    });
    assertThat(streamed[0]).isEqualTo(whole.length);
    int read = 0;
    try (SpeechStream stream = gpa.convertStream(audio, voice(), options)) {
      for (AudioChunk chunk : stream) {
        read += chunk.samples();
      }
    }
    assertThat(read).isEqualTo(whole.length);
  }

  private static double rms(float[] samples, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += samples[i] * samples[i];
    }
    return Math.sqrt(sum / (to - from));
  }

  private static Voice voice() {
    return gpa.enroll("emil", AudioSource.of(Demo.voice("emil")));
  }

  /** Runs of at least a fifth of a second of zeros. */
  private static List<int[]> silences(float[] samples) {
    List<int[]> runs = new ArrayList<>();
    int begin = -1;
    for (int i = 0; i <= samples.length; i++) {
      boolean zero = i < samples.length && samples[i] == 0;
      if (zero && begin < 0) {
        begin = i;
      } else if (!zero && begin >= 0) {
        if (i - begin > RATE / 5) {
          runs.add(new int[] {begin, i});
        }
        begin = -1;
      }
    }
    return runs;
  }
}
