package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * Every public type of the library shows how it is used. These examples, and the README's, are compiled as they stand and run in a folder that
 * holds what they name. Where an example catches an exception, that is what it meets.
 */
@Timeout(300)
class ExamplesIT {
  private static final Path API = Project.root().resolve("java/gpa4j/src/main/java/io/gpa4j");
  private static final Pattern DECLARATION = Pattern.compile("^public (?:abstract |final |sealed )*(?:class|interface|enum|record) (\\w+)", Pattern.MULTILINE);
  private static final Pattern EXAMPLE = Pattern.compile("<pre>\\{@code\\n(.*?)\\n *\\* *}</pre>", Pattern.DOTALL);
  private static final Pattern README_EXAMPLE = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
  // What no example can bring about.
  private static final List<String> NOT_MET = List.of("GpaOutOfMemoryException");

  private static final String HEAD = """
      import io.gpa4j.*;
      import io.gpa4j.micrometer.*;
      import io.micrometer.core.instrument.*;
      import io.micrometer.core.instrument.simple.*;
      import java.io.*;
      import java.nio.*;
      import java.nio.file.*;
      import java.time.*;
      import java.util.*;
      import java.util.concurrent.*;
      import javax.sound.sampled.*;

      class Examples {
        static Gpa gpa;
        static Voice anna;
        static SourceDataLine line = (SourceDataLine) java.lang.reflect.Proxy.newProxyInstance(Examples.class.getClassLoader(),
            new Class<?>[] {SourceDataLine.class}, (proxy, method, args) -> method.getName().equals("write") ? args[2] : null);
        static MeterRegistry registry = new SimpleMeterRegistry();
        static boolean caught;
        interface Example { void run() throws Exception; }

        static void run(String name, boolean catches, Example example) {
          caught = false;
          try {
            example.run();
            System.out.println("\\n" + name + (catches && !caught ? ": what it catches was not thrown" : ": ran"));
          } catch (Throwable e) {
            System.out.println("\\n" + name + ": " + e);
          }
        }
      """;

  @TestFactory
  Stream<DynamicTest> everyExample_compilesAndRuns() throws Exception {
    Map<String, String> examples = new TreeMap<>();
    List<String> without = new ArrayList<>();
    for (Path source : sources()) {
      collect(source, examples, without);
    }
    Matcher readme = README_EXAMPLE.matcher(Files.readString(Project.root().resolve("README.md")));
    for (int i = 1; readme.find(); i++) {
      examples.put("README_" + i, readme.group(1));
    }
    List<String> lines = run(examples).lines().toList();
    Stream<DynamicTest> each = examples.keySet().stream().map(name -> dynamicTest(name, () -> assertThat(lines).contains(name + ": ran")));
    return Stream.concat(Stream.of(dynamicTest("every public type has one", () -> assertThat(without).isEmpty())), each);
  }

  private static List<Path> sources() throws IOException {
    try (Stream<Path> files = Files.walk(API)) {
      return files.filter(file -> file.toString().endsWith(".java") && !file.startsWith(API.resolve("internal"))).sorted().toList();
    }
  }

  private static void collect(Path source, Map<String, String> examples, List<String> without) throws IOException {
    String text = Files.readString(source);
    Matcher type = DECLARATION.matcher(text);
    if (!type.find()) {
      return;
    }
    if (!EXAMPLE.matcher(text.substring(0, type.start())).find()) {
      without.add(type.group(1));
    }
    Matcher example = EXAMPLE.matcher(text);
    for (int i = 1; example.find(); i++) {
      examples.put(type.group(1) + "_" + i, example.group(1).replaceAll("(?m)^ *\\* ?", ""));
    }
  }

  private static String run(Map<String, String> examples) throws Exception {
    Path folder = folder();
    StringBuilder code = new StringBuilder(HEAD);
    StringBuilder main = new StringBuilder("  public static void main(String[] args) throws Exception {\n    gpa = Gpa.builder(Path.of(\"gpa.gguf\")).build();\n"
        + "    anna = gpa.enroll(\"anna\", AudioSource.of(Path.of(\"anna.wav\")));\n");
    examples.forEach((name, text) -> {
      boolean catches = text.contains("catch (") && NOT_MET.stream().noneMatch(text::contains);
      code.append("  static void ").append(name).append("() throws Exception {\n")
          .append(text.replaceAll("catch \\((\\w+) e\\) \\{", "catch ($1 e) {\n  caught = true;")).append("\n  }\n");
      main.append("    run(\"").append(name).append("\", ").append(catches).append(", Examples::").append(name).append(");\n");
    });
    Path source = Files.writeString(folder.resolve("Examples.java"), code.append(main).append("    gpa.close();\n  }\n}\n"));
    int failed = ToolProvider.getSystemJavaCompiler().run(null, null, null, "-proc:none", "-nowarn", "-d", folder.toString(),
        "-cp", System.getProperty("java.class.path"), source.toString());
    assertThat(failed).as("javac %s", source).isZero();
    return output(folder);
  }

  /** A folder with what the examples name. */
  private static Path folder() throws IOException {
    Path folder = Files.createDirectories(Project.work().resolve("examples"));
    Files.copy(Project.demoModel(), folder.resolve("gpa.gguf"), StandardCopyOption.REPLACE_EXISTING);
    Files.copy(Project.clip(1), folder.resolve("talk.wav"), StandardCopyOption.REPLACE_EXISTING);
    Files.copy(Demo.voice("bella"), folder.resolve("anna.wav"), StandardCopyOption.REPLACE_EXISTING);
    assertThat(Cli.run("export-llama", Project.demoModel(), "-o", folder.resolve("decoder.gguf")).code()).isZero();
    return folder;
  }

  private static String output(Path folder) throws IOException, InterruptedException {
    Path out = folder.resolve("out.txt");
    String classPath = folder + System.getProperty("path.separator") + System.getProperty("java.class.path");
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Djava.awt.headless=true", "-cp", classPath, "Examples")
        .directory(folder.toFile()).redirectErrorStream(true).redirectOutput(out.toFile()).start();
    assertThat(process.waitFor(4, TimeUnit.MINUTES)).isTrue();
    String text = Files.readString(out);
    assertThat(process.exitValue()).as(text).isZero();
    return text;
  }
}
