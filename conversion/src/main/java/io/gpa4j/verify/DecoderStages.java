package io.gpa4j.verify;

import io.gpa4j.CancelledException;
import io.gpa4j.GenerateOptions;
import io.gpa4j.GenerateOptions.Allowed;
import io.gpa4j.Gpa;
import io.gpa4j.GpaException;
import io.gpa4j.ModelFormatException;
import io.gpa4j.Sampling;
import io.gpa4j.Tensor;
import io.gpa4j.verify.Goldens.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The decoder over all prompts: activations and logits, greedy answers, sampling distributions. */
final class DecoderStages {
  private static final String GOLDEN = "golden";
  private static final String PROMPT = ".prompt";
  private static final double GREEDY_FIRM_ABOVE = 4e-4;
  private static final Pattern GREEDY = Pattern.compile("greedy_(full|restricted)(?:_rp([0-9.]+))?");
  private static final Pattern PROBABILITIES = Pattern.compile("probs_t([0-9.]+?)(?:_rp([0-9.]+?))?(?:_k([0-9]+))?(?:_p([0-9.]+))?");
  private static final Pattern LAST_ROWS = Pattern.compile("hidden_final_last([0-9]+)");

  // A prompt, and the names of its goldens by what follows the prefix and a dot.
  private record Prompt(String prefix, int[] ids, Map<String, String> goldens) {}

  private final Gpa gpa;
  private final Goldens goldens;
  private final VerifyOptions options;

  DecoderStages(Gpa gpa, Goldens goldens, VerifyOptions options) {
    this.gpa = gpa;
    this.goldens = goldens;
    this.options = options;
  }

  void run(Consumer<Stage> done) {
    if (!goldens.has("decoder")) {
      return;
    }
    try (Table table = goldens.open("decoder")) {
      List<Prompt> prompts = prompts(table);
      done.accept(decoder(table, prompts));
      Stage sampling = stage("sampling");
      prompts.forEach(prompt -> sample(sampling, table, prompt));
      done.accept(sampling);
      Set<String> modes = new TreeSet<>();
      prompts.forEach(prompt -> prompt.goldens().keySet().stream().filter(part -> GREEDY.matcher(part).matches()).forEach(modes::add));
      for (String mode : modes) {
        Stage answers = stage(mode.replace('_', ' '));
        prompts.stream().filter(prompt -> prompt.goldens().containsKey(mode)).forEach(prompt -> generate(answers, table, prompt, mode));
        done.accept(answers);
      }
    }
  }

  private static List<Prompt> prompts(Table table) {
    List<Prompt> prompts = new ArrayList<>();
    for (String name : table.names()) {
      if (name.endsWith(PROMPT)) {
        String prefix = name.substring(0, name.length() - PROMPT.length());
        Map<String, String> parts = new TreeMap<>();
        table.names().stream().filter(other -> other.startsWith(prefix + ".") && !other.equals(name))
            .forEach(other -> parts.put(other.substring(prefix.length() + 1), other));
        prompts.add(new Prompt(prefix, table.ints(name), parts));
      }
    }
    return prompts;
  }

  private Stage stage(String name) {
    return new Stage(name, GOLDEN, options);
  }

  private Stage decoder(Table table, List<Prompt> prompts) {
    Stage stage = stage("decoder");
    Set<String> left = new TreeSet<>(table.names());
    for (Prompt prompt : prompts) {
      left.remove(prompt.prefix() + PROMPT);
      // The other stages' share.
      prompt.goldens().forEach((part, name) -> {
        if (GREEDY.matcher(part).matches() || PROBABILITIES.matcher(part).matches()) {
          left.remove(name);
        }
      });
      forward(stage, table, prompt, left);
    }
    left.removeIf(name -> name.endsWith("_margin"));
    if (!left.isEmpty()) {
      stage.fail("nothing to compare with " + String.join(", ", left));
    }
    return stage;
  }

