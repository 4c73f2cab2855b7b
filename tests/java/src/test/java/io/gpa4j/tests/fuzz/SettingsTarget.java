package io.gpa4j.tests.fuzz;

import io.gpa4j.ModelFormatException;
import io.gpa4j.checkpoint.Settings;
import java.util.List;
import java.util.function.Function;

/** A configuration parser: parses, then asks for every key as everything that a key can be. What is refused then is refused in few words. */
final class SettingsTarget implements Target {
  private interface Question {
    void ask(Settings settings, String key);
  }

  private static final int MAX_MESSAGE = 200;
  private static final List<String> KEYS = List.of("a", "b", "c", "d", "e", "f", "g", "");
  private static final List<Question> QUESTIONS = List.of((s, k) -> s.integer(k, 0, 1000), (s, k) -> s.integer(k, 0, 1000, 5), (s, k) -> s.number(k),
      (s, k) -> s.number(k, 0.5), (s, k) -> s.flag(k, true), (s, k) -> s.text(k, ""), (s, k) -> s.integers(k, 0, 9), (s, k) -> s.section(k).integer("d", 0, 1));

  private final String name;
  private final List<byte[]> seeds;
  private final List<String> words;
  private final Function<byte[], Settings> parser;

  SettingsTarget(String name, List<String> seeds, List<String> words, Function<byte[], Settings> parser) {
    this.name = name;
    this.seeds = seeds.stream().map(Target::utf8).toList();
    this.words = words;
    this.parser = parser;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<byte[]> seeds() {
    return seeds;
  }

  @Override
  public List<String> words() {
    return words;
  }

  @Override
  public String label() {
    return "settings";
  }

  @Override
  public long bytesPerByte() {
    return 1000;  // A tree of small nodes is many times its text.
  }

  @Override
  public void read(byte[] input) {
    Settings settings = parser.apply(input);
    for (String key : KEYS) {
      settings.has(key);
      for (Question question : QUESTIONS) {
        try {
          question.ask(settings, key);
        } catch (ModelFormatException e) {
          if (e.getMessage().length() > MAX_MESSAGE) {
            throw e;
          }
        }
      }
    }
  }
}
