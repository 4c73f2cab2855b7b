package io.gpa4j.benchmark;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs programs beside this one. */
final class Commands {
  private Commands() {}

  /** A command line of words and lists of words. */
  static List<String> line(Object... parts) {
    List<String> words = new ArrayList<>();
    for (Object part : parts) {
      if (part instanceof List<?> list) {
        list.forEach(word -> words.add(word.toString()));
      } else {
        words.add(part.toString());
      }
    }
    return words;
  }

  /** Standard output and error of a program, named by absolute paths; IOException with their end if it fails. */
  static String run(Map<String, String> environment, List<String> command) throws IOException {
    // Some leave logs where they stand.
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).directory(new File(System.getProperty("java.io.tmpdir")));
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      if (code != 0) {
        throw new IOException(command.get(0) + " ended with " + code + ": " + output.substring(Math.max(0, output.length() - 500)).strip());
      }
      return output;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(command.get(0) + ": interrupted", e);
    } finally {
      process.destroy();
    }
  }
}
