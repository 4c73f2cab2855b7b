package io.gpa4j.benchmark;

import java.util.ArrayList;
import java.util.List;

/** A case over all rounds: both sides measured one after the other in each. */
final class Row {
  final Case measured;
  final List<Measured> nativeRounds = new ArrayList<>();
  final List<Measured> javaRounds = new ArrayList<>();

  Row(Case measured) {
    this.measured = measured;
  }

  double nativeMillis() {
    return Measured.median(nativeRounds.stream().mapToDouble(Measured::median).toArray());
  }

  double javaMillis() {
    return Measured.median(javaRounds.stream().mapToDouble(Measured::median).toArray());
  }

  double heapBytes() {
    return Measured.median(javaRounds.stream().mapToDouble(Measured::heapBytes).toArray());
  }

  /** Java's extra time in percent, round by round. */
  double[] overheads() {
    double[] percents = new double[javaRounds.size()];
    for (int i = 0; i < percents.length; i++) {
      percents[i] = 100 * (javaRounds.get(i).median() / nativeRounds.get(i).median() - 1);
    }
    return percents;
  }
}
