package io.gpa4j.cli;

import picocli.CommandLine.Option;

/** The options of commands that show how far they are. */
final class BatchOptions {
  @Option(names = {"-q", "--quiet"}, description = "Show no progress; elsewhere than on a terminal none is shown anyway.")
  boolean quiet;
}
