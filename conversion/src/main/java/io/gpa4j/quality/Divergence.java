package io.gpa4j.quality;

/**
 * How the distributions of the next token differ between a model and a reference: Kullback-Leibler divergence of the model's from the
 * reference's, sum p (ln p - ln q), over the whole vocabulary, and how often both find the same token most likely. Not thread-safe.
 */
public final class Divergence {
  private double nats;
  private long agreeing;
  private long rows;

  /**
   * Adds rows of logits.
   *
   * @param got the model's, row-major
   * @param want the reference's, of the same shape
   * @param cols size of the vocabulary
   * @param first the first row that counts
   * @param end the row behind the last that counts
   */
  public void add(float[] got, float[] want, int cols, int first, int end) {
    if (got.length != want.length || first < 0 || end < first || (long) end * cols > got.length) {
      throw new IllegalArgumentException("rows " + first + " to " + end + " of " + cols + " do not lie in " + got.length + " and " + want.length);
    }
    for (int row = first; row < end; row++) {
      addRow(got, want, row * cols, cols);
    }
  }

  private void addRow(float[] got, float[] want, int begin, int cols) {
    int bestWanted = best(want, begin, cols);
    int bestGot = best(got, begin, cols);
    double sumWanted = 0;
    double sumGot = 0;
    double difference = 0;
    for (int i = begin; i < begin + cols; i++) {
      double p = Math.exp((double) want[i] - want[bestWanted]);
      sumWanted += p;
      sumGot += Math.exp((double) got[i] - got[bestGot]);
      difference += p * ((double) want[i] - got[i]);
    }
    // ln p - ln q = (want - got) - (ln of the sums), the sums taken of logits below their highest.
    double divergence = difference / sumWanted - (Math.log(sumWanted) + want[bestWanted]) + (Math.log(sumGot) + got[bestGot]);
    nats += Double.isNaN(divergence) ? Double.POSITIVE_INFINITY : Math.max(0, divergence);
    agreeing += bestWanted == bestGot ? 1 : 0;
    rows++;
  }

  private static int best(float[] logits, int begin, int cols) {
    int best = begin;
    for (int i = begin + 1; i < begin + cols; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }

  /** Rows that were added. */
  public long rows() {
    return rows;
  }

  /** Mean divergence of a row in nats, 0 or more, infinite where a logit is NaN; NaN without any rows. */
  public double meanNats() {
    return rows == 0 ? Double.NaN : nats / rows;
  }

  /** Rows in percent whose most likely token is the same; NaN without any rows. */
  public double topPercent() {
    return rows == 0 ? Double.NaN : 100.0 * agreeing / rows;
  }
}
