package io.gpa4j.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * An axis of a plot that all its values lie on; those without bound, and on a logarithmic one those that are as good as zero, at its ends.
 *
 * @param low of the lower end, as a power of ten if logarithmic
 * @param high of the upper end, likewise
 * @param logarithmic whether equal factors are equally far apart
 */
public record PlotAxis(double low, double high, boolean logarithmic) {
  private static final double MARGIN = 0.08;
  private static final double NEARLY_ZERO = 1e-5;
  private static final int TICKS = 6;
  private static final double[] STEPS = {1, 2, 5, 10};

  /**
   * An axis with a little room beyond its values.
   *
   * @param values what shall lie on it
   * @param logarithmic whether equal factors are equally far apart
   * @return the axis
   */
  public static PlotAxis of(double[] values, boolean logarithmic) {
    double[] places = Arrays.stream(values).filter(value -> holds(value, logarithmic))
        .map(value -> logarithmic ? Math.log10(value) : value).toArray();
    double low = Arrays.stream(places).min().orElse(0);
    double high = Arrays.stream(places).max().orElse(0);
    double margin = high > low ? (high - low) * MARGIN : 0.5;
    return new PlotAxis(low - margin, high + margin, logarithmic);
  }

  /**
   * An axis that begins at zero, for values that are not negative.
   *
   * @param values what shall lie on it
   * @return the axis
   */
  public static PlotAxis fromZero(double[] values) {
    double high = Arrays.stream(values).max().orElse(0);
    return new PlotAxis(0, high > 0 ? high * (1 + MARGIN) : 1, false);
  }

  /**
   * Whether a value has a place between the ends.
   *
   * @param value any
   * @return false for what is without bound, and on a logarithmic axis for what is as good as zero
   */
  public boolean holds(double value) {
    return holds(value, logarithmic);
  }

  private static boolean holds(double value, boolean logarithmic) {
    return Double.isFinite(value) && (!logarithmic || value > NEARLY_ZERO);
  }

  /**
   * How far along it a value lies.
   *
   * @param value any
   * @return 0 to 1; the ends for what lies beyond them
   */
  public double share(double value) {
    double place = logarithmic ? Math.log10(value) : value;
    return Math.max(0, Math.min(1, (place - low) / (high - low)));
  }

  /**
   * Round numbers on it.
   *
   * @return in order
   */
  public double[] ticks() {
    if (logarithmic) {
      double[] steps = high - low > 2 ? new double[] {1} : new double[] {1, 2, 5};
      return DoubleStream.iterate(Math.floor(low), exponent -> exponent <= high, exponent -> exponent + 1)
          .flatMap(exponent -> Arrays.stream(steps).map(step -> step * Math.pow(10, exponent)))
          .filter(value -> Math.log10(value) >= low && Math.log10(value) <= high).toArray();
    }
    double least = (high - low) / TICKS;
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    double step = Arrays.stream(STEPS).map(factor -> factor * power).filter(size -> size >= least).findFirst().orElse(10 * power);
    return DoubleStream.iterate(Math.ceil(low / step) * step, value -> value <= high, value -> value + step).toArray();
  }

  /**
   * A tick's number.
   *
   * @param tick the value
   * @return as short as it can be written
   */
  public static String text(double tick) {
    return new BigDecimal(tick).round(new MathContext(4)).stripTrailingZeros().toPlainString();
  }
}
