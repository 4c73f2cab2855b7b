package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.gpa4j.AudioChunk;
import io.gpa4j.AudioSource;
import io.gpa4j.CancelledException;
import io.gpa4j.Gpa;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.SpeechStream;
import io.gpa4j.StreamOptions;
import io.gpa4j.TextSplitting;
import io.gpa4j.Timings;
import io.gpa4j.Voice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Text that is longer than a piece is spoken piece by piece in one voice, as one speech. */
@Timeout(200)
class LongSpeechIT {
  private static final List<String> SENTENCES = List.of("turn on the light in the kitchen!", "set an alarm for four minutes!",
      "play some jazz in the garage!", "what is the temperature in rome?");
  private static final String TEXT = String.join(" ", SENTENCES);
  private static final int PAUSE = 2400;
  private static final long SEED = 7;
  private static final SpeechOptions OPTIONS = SpeechOptions.builder().seed(SEED).stream(StreamOptions.exact())
      .splitting(TextSplitting.defaults().withLongest(40)).build();

  private static Gpa gpa;
  private static Voice voice;
  private static List<float[]> pieces;

  @BeforeAll
  static void open() {
    gpa = Gpa.builder(Project.demoModel()).maxConcurrency(2).build();
    voice = gpa.enroll("bella", AudioSource.of(Demo.voice("bella")));
    pieces = new ArrayList<>();
    for (int i = 0; i < SENTENCES.size(); i++) {
      try (Speech speech = gpa.speak(SENTENCES.get(i), voice, SpeechOptions.builder().seed(SEED + i).build())) {
        pieces.add(speech.floats());
      }
    }
  }

  @AfterAll
  static void close() {
    gpa.close();
  }

  @Test
  void whole_isItsPieces_withPausesBetweenThem() throws Exception {
    try (Speech speech = gpa.speak(TEXT, voice, OPTIONS); Speech later = gpa.speakAsync(TEXT, voice, OPTIONS).get()) {
      float[] samples = speech.floats();
      assertThat(Arrays.equals(later.floats(), samples)).isTrue();
      assertThat(later.tokens()).isEqualTo(speech.tokens());
      int at = 0;
      for (float[] piece : pieces) {
        assertThat(Arrays.equals(samples, at, at + piece.length, piece, 0, piece.length)).as("the piece at %d", at).isTrue();
        at += piece.length;
        if (at < samples.length) {
          assertThat(Arrays.copyOfRange(samples, at, at + PAUSE)).containsOnly(0);
          at += PAUSE;
        }
      }
      assertThat(samples).hasSize(at);
      assertThat(speech.tokens()).hasSize((at - 3 * PAUSE) / 320);
      assertThat(speech.timings().complete()).isTrue();
      assertThat(speech.timings().answerTokens()).isGreaterThanOrEqualTo(speech.tokens().length);
    }
  }

  @Test
  void stream_isTheSameSpeech_howeverItIsTaken() {
    List<float[]> called = new ArrayList<>();
    Timings timings = gpa.speak(TEXT, voice, OPTIONS, chunk -> called.add(chunk.floats()));
    List<float[]> read = new ArrayList<>();
    long next = 0;
    try (SpeechStream stream = gpa.speakStream(TEXT, voice, OPTIONS)) {
      for (AudioChunk chunk : stream) {
        assertThat(chunk.firstSample()).isEqualTo(next);
        next += chunk.samples();
        read.add(chunk.floats());
      }
    }
    float[] samples = joined(called);
    assertThat(Arrays.equals(joined(read), samples)).isTrue();
    assertThat(timings.firstAudioMicros()).isPositive().isLessThan(timings.finishedMicros());
    int at = 0;
    for (float[] piece : pieces) {
      // A stream keeps the mean that a whole speech is freed of.
      double mean = 0;
      for (int i = 0; i < piece.length; i++) {
        mean += samples[at + i];
      }
      for (int i = 0; i < piece.length; i++) {
        assertThat(samples[at + i] - mean / piece.length).isCloseTo(piece[i], within(3e-5));
      }
      at += piece.length + PAUSE;
    }
    assertThat(samples).hasSize(at - PAUSE);
  }

