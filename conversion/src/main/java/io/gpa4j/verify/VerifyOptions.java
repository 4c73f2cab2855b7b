package io.gpa4j.verify;

/**
 * What a model may differ by. The defaults are for F32 weights; quantised ones want looser bounds.
 *
 * @param nmse largest normalised mean square error of a tensor, sum (got - want)^2 / sum want^2
 * @param snrDecibels smallest signal-to-noise ratio of a waveform
 * @param marginScale factor on the margins above which a choice of an id counts as firm (1: as for float32)
 * @param probability largest error of a sampling probability
 * @param threads compute threads; 0: one per core
 */
public record VerifyOptions(double nmse, double snrDecibels, double marginScale, double probability, int threads) {
  /** Checks the ranges. */
  public VerifyOptions {
    if (!(nmse >= 0) || !(marginScale > 0) || !(probability >= 0) || Double.isNaN(snrDecibels) || threads < 0) {
      throw new IllegalArgumentException("bounds must be positive numbers: nmse " + nmse + ", margin scale " + marginScale + ", probability "
          + probability + ", SNR " + snrDecibels + ", threads " + threads);
    }
  }

  /** NMSE 1e-8, SNR 80 dB, the margins of float32, probabilities to 1e-5. */
  public static VerifyOptions defaults() {
    return new VerifyOptions(1e-8, 80, 1, 1e-5, 0);
  }
}
