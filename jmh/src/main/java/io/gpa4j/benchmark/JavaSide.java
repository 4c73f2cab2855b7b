package io.gpa4j.benchmark;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** The JMH benchmarks of this module, each in a JVM of its own. */
final class JavaSide {
  private static final String ALLOCATED = "gc.alloc.rate.norm";
  // Calls that warm the JVM up, or fewer of a long case: Java's part of a call is little, and the native side is warm after one.
  private static final int WARM_UP_CALLS = 5;

  private final Subject subject;

  JavaSide(Subject subject) {
    this.subject = subject;
  }

  Measured run(Case wanted, int calls) throws IOException {
    ChainedOptionsBuilder options = new OptionsBuilder()
        .include("^io\\.gpa4j\\.benchmark\\." + wanted.benchmark().replace(".", "\\.") + "$")
        .mode(Mode.SingleShotTime).timeUnit(TimeUnit.MILLISECONDS).forks(1).warmupIterations(Math.min(WARM_UP_CALLS, calls)).measurementIterations(calls)
        .addProfiler(GCProfiler.class).verbosity(VerboseMode.SILENT).shouldFailOnError(true)
        .jvmArgsAppend("-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-Dgpa.model=" + subject.model(), "-Dgpa.threads=" + subject.threads(), "-Dgpa.precision=" + subject.precision());
    wanted.parameters().forEach((name, value) -> options.param(name, value));
    try {
      RunResult result = new Runner(options.build()).runSingle();
      double[] millis = result.getAggregatedResult().getIterationResults().stream().map(IterationResult::getPrimaryResult)
          .mapToDouble(Result::getScore).toArray();
      Result<?> allocated = result.getSecondaryResults().entrySet().stream()
          .filter(entry -> entry.getKey().endsWith(ALLOCATED)).map(entry -> (Result<?>) entry.getValue()).findFirst().orElse(null);
      return new Measured(millis, allocated == null ? Double.NaN : allocated.getScore());
    } catch (RunnerException e) {
      throw new IOException(wanted.name() + ": " + e.getMessage(), e);
    }
  }
}
