package io.gpa4j.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The demo's clips and what is expected of its model. */
final class Demo {
  /** A clip: its file, whose voice it is, its words. */
  record Clip(Path file, String voice, String text) {}

  private Demo() {}

  static List<Clip> clips() {
    List<Clip> clips = new ArrayList<>();
    try {
      for (JsonNode clip : new ObjectMapper().readTree(Project.demo().resolve("clips.json").toFile())) {
        clips.add(new Clip(Project.demo().resolve(clip.get("file").asText()), clip.get("voice").asText(), clip.get("text").asText()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return clips;
  }

  /** The voices that it can speak with. */
  static final List<String> VOICES = List.of("adam", "bella", "dora", "emil");

  static Path voice(String name) {
    return Project.demo().resolve("voices").resolve(name + ".wav");
  }

  /** A figure of demo-figures.json, in percent: the reference's own rates. */
  static double figure(String name) {
    try (InputStream in = Demo.class.getResourceAsStream("/demo-figures.json")) {
      return new ObjectMapper().readTree(in).get(name).asDouble();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Words to insert, delete or replace to turn one text into the other. */
  static int wordsWrong(String want, String got) {
    String[] a = words(want);
    String[] b = words(got);
    int[] row = new int[b.length + 1];
    for (int j = 0; j <= b.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length; i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length; j++) {
        int replaced = diagonal + (a[i - 1].equals(b[j - 1]) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length];
  }

  static int wordCount(String text) {
    return words(text).length;
  }

  private static String[] words(String text) {
    String stripped = text.strip();
    return stripped.isEmpty() ? new String[0] : stripped.split("\\s+");
  }
}
