package io.gpa4j.fabricate;

import io.gpa4j.AudioSource;
import io.gpa4j.GenerateOptions;
import io.gpa4j.GenerateOptions.Allowed;
import io.gpa4j.Gpa;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.Tensor;
import io.gpa4j.Voice;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A process that runs all networks of models on a made-up sound and writes down all that they show. */
final class OddShapesOutputs {
  private static final int SAMPLES = 27_001;

  private OddShapesOutputs() {}

  /** Arguments: the folder of the results, and models; the results of x.gguf are x.results. */
  public static void main(String[] args) throws IOException {
    for (int i = 1; i < args.length; i++) {
      Path model = Path.of(args[i]);
      write(Path.of(args[0], model.getFileName().toString().replace(".gguf", ".results")), run(model));
    }
  }

  private static List<Tensor> run(Path model) {
    List<Tensor> all = new ArrayList<>();
    try (Gpa gpa = Gpa.builder(model).threads(2).build()) {
      float[] wav = sound();
      float[] normalized = named(keep(all, gpa.networks().run("volume", Tensor.of("wav", wav))), "wav_normalized");
      List<Tensor> mel = keep(all, gpa.networks().run("glm_mel", Tensor.of("wav", wav)));
      keep(all, gpa.networks().run("glm_tokenizer", tensor(mel, "glm_mel"), Tensor.of("samples", SAMPLES)));
      List<Tensor> features = keep(all, gpa.networks().run("wav2vec2", Tensor.of("wav_normalized", normalized)));
      List<Tensor> codes = keep(all, gpa.networks().run("bicodec_encoder", tensor(features, "w2v_feat")));
      List<Tensor> clip = keep(all, gpa.networks().run("speaker_mel", Tensor.of("wav_normalized", normalized)));
      List<Tensor> voice = keep(all, gpa.networks().run("speaker_encoder", tensor(clip, "speaker_mel")));
      keep(all, gpa.networks().run("bicodec_decoder", tensor(codes, "semantic_ids"), tensor(voice, "global_ids")));
      keep(all, gpa.networks().run("decoder", Tensor.of("prompt", prompt(131)), Tensor.of("all", 1)));
      for (Allowed allowed : Allowed.values()) {
        int[] answer = gpa.generate(prompt(9), GenerateOptions.builder().allowed(allowed).maxTokens(24).build()).ids();
        all.add(Tensor.of("generated_" + allowed, answer));
      }
      all.add(Tensor.of("said", said(gpa, gpa.enroll("v", AudioSource.of(wav)))));
    }
    return all;
  }

  private static int[] said(Gpa gpa, Voice voice) {
    SpeechOptions options = SpeechOptions.builder().sampling(gpa.speechSampling().withRepetitionPenalty(1.1f)).seed(4).maxTokens(40).build();
    try (Speech speech = gpa.speak("some words, and more", voice, options)) {
      return speech.tokens();
    }
  }

  /** Ids of the smallest vocabulary among the shapes. */
  static int[] prompt(int length) {
    return new Random(length).ints(length, 0, 4640).toArray();
  }

  private static float[] sound() {
    Random random = new Random(5);
    float[] wav = new float[SAMPLES];
    for (int i = 0; i < wav.length; i++) {
      wav[i] = (float) (0.3 * Math.sin(i * 0.05 + 3 * Math.sin(i * 0.0007)) * Math.sin(i * 0.0003) + 0.02 * random.nextGaussian());
    }
    return wav;
  }

  private static List<Tensor> keep(List<Tensor> all, List<Tensor> results) {
    all.addAll(results);
    return results;
  }

  private static Tensor tensor(List<Tensor> results, String name) {
    return results.stream().filter(result -> result.name().equals(name)).findFirst().orElseThrow();
  }

  static float[] named(List<Tensor> results, String name) {
    return tensor(results, name).floats();
  }

  private static void write(Path file, List<Tensor> tensors) throws IOException {
    try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
      out.writeInt(tensors.size());
      for (Tensor tensor : tensors) {
        out.writeUTF(tensor.name());
        out.writeBoolean(tensor.isInts());
        int[] ints = tensor.isInts() ? tensor.ints() : new int[0];
        float[] floats = tensor.isInts() ? new float[0] : tensor.floats();
        out.writeInt(ints.length + floats.length);
        for (int value : ints) {
          out.writeInt(value);
        }
        for (float value : floats) {
          out.writeFloat(value);
        }
      }
    }
  }

  /** What such a process wrote, by name. */
  static Map<String, Tensor> read(Path file) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      for (int left = in.readInt(); left > 0; left--) {
        String name = in.readUTF();
        boolean isInts = in.readBoolean();
        int count = in.readInt();
        int[] ints = new int[isInts ? count : 0];
        float[] floats = new float[isInts ? 0 : count];
        for (int i = 0; i < count; i++) {
          if (isInts) {
            ints[i] = in.readInt();
          } else {
            floats[i] = in.readFloat();
          }
        }
        tensors.put(name, isInts ? Tensor.of(name, ints) : Tensor.of(name, floats));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return tensors;
  }
}
