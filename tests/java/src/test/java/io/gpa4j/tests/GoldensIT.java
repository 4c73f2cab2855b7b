package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gpa4j.AudioSource;
import io.gpa4j.GenerateOptions;
import io.gpa4j.Gpa;
import io.gpa4j.Sampling;
import io.gpa4j.Tensor;
import java.io.IOException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whole requests on the goldens' model give what the reference's pipeline gives. */
class GoldensIT {
  private static Gpa gpa;
  private static JsonNode summary;
  private static Safetensors decoder;

  @BeforeAll
  static void open() throws IOException {
    gpa = Gpa.builder(Models.goldens("f32")).build();
    summary = new ObjectMapper().readTree(Project.goldens().resolve("summary.json").toFile());
    decoder = Safetensors.read(Project.goldens().resolve("decoder.safetensors"));
  }

  @AfterAll
  static void close() {
    gpa.close();
  }

  @Test
  void text_isTokenizedAsByTheReference() {
    for (JsonNode line : summary.get("tokenization")) {
      String text = line.get("text").asText();
      assertThat(gpa.encode(text, false)).as(text).containsExactly(ints(line.get("plain_ids")));
      assertThat(gpa.encode(text, true)).as(text).containsExactly(ints(line.get("ids")));
    }
  }

  @Test
  void plainText_encodedAndDecoded_isItself() {
    for (JsonNode line : summary.get("tokenization")) {
      String text = line.get("text").asText();
      assertThat(gpa.decode(gpa.encode(text, false))).isEqualTo(Normalizer.normalize(text, Normalizer.Form.NFC));
    }
  }

  @Test
  void greedyAnswers_areTheReferences() {
    for (String clip : clips()) {
      for (String task : List.of("asr", "tts", "vc")) {
        GenerateOptions.Allowed restricted = task.equals("asr") ? GenerateOptions.Allowed.TEXT : GenerateOptions.Allowed.SEMANTIC;
        assertAnswer(task + "_" + clip, "full", GenerateOptions.Allowed.ALL, 1);
        assertAnswer(task + "_" + clip, "restricted", restricted, 1);
        assertAnswer(task + "_" + clip, "full_rp1.2", GenerateOptions.Allowed.ALL, 1.2f);
        assertAnswer(task + "_" + clip, "restricted_rp1.2", restricted, 1.2f);
      }
    }
  }

  private static void assertAnswer(String prompt, String mode, GenerateOptions.Allowed allowed, float penalty) {
    int[] want = decoder.ints(prompt + ".greedy_" + mode);
    GenerateOptions options = GenerateOptions.builder().allowed(allowed).sampling(Sampling.greedy().withRepetitionPenalty(penalty))
        .maxTokens(want.length).build();
    assertThat(gpa.generate(decoder.ints(prompt + ".prompt"), options).ids()).as("%s %s", prompt, mode).containsExactly(want);
  }

  @Test
  void enrolledVoices_areTheReferences() {
    for (String clip : clips()) {
      AudioSource audio = AudioSource.of(Project.goldens().resolve(clip + ".wav"));
      assertThat(gpa.enroll(clip, audio).tokens()).as(clip).containsExactly(stages(clip).ints("global_ids"));
    }
  }

  @Test
  void waveforms_ofTheReferencesTokens_areTheReferences() {
    for (String clip : clips()) {
      Safetensors stages = stages(clip);
      List<Tensor> results = gpa.networks().run("bicodec_decoder",
          Tensor.of("semantic_ids", stages.ints("semantic_ids")), Tensor.of("global_ids", stages.ints("global_ids")));
      float[] got = results.stream().filter(tensor -> tensor.name().equals("decode_wav")).findFirst().orElseThrow().floats();
      float[] want = stages.floats("decode_wav");
      double error = 0;
      double power = 0;
      for (int i = 0; i < want.length; i++) {
        error += Math.pow(got[i] - want[i], 2);
        power += want[i] * want[i];
      }
      assertThat(10 * Math.log10(power / error)).as("signal to noise of %s in dB", clip).isGreaterThan(80);
    }
  }

  private static Safetensors stages(String clip) {
    return Safetensors.read(Project.goldens().resolve(clip + ".safetensors"));
  }

  private static List<String> clips() {
    List<String> names = new ArrayList<>();
    summary.get("clips").forEach(clip -> names.add(clip.get("name").asText()));
    return names;
  }

  private static int[] ints(JsonNode array) {
    int[] ints = new int[array.size()];
    Arrays.setAll(ints, i -> array.get(i).asInt());
    return ints;
  }
}
