package io.gpa4j.quality;

/**
 * How much a waveform sounds other than it should: the mean absolute difference of the log-mel spectrograms in dB. Each has 80 triangular
 * bands of equal width in mel, 2595 lg(1 + f / 700 Hz), from 0 to 8 kHz, of the power under periodic Hann windows of 1024 samples every
 * 256; a level counts as no less than the highest of the wanted waveform minus 80 dB. Sample rate 16 kHz. Not thread-safe.
 */
public final class LogMel {
  private static final int RATE = 16_000;
  private static final int WINDOW = 1024;
  private static final int HOP = 256;
  private static final int BANDS = 80;
  private static final double RANGE_DB = 80;
  private static final PowerSpectrum SPECTRUM = new PowerSpectrum(WINDOW);
  private static final double[][] FILTERS = filters();

  private double sum;
  private long count;

  /**
   * Adds a waveform.
   *
   * @param got what is there
   * @param want what should be, of the same length
   */
  public void add(float[] got, float[] want) {
    if (got.length != want.length) {
      throw new IllegalArgumentException("got has " + got.length + " samples, want " + want.length);
    }
    double highest = Double.NEGATIVE_INFINITY;
    for (int begin = 0; begin < want.length; begin += HOP) {
      for (double level : levels(want, begin)) {
        highest = Math.max(highest, level);
      }
    }
    double floor = highest - RANGE_DB;
    for (int begin = 0; begin < want.length; begin += HOP) {
      double[] g = levels(got, begin);
      double[] w = levels(want, begin);
      for (int band = 0; band < BANDS; band++) {
        double difference = Math.abs(Math.max(g[band], floor) - Math.max(w[band], floor));
        // Silence that is wanted and got: nothing is below nothing.
        sum += g[band] == w[band] ? 0 : Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
      }
      count += BANDS;
    }
  }

  /** Mean over all windows and bands in dB, 0 or more; NaN without any. */
  public double meanDecibels() {
    return count == 0 ? Double.NaN : sum / count;
  }

  private static double[] levels(float[] samples, int begin) {
    double[] power = SPECTRUM.at(samples, begin);
    double[] levels = new double[BANDS];
    for (int band = 0; band < BANDS; band++) {
      double energy = 0;
      for (int bin = 0; bin < power.length; bin++) {
        energy += FILTERS[band][bin] * power[bin];
      }
      levels[band] = 10 * Math.log10(energy);
    }
    return levels;
  }

  private static double[][] filters() {
    double[][] filters = new double[BANDS][WINDOW / 2 + 1];
    double step = mel(RATE / 2.0) / (BANDS + 1);
    for (int bin = 0; bin <= WINDOW / 2; bin++) {
      double place = mel((double) bin * RATE / WINDOW) / step;
      for (int band = 0; band < BANDS; band++) {
        filters[band][bin] = Math.max(0, 1 - Math.abs(place - (band + 1)));
      }
    }
    return filters;
  }

  private static double mel(double hertz) {
    return 2595 * Math.log10(1 + hertz / 700);
  }
}
