package io.gpa4j.benchmark;

import java.util.Arrays;

/**
 * Times of single calls of one case on one side.
 *
 * @param millis one a call
 * @param heapBytes allocated a call on Java's heap; NaN: not known
 */
record Measured(double[] millis, double heapBytes) {
  double median() {
    return median(millis);
  }

  static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