  @Test
  void textOfOnePiece_isSpokenAsEver_whateverTheSplitting() {
    SpeechOptions wide = SpeechOptions.builder().seed(SEED).build();
    try (Speech a = gpa.speak(SENTENCES.get(0), voice, wide); Speech b = gpa.speak(SENTENCES.get(0), voice, OPTIONS)) {
      assertThat(Arrays.equals(a.floats(), b.floats()) && Arrays.equals(a.floats(), pieces.get(0))).isTrue();
      assertThat(a.tokens()).isEqualTo(b.tokens());
    }
  }

  @Test
  void loudness_isTheSameOnBothSidesOfAJoint() {
    List<double[]> levels = pieces.stream().map(LongSpeechIT::levels).toList();
    double within = levels.stream().mapToDouble(l -> Math.abs(l[0] - l[1])).average().orElseThrow();
    double across = 0;
    for (int i = 1; i < levels.size(); i++) {
      across += Math.abs(levels.get(i - 1)[1] - levels.get(i)[0]) / (levels.size() - 1);
    }
    System.out.printf(Locale.ROOT, "loudness: half against half of a sentence %.1f dB, across a joint %.1f dB%n", within, across);
    assertThat(across).as("dB across joints").isLessThan(within + 3);
  }

  /** RMS of the two halves of what is not silent, in dB. */
  private static double[] levels(float[] samples) {
    double[] levels = new double[2];
    for (int half = 0; half < 2; half++) {
      double sum = 0;
      int count = 0;
      for (int i = half * samples.length / 2; i < (half + 1) * samples.length / 2; i++) {
        if (Math.abs(samples[i]) > 0.005) {
          sum += samples[i] * samples[i];
          count++;
        }
      }
      levels[half] = 10 * Math.log10(sum / count);
    }
    return levels;
  }

  @Test
  void consumerThatStops_orThrows_endsAllParts() {
    for (int after = 1; after < 8; after += 3) {
      int[] left = {after};
      gpa.speak(TEXT, voice, OPTIONS, chunk -> --left[0] > 0);
      assertThat(left[0]).isZero();
      int[] calls = new int[1];
      int throwing = after;
      RuntimeException thrown = new UnsupportedOperationException("no");
      assertThatThrownBy(() -> gpa.speak(TEXT, voice, OPTIONS, chunk -> {
        if (++calls[0] == throwing) {
          throw thrown;
        }
        return true;
      })).isSameAs(thrown);
      assertThat(calls[0]).isEqualTo(after);
    }
  }

  @Test
  void streamClosedEarly_freesItsPlaces_evenWithOneAtATime() {
    try (Gpa one = Gpa.builder(Project.demoModel()).maxConcurrency(1).maxQueue(1).build()) {
      for (int i = 0; i < 6; i++) {
        SpeechStream stream = one.speakStream(TEXT, voice, OPTIONS);
        Iterator<AudioChunk> chunks = stream.iterator();
        for (int c = 0; c < i; c++) {
          chunks.next();
        }
        stream.close();
        assertThatThrownBy(chunks::hasNext).isInstanceOf(CancelledException.class);
      }
      int[] samples = new int[1];
      one.speak(TEXT, voice, OPTIONS, chunk -> {
        samples[0] += chunk.samples();
        return true;
      });
      assertThat(samples[0]).isEqualTo(pieces.stream().mapToInt(piece -> piece.length).sum() + 3 * PAUSE);
      SpeechStream open = one.speakStream(TEXT, voice, OPTIONS);
      open.iterator().next();
    }
  }

  private static float[] joined(List<float[]> parts) {
    float[] all = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }
}
