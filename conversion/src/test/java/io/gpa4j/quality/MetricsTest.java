package io.gpa4j.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The figures are what their formulas say. */
class MetricsTest {
  private static final double TINY = 1e-12;

  @Test
  void difference_ofKnownNumbers_isByFormula() {
    Difference difference = new Difference();
    difference.add(new float[] {3, 0}, new float[] {3, 4});
    difference.add(new float[] {2}, new float[] {0});
    assertThat(difference.nmse()).isCloseTo(20.0 / 25, within(TINY));
    assertThat(difference.relativeRmse()).isCloseTo(Math.sqrt(0.8), within(TINY));
    assertThat(difference.snrDecibels()).isCloseTo(10 * Math.log10(25.0 / 20), within(TINY));
    assertThat(difference.cosine()).isCloseTo(9 / Math.sqrt(25 * 13), within(TINY));
    assertThat(difference.maxError()).isEqualTo(4);
  }

  @Test
  void difference_ofEqualNumbers_isNone() {
    Difference difference = new Difference();
    difference.add(noise(1000, 1), noise(1000, 1));
    assertThat(difference.nmse()).isZero();
    assertThat(difference.snrDecibels()).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(difference.cosine()).isEqualTo(1);
    assertThat(difference.maxError()).isZero();
  }

  @Test
  void difference_withNaN_isWithoutBound() {
    Difference difference = new Difference();
    difference.add(new float[] {1, Float.NaN}, new float[] {1, 2});
    assertThat(difference.nmse()).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(difference.snrDecibels()).isEqualTo(Double.NEGATIVE_INFINITY);
    assertThat(difference.cosine()).isZero();
    assertThat(difference.maxError()).isEqualTo(Double.POSITIVE_INFINITY);
    assertThatThrownBy(() -> difference.add(new float[2], new float[3])).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void divergence_ofKnownDistributions_isByFormula() {
    Divergence divergence = new Divergence();
    // Rows before and behind do not count; logits may be moved by any number.
    float[] want = {9, 0, 0, logit(0.5) + 7, logit(0.3) + 7, logit(0.2) + 7, logit(0.2), logit(0.7), logit(0.1), 0, 0, 5};
    float[] got = {0, 0, 9, logit(0.4), logit(0.5), logit(0.1), logit(0.1) - 40, logit(0.8) - 40, logit(0.1) - 40, 5, 0, 0};
    divergence.add(got, want, 3, 1, 3);
    double first = 0.5 * Math.log(0.5 / 0.4) + 0.3 * Math.log(0.3 / 0.5) + 0.2 * Math.log(0.2 / 0.1);
    double second = 0.2 * Math.log(0.2 / 0.1) + 0.7 * Math.log(0.7 / 0.8);
    assertThat(divergence.meanNats()).isCloseTo((first + second) / 2, within(1e-5));
    assertThat(divergence.topPercent()).isEqualTo(50);
    assertThat(divergence.rows()).isEqualTo(2);
  }

  @Test
  void divergence_ofEqualLogits_isZero_andOfNaNWithoutBound() {
    float[] logits = noise(500, 2);
    Divergence divergence = new Divergence();
    divergence.add(logits, logits.clone(), 100, 0, 5);
    assertThat(divergence.meanNats()).isZero();
    assertThat(divergence.topPercent()).isEqualTo(100);
    float[] broken = logits.clone();
    broken[7] = Float.NaN;
    divergence.add(broken, logits, 100, 0, 1);
    assertThat(divergence.meanNats()).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(new Divergence().meanNats()).isNaN();
    assertThatThrownBy(() -> divergence.add(logits, logits, 100, 4, 6)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void powerSpectrum_ofASine_standsAtItsFrequency() {
    float[] sine = new float[64];
    for (int i = 0; i < sine.length; i++) {
      sine[i] = (float) (0.5 * Math.cos(2 * Math.PI * 10 * i / 64));
    }
    double[] power = new PowerSpectrum(64).at(sine, 0);
    // Half the amplitude times half the window, and half of that beside it.
    assertThat(power).hasSize(33);
    assertThat(power[10]).isCloseTo(64, within(1e-3));
    assertThat(power[9]).isCloseTo(16, within(1e-3));
    assertThat(power[11]).isCloseTo(16, within(1e-3));
    assertThat(power[13]).isCloseTo(0, within(1e-3));
    assertThatThrownBy(() -> new PowerSpectrum(48)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void logMel_ofEqualSounds_isZero_andOfALouderOneItsGain() {
    float[] sound = noise(8000, 3);
    LogMel equal = new LogMel();
    equal.add(sound.clone(), sound);
    assertThat(equal.meanDecibels()).isZero();
    float[] louder = sound.clone();
    for (int i = 0; i < louder.length; i++) {
      louder[i] *= 2;
    }
    LogMel twice = new LogMel();
    twice.add(louder, sound);
    assertThat(twice.meanDecibels()).isCloseTo(20 * Math.log10(2), within(1e-4));
    LogMel other = new LogMel();
    other.add(noise(8000, 4), sound);
    assertThat(other.meanDecibels()).isGreaterThan(1);
  }

  @Test
  void logMel_ofSilence_countsNoMoreThanItsRange() {
    float[] sound = noise(4096, 5);
    LogMel silence = new LogMel();
    silence.add(new float[4096], sound);
    assertThat(silence.meanDecibels()).isBetween(50.0, 80.0);
    LogMel nothing = new LogMel();
    assertThat(nothing.meanDecibels()).isNaN();
    nothing.add(new float[4096], new float[4096]);
    assertThat(nothing.meanDecibels()).isZero();
  }

  @Test
  void wordErrors_countWhatIsReplacedInsertedAndLeftOut() {
    WordErrors errors = new WordErrors();
    assertThat(errors.percent()).isNaN();
    assertThat(errors.add("Turn on the light, please!", "turn on the light please")).isZero();
    assertThat(errors.add("five eight", "five nine eight two")).isEqualTo(2);
    assertThat(errors.add("play some music", "play music")).isEqualTo(1);
    assertThat(errors.add("yes", "")).isEqualTo(1);
    assertThat(errors.words()).isEqualTo(11);
    assertThat(errors.errors()).isEqualTo(4);
    assertThat(errors.percent()).isCloseTo(400.0 / 11, within(TINY));
    // Errors and words of the pairs: 0 of 5, 2 of 2, 1 of 3, 1 of 1.
    double rate = 4.0 / 11;
    assertThat(errors.standardErrorPercent()).isCloseTo(100.0 / 11
        * Math.sqrt(25 * rate * rate + (2 - 2 * rate) * (2 - 2 * rate) + (1 - 3 * rate) * (1 - 3 * rate) + (1 - rate) * (1 - rate)), within(1e-9));
  }

  @Test
  void figures_withoutBoundOrMeasure_areWordsAndValidJson() {
    assertThat(Figures.text("%.1f", 1.25)).isEqualTo("1.3");
    assertThat(Figures.text("%.1f", Double.NaN)).isEqualTo("-");
    assertThat(Figures.text("%.1f", Double.NEGATIVE_INFINITY)).isEqualTo("-inf");
    assertThat(Figures.number(2.5)).isEqualTo(2.5);
    assertThat(Figures.number(Double.POSITIVE_INFINITY)).isEqualTo("inf");
    assertThat(Figures.number(Double.NaN)).isNull();
  }

  private static float logit(double probability) {
    return (float) Math.log(probability);
  }

  private static float[] noise(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (0.1 * random.nextGaussian());
    }
    return values;
  }
}
