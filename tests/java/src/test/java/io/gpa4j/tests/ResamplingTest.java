package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.gpa4j.AudioSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What resampling to 16 kHz does to a sweep, which a formula gives at any rate, and to tones that 16 kHz cannot hold. */
class ResamplingTest {
  private static final int RATE = 16_000;
  private static final int SECONDS = 4;
  private static final double LOWEST = 50;
  private static final double HIGHEST = 7200;
  private static final double MOST_DB = -80;
  // The ends of the sweep see the silence outside.
  private static final int EDGE = RATE / 20;

  @ParameterizedTest
  @ValueSource(ints = {8000 * 3, 44_100, 48_000, 96_000})
  void sweepInThePassBand_isTheSweepByFormula(int rate) {
    float[] heard = AudioSource.of(sweep(rate), rate, 1).samples();
    assertThat(differenceDb(heard, sweep(RATE))).as("difference in dB").isLessThanOrEqualTo(MOST_DB);
  }

  @ParameterizedTest
  @ValueSource(doubles = {8400, 9000, 10_500, 12_000, 15_900, 19_000, 23_000})
  void toneAboveTheNewBand_leavesNothing(double hertz) {
    for (int rate : new int[] {44_100, 48_000}) {
      if (hertz < rate / 2.0) {
        float[] tone = Wav.sine(hertz, rate, rate);
        float[] heard = AudioSource.of(tone, rate, 1).samples();
        assertThat(db(power(heard, EDGE), power(tone, 0))).as("alias in dB at %d Hz", rate).isLessThanOrEqualTo(MOST_DB);
      }
    }
  }

  @Test
  void sweepUpwards_isTheSweepByFormula_whereItsOwnBandEnds() {
    float[] heard = AudioSource.of(sweep(8000, 3600), 8000, 1).samples();
    assertThat(differenceDb(heard, sweep(RATE, 3600))).as("difference in dB").isLessThanOrEqualTo(MOST_DB);
  }

  private static float[] sweep(int rate) {
    return sweep(rate, HIGHEST);
  }

  // Of linear frequency: the phase is its integral.
  private static float[] sweep(int rate, double highest) {
    float[] sweep = new float[rate * SECONDS];
    for (int i = 0; i < sweep.length; i++) {
      double t = (double) i / rate;
      sweep[i] = (float) (0.5 * Math.sin(2 * Math.PI * (LOWEST * t + (highest - LOWEST) * t * t / (2 * SECONDS))));
    }
    return sweep;
  }

  private static double differenceDb(float[] heard, float[] want) {
    assertThat(heard).hasSameSizeAs(want);
    float[] difference = new float[want.length];
    for (int i = 0; i < want.length; i++) {
      difference[i] = heard[i] - want[i];
    }
    return db(power(difference, EDGE), power(want, EDGE));
  }

  private static double db(double power, double of) {
    return 10 * Math.log10(power / of);
  }

  private static double power(float[] samples, int edge) {
    double sum = 0;
    for (int i = edge; i < samples.length - edge; i++) {
      sum += (double) samples[i] * samples[i];
    }
    return sum / (samples.length - 2 * edge);
  }
}
