package io.gpa4j.tests.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs campaigns: {@code FuzzMain [--executions N] [--seconds S] [--seed N] [--findings FOLDER] [--input FILE] TARGET…}; without targets, all.
 * With an input, that one alone is executed, once. Ends with 1 if there are findings.
 */
public final class FuzzMain {
  private long executions;
  private long seconds;
  private long seed = 1;
  private Path findings = Path.of("build/fuzz/findings");
  private Path input;
  private final List<String> wanted = new ArrayList<>();

  private FuzzMain(String[] args) {
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--executions" -> executions = Long.parseLong(args[++i]);
        case "--seconds" -> seconds = Long.parseLong(args[++i]);
        case "--seed" -> seed = Long.parseLong(args[++i]);
        case "--findings" -> findings = Path.of(args[++i]);
        case "--input" -> input = Path.of(args[++i]);
        default -> wanted.add(args[i]);
      }
    }
    if (!Targets.names().containsAll(wanted) || input != null && wanted.size() != 1) {
      throw new IllegalArgumentException("targets are " + Targets.names() + "; an input wants one of them");
    }
    if (executions == 0 && seconds == 0) {
      executions = 1_000_000;
    }
  }

  /** Runs them. */
  public static void main(String[] args) throws Exception {
    System.exit(new FuzzMain(args).run());
  }

  private int run() throws Exception {
    int found = 0;
    Path folder = workFolder();
    try {
      for (Target target : Targets.all(folder)) {
        try (target) {
          if (!wanted.isEmpty() && !wanted.contains(target.name())) {
            continue;
          }
          if (input != null) {
            target.read(Files.readAllBytes(input));
            System.out.println("read without an error");
            continue;
          }
          Campaign.Result result = new Campaign(target, findings, System.out).run(new Campaign.Budget(executions, seconds), seed);
          System.out.println(result);
          found += result.findings().size();
        }
      }
    } finally {
      deleteAll(folder);
    }
    return found == 0 ? 0 : 1;
  }

  /** A folder in memory where the machine has one. */
  static Path workFolder() throws IOException {
    Path memory = Path.of("/dev/shm");
    return Files.isWritable(memory) ? Files.createTempDirectory(memory, "gpa4j-fuzz-") : Files.createTempDirectory("gpa4j-fuzz-");
  }

  static void deleteAll(Path folder) throws IOException {
    try (var paths = Files.walk(folder)) {
      paths.sorted(java.util.Comparator.reverseOrder()).forEach(Targets::delete);
    }
  }
}
