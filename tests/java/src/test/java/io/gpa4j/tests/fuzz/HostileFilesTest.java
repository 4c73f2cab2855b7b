package io.gpa4j.tests.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A little of what tests/fuzz/run.sh does at length: changed files are read or refused by a typed error, soon and with little memory. */
class HostileFilesTest {
  private static final Campaign.Budget BUDGET = new Campaign.Budget(Long.getLong("gpa.fuzz.executions", 500), 0);

  private static Path folder;

  @BeforeAll
  static void makeFolder() throws IOException {
    folder = FuzzMain.workFolder();
  }

  @AfterAll
  static void deleteFolder() throws IOException {
    FuzzMain.deleteAll(folder);
  }

  static List<String> targets() {
    return Targets.names();
  }

  @ParameterizedTest
  @MethodSource("targets")
  void changedFiles_areReadOrRefused(String name) {
    Target target = Targets.all(folder).stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
    try (target) {
      Campaign.Result result = new Campaign(target, Path.of("target/fuzz-findings"), System.out).run(BUDGET, 1);
      assertThat(result.findings()).isEmpty();
      assertThat(result.read()).as("inputs that were read").isPositive();
      assertThat(result.places()).as("places that refuse").isGreaterThan(2);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
