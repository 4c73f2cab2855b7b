package io.gpa4j.quality;

/** How numbers differ from those that they should be, over any number of pieces; sums are taken in double. Not thread-safe. */
public final class Difference {
  private double error;
  private double wanted;
  private double gotten;
  private double product;
  private double largest;

  /**
   * Adds a piece.
   *
   * @param got what is there
   * @param want what should be, of the same length
   */
  public void add(float[] got, float[] want) {
    if (got.length != want.length) {
      throw new IllegalArgumentException("got has " + got.length + " elements, want " + want.length);
    }
    add(got, want, got.length);
  }

  /** Adds the first elements of two arrays. */
  void add(float[] got, float[] want, int count) {
    for (int i = 0; i < count; i++) {
      double g = got[i];
      double w = want[i];
      double difference = g - w;
      error += difference * difference;
      wanted += w * w;
      gotten += g * g;
      product += g * w;
      // A NaN must not pass for a small error.
      largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(largest, Math.abs(difference));
    }
  }

  /** Normalised mean square error: sum (got - want)^2 / sum want^2; 0 where nothing differs, infinite where something is NaN. */
  public double nmse() {
    return error == 0 ? 0 : Double.isNaN(error) ? Double.POSITIVE_INFINITY : error / wanted;
  }

  /** Root of {@link #nmse()}. */
  public double relativeRmse() {
    return Math.sqrt(nmse());
  }

  /** Signal-to-noise ratio: what should be over what differs, in dB; infinite where nothing differs. */
  public double snrDecibels() {
    return -10 * Math.log10(nmse());
  }

  /** Cosine of the angle between the two, in [-1, 1]; 1 where nothing differs, 0 where one of them is all zero or not a number. */
  public double cosine() {
    double cosine = product / Math.sqrt(wanted * gotten);
    return error == 0 ? 1 : Double.isNaN(cosine) ? 0 : Math.max(-1, Math.min(1, cosine));
  }

  /** Largest absolute difference; infinite where something is NaN. */
  public double maxError() {
    return largest;
  }
}
