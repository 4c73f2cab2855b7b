package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The native flow api, engine, models, layers, kernels, read from the #include lines. */
class IncludeRulesTest {
  private static final Pattern INCLUDE = Pattern.compile("^\\s*#\\s*include\\s*[<\"]([^>\"]+)[>\"]");
  private static final List<String> FLOW = List.of("layers", "models", "engine", "api");

  /** A file, relative to the root, and what it includes. */
  private record Include(String file, String what) {
    @Override
    public String toString() {
      return file + " includes " + what;
    }
  }

  @Test
  void kernels_neverSeeNative() {
    assertNone("kernels", (file, what) -> what.startsWith("gpa/gpa.h")
        || Stream.of("api/", "engine/", "models/", "layers/", "io/", "audio/", "error.h", "log.h").anyMatch(what::startsWith));
  }

  @Test
  void native_seesOnlyThePublicHeadersOfKernels() {
    assertNone("native", (file, what) -> what.contains("kernels/src") || what.startsWith("cpu/") || what.startsWith("reference/"));
  }

  @Test
  void flow_neverTurnsBack() {
    assertNone("native/src", (file, what) -> {
      int from = FLOW.indexOf(folder(file.substring("native/src/".length())));
      int to = FLOW.indexOf(folder(what));
      // weights.h looks tensors up by name and knows no network: it belongs below the layers.
      return from >= 0 && to > from && !what.equals("models/weights.h");
    });
  }

  @Test
  void networks_neverIncludeEachOther() {
    // model.h holds them all, and weights.h serves them all; neither is a network. What begins with a network's name is part of it.
    assertNone("native/src/models", (file, what) -> {
      String self = stem(file);
      return what.startsWith("models/") && !self.equals("model") && !self.startsWith(stem(what)) && isNetwork(stem(what));
    });
  }

  @Test
  void nobody_includesTheApi() {
    assertNone("native/src", (file, what) -> what.startsWith("api/") && !file.startsWith("native/src/api/"));
    assertNone("kernels", (file, what) -> what.startsWith("api/"));
  }

  @Test
  void cudaHeaders_standUnderTheirBackendOnly() {
    BiPredicate<String, String> cuda = (file, what) -> !file.startsWith("kernels/src/cuda/")
        && (what.startsWith("cuda") || what.startsWith("cublas") || what.startsWith("nv") || what.endsWith(".cuh"));
    assertNone("kernels", cuda);
    assertNone("native", cuda);
  }

  private static boolean isNetwork(String stem) {
    return Files.exists(Project.root().resolve("native/src/models/" + stem + ".cc"))
        && List.of("qwen3", "glm_tokenizer", "wav2vec2", "bicodec_encoder", "speaker_encoder", "bicodec_decoder").contains(stem);
  }

  private static void assertNone(String folder, BiPredicate<String, String> forbidden) {
    List<Include> includes = includes(folder);
    assertThat(includes).as("includes in %s", folder).isNotEmpty();
    assertThat(includes).filteredOn(include -> forbidden.test(include.file, include.what)).isEmpty();
  }

  private static List<Include> includes(String folder) {
    List<Include> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Project.root().resolve(folder))) {
      for (Path file : files.filter(f -> f.toString().matches(".*\\.(h|cc|cu|cuh|c|inc)")).toList()) {
        for (String line : Files.readAllLines(file)) {
          Matcher matcher = INCLUDE.matcher(line);
          if (matcher.find()) {
            found.add(new Include(Project.root().relativize(file).toString(), matcher.group(1)));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  private static String folder(String path) {
    int slash = path.indexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  private static String stem(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return name.substring(0, name.lastIndexOf('.'));
  }
}
