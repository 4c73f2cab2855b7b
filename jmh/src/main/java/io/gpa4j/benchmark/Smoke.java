package io.gpa4j.benchmark;

import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Every benchmark once, in this process: does it still run? Its times are no measurement. */
public final class Smoke {
  private Smoke() {}

  /**
   * Runs them.
   *
   * @param patterns regular expressions of benchmark names; none: all
   * @throws RunnerException if one fails
   */
  public static void main(String[] patterns) throws RunnerException {
    OptionsBuilder options = new OptionsBuilder();
    for (String pattern : patterns) {
      options.include(pattern);
    }
    new Runner(options.forks(0).warmupIterations(0).measurementIterations(1).measurementTime(TimeValue.milliseconds(100))
        .shouldFailOnError(true).build()).run();
  }
}
