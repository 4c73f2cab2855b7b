package io.gpa4j.tests;

import io.gpa4j.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Runs command lines in this process. */
final class Cli {
  /** What became of a command line. */
  record Result(int code, String out, String err) {
    /** Lines on standard error but for those of progress, as {@code convert: 10 %}. */
    List<String> errors() {
      return err.lines().filter(line -> !line.matches("(convert|fabricate|quantize|export|import|verify): \\d+ %")).toList();
    }
  }

  private Cli() {}

  /** Runs one; arguments are turned into strings. */
  static synchronized Result run(Object... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream realOut = System.out;
    PrintStream realErr = System.err;
    String logLevel = System.getProperty("org.slf4j.simpleLogger.defaultLogLevel");
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    try {
      int code = Main.run(Arrays.stream(args).map(String::valueOf).toArray(String[]::new));
      return new Result(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(realOut);
      System.setErr(realErr);
      if (logLevel != null) {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", logLevel);
      }
    }
  }
}
