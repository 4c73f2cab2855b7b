package io.gpa4j.quality;

/** Power of a sound by frequency, under a periodic Hann window. Immutable. */
public final class PowerSpectrum {
  private final int window;
  private final double[] hann;

  /**
   * Makes one.
   *
   * @param window samples, a power of two from 2
   */
  public PowerSpectrum(int window) {
    if (window < 2 || Integer.bitCount(window) != 1) {
      throw new IllegalArgumentException("window is " + window + ", expected a power of two from 2");
    }
    this.window = window;
    this.hann = new double[window];
    for (int i = 0; i < window; i++) {
      hann[i] = 0.5 - 0.5 * Math.cos(2 * Math.PI * i / window);
    }
  }

  /**
   * Power of the window that begins at a sample.
   *
   * @param samples the sound; behind its end is silence
   * @param begin index of the first sample, 0 or more
   * @return window / 2 + 1 values from frequency 0 to half the sample rate
   */
  public double[] at(float[] samples, int begin) {
    double[] re = new double[window];
    double[] im = new double[window];
    for (int i = 0; i < window && begin + i < samples.length; i++) {
      re[i] = samples[begin + i] * hann[i];
    }
    transform(re, im);
    double[] power = new double[window / 2 + 1];
    for (int i = 0; i < power.length; i++) {
      power[i] = re[i] * re[i] + im[i] * im[i];
    }
    return power;
  }

  // Fast Fourier transform in place, radix 2.
  private static void transform(double[] re, double[] im) {
    int n = re.length;
    int bits = Integer.numberOfTrailingZeros(n);
    for (int i = 0; i < n; i++) {
      int j = Integer.reverse(i) >>> (32 - bits);
      if (i < j) {
        double r = re[i];
        re[i] = re[j];
        re[j] = r;
      }
    }
    for (int half = 1; half < n; half *= 2) {
      for (int k = 0; k < half; k++) {
        double c = Math.cos(Math.PI * k / half);
        double s = -Math.sin(Math.PI * k / half);
        for (int i = k; i < n; i += 2 * half) {
          double r = re[i + half] * c - im[i + half] * s;
          double q = re[i + half] * s + im[i + half] * c;
          re[i + half] = re[i] - r;
          im[i + half] = im[i] - q;
          re[i] += r;
          im[i] += q;
        }
      }
    }
  }
}
