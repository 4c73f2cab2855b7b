package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.VoiceActivityDetector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Speech is told from pauses, in silence and in noise. */
class VoiceActivityTest {
  /** Frames of 10 ms: shares of speech that was missed and of pauses that were taken for speech, in percent. */
  record Figures(double missed, double taken) {}

  // A pause's frames so near to speech belong to it: what the detector holds on for, and the window's reach.
  private static final int HOLD_FRAMES = 25;
  private static final int REACH_FRAMES = 5;

  static Figures figures(float[] samples, boolean[] speech) {
    List<Boolean> frames = frames(samples, 1000);
    int[] count = new int[2];
    int[] wrong = new int[2];
    for (int f = 0; f < Math.min(frames.size(), speech.length); f++) {
      if (!speech[f] && near(speech, f)) {
        continue;
      }
      int kind = speech[f] ? 0 : 1;
      count[kind]++;
      wrong[kind] += frames.get(f) == speech[f] ? 0 : 1;
    }
    return new Figures(100.0 * wrong[0] / count[0], 100.0 * wrong[1] / count[1]);
  }

  private static boolean near(boolean[] speech, int frame) {
    for (int f = Math.max(0, frame - HOLD_FRAMES); f < Math.min(speech.length, frame + REACH_FRAMES); f++) {
      if (speech[f]) {
        return true;
      }
    }
    return false;
  }

  private static List<Boolean> frames(float[] samples, int piece) {
    VoiceActivityDetector detector = new VoiceActivityDetector();
    List<Boolean> frames = new ArrayList<>();
    for (int at = 0; at < samples.length; at += piece) {
      detector.push(samples, at, Math.min(samples.length, at + piece), frames::add);
    }
    return frames;
  }

  @Test
  void clipsWithPauses_areTold_inSilenceAndInNoise() {
    Recording recording = new Recording(Demo.clips());
    assertThat(figures(recording.samples(), recording.speech())).satisfies(f -> {
      assertThat(f.missed()).as("missed").isLessThan(1);
      assertThat(f.taken()).as("taken").isLessThan(1);
    });
    for (Recording.Noise noise : Recording.Noise.values()) {
      assertThat(figures(recording.noisy(noise, 20), recording.speech())).as("%s 20 dB", noise).satisfies(f -> {
        assertThat(f.missed()).as("missed").isLessThan(2);
        assertThat(f.taken()).as("taken").isLessThan(6);
      });
      assertThat(figures(recording.noisy(noise, 10), recording.speech())).as("%s 10 dB", noise).satisfies(f -> {
        assertThat(f.missed()).as("missed").isLessThan(6);
        assertThat(f.taken()).as("taken").isLessThan(6);
      });
    }
  }

  @Test
  void piecesOfAnyLength_giveTheSameFrames() {
    float[] samples = new Recording(Demo.clips().subList(0, 3)).noisy(Recording.Noise.PINK, 15);
    List<Boolean> whole = frames(samples, samples.length);
    assertThat(whole.size()).isBetween(samples.length / 160 - 3, samples.length / 160);
    for (int piece : new int[] {1, 159, 160, 161, 512, 4001}) {
      assertThat(frames(samples, piece)).as("pieces of %d", piece).isEqualTo(whole);
    }
  }

  @Test
  void silence_andSteadyNoise_areNoSpeech() {
    assertThat(frames(new float[16_000], 160)).doesNotContain(true);
    Random random = new Random(1);
    float[] noise = new float[160_000];
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (float) (0.1 * random.nextGaussian());
    }
    List<Boolean> told = frames(noise, 160);
    assertThat(told.stream().filter(speech -> speech).count()).isLessThan(told.size() / 50);
  }

  @Test
  void louderNoise_isFollowed_withinThreeSeconds() {
    Random random = new Random(2);
    float[] noise = new float[16_000 * 10];
    for (int i = 0; i < noise.length; i++) {
      noise[i] = (float) ((i < 64_000 ? 0.001 : 0.05) * random.nextGaussian());
    }
    List<Boolean> told = frames(noise, 160);
    assertThat(told.subList(700, told.size())).doesNotContain(true);
  }

  @Test
  void rangesThatAreNotThere_areRefused() {
    VoiceActivityDetector detector = new VoiceActivityDetector();
    assertThatThrownBy(() -> detector.push(new float[3], 0, 4, speech -> {})).isInstanceOf(IndexOutOfBoundsException.class);
    float[] nothing = {};
    detector.push(nothing, 0, 0, speech -> {
      throw new AssertionError(Arrays.toString(nothing));
    });
  }
}
