package io.gpa4j.verify;

import io.gpa4j.GenerateOptions;
import io.gpa4j.GenerateOptions.Allowed;
import io.gpa4j.Gpa;
import io.gpa4j.GpaException;
import io.gpa4j.Sampling;
import io.gpa4j.Tensor;
import io.gpa4j.verify.Goldens.Table;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The decoder over all prompts: activations and logits, greedy answers, sampling distributions. */
final class DecoderStages {
  private static final String GOLDEN = "golden";
  private static final double GREEDY_FIRM_ABOVE = 4e-4;
  private static final Pattern GREEDY = Pattern.compile("greedy_(full|restricted)(?:_rp([0-9.]+))?");
  private static final Pattern PROBABILITIES = Pattern.compile("probs_t([0-9.]+?)(?:_rp([0-9.]+?))?(?:_k([0-9]+))?(?:_p([0-9.]+))?");
  private static final Pattern LAST_ROWS = Pattern.compile("hidden_final_last([0-9]+)");

  private final Gpa gpa;
  private final Goldens goldens;
  private final VerifyOptions options;
  private final Map<String, Stage> stages = new LinkedHashMap<>();

  DecoderStages(Gpa gpa, Goldens goldens, VerifyOptions options) {
    this.gpa = gpa;
    this.goldens = goldens;
    this.options = options;
  }

  void run(Consumer<Stage> done) {
    if (!goldens.has("decoder")) {
      return;
    }
    stage("decoder");
    stage("sampling");
    try (Table table = goldens.open("decoder")) {
      Set<String> left = new TreeSet<>(table.names());
      for (String name : table.names()) {
        if (name.endsWith(".prompt")) {
          left.remove(name);
          prompt(table, name.substring(0, name.length() - ".prompt".length()), table.ints(name), left);
        }
      }
      left.removeIf(name -> name.endsWith("_margin"));
      if (!left.isEmpty()) {
        stage("decoder").fail("nothing to compare with " + String.join(", ", left));
      }
    }
    stages.values().forEach(done);
  }

  private Stage stage(String name) {
    return stages.computeIfAbsent(name, key -> new Stage(name, GOLDEN, options));
  }

  // Takes out of left what it compares.
  private void prompt(Table table, String prefix, int[] prompt, Set<String> left) {
    forward(table, prefix, prompt, left);
    for (String name : new TreeSet<>(table.names())) {
      if (!name.startsWith(prefix + ".")) {
        continue;
      }
      String part = name.substring(prefix.length() + 1);
      Matcher greedy = GREEDY.matcher(part);
      Matcher probabilities = PROBABILITIES.matcher(part);
      if (greedy.matches() || probabilities.matches()) {
        left.remove(name);
      }
      if (greedy.matches()) {
        generate(table, prefix, part, prompt, greedy);
      } else if (probabilities.matches()) {
        sample(table, prefix, part, prompt, probabilities);
      }
    }
  }

  private void forward(Table table, String prefix, int[] prompt, Set<String> left) {
    Stage stage = stage("decoder");
    boolean all = table.has(prefix + ".logits_all");
    try {
      List<Tensor> inputs = all ? List.of(Tensor.of("prompt", prompt), Tensor.of("all", 1)) : List.of(Tensor.of("prompt", prompt));
      gpa.networks().run("decoder", inputs, result -> {
        String name = prefix + "." + result.name();
        if (left.remove(name)) {
          stage.tensor(name, result.copy().floats(), table.floats(name));
        } else if (result.name().equals("hidden_final")) {
          lastRows(stage, table, prefix, result.copy(), left);
        }
        return true;
      });
    } catch (GpaException | IllegalArgumentException e) {
      stage.fail(prefix + ": " + e.getMessage());
    }
  }

  private static void lastRows(Stage stage, Table table, String prefix, Tensor hidden, Set<String> left) {
    for (String name : table.names()) {
      if (name.startsWith(prefix + ".") && LAST_ROWS.matcher(name.substring(prefix.length() + 1)).matches()) {
        left.remove(name);
        float[] want = table.floats(name);
        float[] got = hidden.floats();
        stage.tensor(name, Arrays.copyOfRange(got, Math.max(0, got.length - want.length), got.length), want);
      }
    }
  }

  private void generate(Table table, String prefix, String part, int[] prompt, Matcher mode) {
    Stage stage = stage(part.replace('_', ' '));
    String name = prefix + "." + part;
    try {
      int[] want = table.ints(name);
      Allowed allowed = mode.group(1).equals("full") ? Allowed.ALL : prefix.startsWith("asr") ? Allowed.TEXT : Allowed.SEMANTIC;
      Sampling sampling = mode.group(2) == null ? Sampling.greedy() : Sampling.greedy().withRepetitionPenalty(Float.parseFloat(mode.group(2)));
      int[] got = gpa.generate(prompt,
          GenerateOptions.builder().sampling(sampling).allowed(allowed).maxTokens(Math.max(1, want.length)).build()).ids();
      stage.answer(name, got, want, table.floatsOrNull(name + "_margin"), GREEDY_FIRM_ABOVE);
    } catch (GpaException | IllegalArgumentException e) {
      stage.fail(name + ": " + e.getMessage());
    }
  }

  private void sample(Table table, String prefix, String part, int[] prompt, Matcher settings) {
    Stage stage = stage("sampling");
    String name = prefix + "." + part;
    if (!table.has(prefix + ".logits_last")) {
      stage.fail(name + ": there is no " + prefix + ".logits_last to draw from");
      return;
    }
    try {
      Tensor[] inputs = {
        Tensor.of("logits", table.floats(prefix + ".logits_last")), Tensor.of("ids", prompt),
        Tensor.of("temperature", number(settings.group(1), 1)), Tensor.of("repetition_penalty", number(settings.group(2), 1)),
        Tensor.of("top_k", number(settings.group(3), 0)), Tensor.of("top_p", number(settings.group(4), 1))};
      for (Tensor result : gpa.networks().run("sampler", inputs)) {
        stage.probabilities(name, result.floats(), table.floats(name));
      }
    } catch (GpaException | IllegalArgumentException e) {
      stage.fail(name + ": " + e.getMessage());
    }
  }

  private static float number(String text, float otherwise) {
    return text == null ? otherwise : Float.parseFloat(text);
  }
}