  // Takes out of left what it compares.
  private void forward(Stage stage, Table table, Prompt prompt, Set<String> left) {
    Tensor ids = Tensor.of("prompt", prompt.ids());
    try {
      gpa.networks().run("decoder", prompt.goldens().containsKey("logits_all") ? List.of(ids, Tensor.of("all", 1)) : List.of(ids), result -> {
        String name = prompt.goldens().get(result.name());
        if (name != null && left.remove(name)) {
          stage.tensor(name, result.copy().floats(), table.floats(name));
        } else if (result.name().equals("hidden_final")) {
          lastRows(stage, table, prompt, result.copy().floats(), left);
        }
        return true;
      });
    } catch (CancelledException e) {
      throw e;
    } catch (GpaException | IllegalArgumentException e) {
      stage.fail(prompt.prefix() + ": " + e.getMessage());
    }
  }

  private static void lastRows(Stage stage, Table table, Prompt prompt, float[] hidden, Set<String> left) {
    prompt.goldens().forEach((part, name) -> {
      if (LAST_ROWS.matcher(part).matches()) {
        left.remove(name);
        float[] want = table.floats(name);
        stage.tensor(name, Arrays.copyOfRange(hidden, Math.max(0, hidden.length - want.length), hidden.length), want);
      }
    });
  }

  private void generate(Stage stage, Table table, Prompt prompt, String part) {
    String name = prompt.goldens().get(part);
    Matcher mode = GREEDY.matcher(part);
    try {
      int[] want = table.ints(name);
      if (!mode.matches() || want.length == 0) {
        throw new ModelFormatException("the answer is empty");
      }
      Allowed allowed = mode.group(1).equals("full") ? Allowed.ALL : prompt.prefix().startsWith("asr") ? Allowed.TEXT : Allowed.SEMANTIC;
      Sampling sampling = mode.group(2) == null ? Sampling.greedy() : Sampling.greedy().withRepetitionPenalty(Float.parseFloat(mode.group(2)));
      int[] got = gpa.generate(prompt.ids(),
          GenerateOptions.builder().sampling(sampling).allowed(allowed).maxTokens(want.length).build()).ids();
      stage.answer(name, got, want, table.floatsOrNull(name + "_margin"), GREEDY_FIRM_ABOVE);
    } catch (CancelledException e) {
      throw e;
    } catch (GpaException | IllegalArgumentException e) {
      stage.fail(name + ": " + e.getMessage());
    }
  }

  private void sample(Stage stage, Table table, Prompt prompt) {
    String logits = prompt.goldens().get("logits_last");
    prompt.goldens().forEach((part, name) -> {
      Matcher settings = PROBABILITIES.matcher(part);
      if (settings.matches() && logits == null) {
        stage.fail(name + ": there is no " + prompt.prefix() + ".logits_last to draw from");
      } else if (settings.matches()) {
        distribution(stage, table, prompt, name, settings);
      }
    });
  }

  private void distribution(Stage stage, Table table, Prompt prompt, String name, Matcher settings) {
    try {
      Tensor[] inputs = {
        Tensor.of("logits", table.floats(prompt.goldens().get("logits_last"))), Tensor.of("ids", prompt.ids()),
        Tensor.of("temperature", number(settings.group(1), 1)), Tensor.of("repetition_penalty", number(settings.group(2), 1)),
        Tensor.of("top_k", number(settings.group(3), 0)), Tensor.of("top_p", number(settings.group(4), 1))};
      for (Tensor result : gpa.networks().run("sampler", inputs)) {
        stage.probabilities(name, result.floats(), table.floats(name));
      }
    } catch (CancelledException e) {
      throw e;
    } catch (GpaException | IllegalArgumentException e) {
      stage.fail(name + ": " + e.getMessage());
    }
  }

  private static float number(String text, float otherwise) {
    return text == null ? otherwise : Float.parseFloat(text);
  }
}
