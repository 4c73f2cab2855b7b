package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.GpaException;
import io.gpa4j.GpaIoException;
import io.gpa4j.ModelFile;
import io.gpa4j.ModelFormatException;
import io.gpa4j.SpeechOptions;
import io.gpa4j.TranscribeOptions;
import io.gpa4j.UnsupportedModelException;
import io.gpa4j.Voice;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way in which a model file can be wrong gives its typed error, which names the file and what in it. */
class BadModelTest {
  private static final String TENSOR = "decoder.blk.1.attn_q.weight";

  private static byte[] model;

  @TempDir Path folder;

  @BeforeAll
  static void readModel() {
    model = Gguf.read(Models.goldens("f32")).bytes();
  }

  @Test
  void unchanged_opens() {
    open(model);
  }

  @Test
  void missingTensor_isNamed() {
    refused(changed(file -> file.tensors.remove(TENSOR)), ModelFormatException.class, TENSOR, "missing");
  }

  @Test
  void renamedTensor_isNamed() {
    refused(changed(file -> file.tensors.put("decoder.blk.1.attn_queries.weight", file.tensors.remove(TENSOR))),
        ModelFormatException.class, TENSOR, "missing");
  }

  @Test
  void everyMissingTensor_isNoticed() throws IOException {
    List<String> unnoticed = new ArrayList<>();
    Gguf file = Gguf.read(model);
    Path path = Wav.write(folder.resolve("bad.gguf"), file.bytes());
    try (RandomAccessFile bytes = new RandomAccessFile(path.toFile(), "rw")) {
      file.describedAt.forEach((name, after) -> {
        // Another last letter of its name in place is much quicker than another file.
        replace(bytes, after - 1, '~');
        if (!(catchThrowable(() -> open(path)) instanceof GpaException)) {
          unnoticed.add(name);
        }
        replace(bytes, after - 1, name.charAt(name.length() - 1));
      });
    }
    assertThat(unnoticed).isEmpty();
  }

  @Test
  void truncatedTensor_isNamed() {
    Gguf file = Gguf.read(model);
    byte[] bytes = file.bytes();
    String last = List.copyOf(file.tensors.keySet()).get(file.tensors.size() - 1);
    refused(Arrays.copyOf(bytes, bytes.length - 64), ModelFormatException.class, last);
  }

  @Test
  void fileCutAnywhere_isRefused() {
    Random random = new Random(1);
    for (int i = 0; i < 24; i++) {
      int length = i < 20 ? random.nextInt(4000) : random.nextInt(model.length - 64);
      assertThatThrownBy(() -> open(Arrays.copyOf(model, length))).as("cut to %d", length).isInstanceOf(ModelFormatException.class);
    }
  }

  @Test
  void wrongShape_isNamed() {
    refused(changed(file -> file.tensors.compute(TENSOR, (name, tensor) ->
            new Gguf.Tensor(tensor.type(), new long[] {tensor.dims()[0] / 2, tensor.dims()[1] * 2}, tensor.data()))),
        ModelFormatException.class, TENSOR);
  }

  @Test
  void wrongRank_isNamed() {
    refused(changed(file -> file.tensors.compute(TENSOR, (name, tensor) ->
            new Gguf.Tensor(tensor.type(), new long[] {tensor.dims()[0] * tensor.dims()[1]}, tensor.data()))),
        ModelFormatException.class, TENSOR);
  }

  @Test
  void weightsThatAreNotFinite_areNamed_whenAskedFor() {
    for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      byte[] bytes = changed(file -> Gguf.edit(file.tensors.get(TENSOR).data()).putFloat(4 * 77, value));
      Path path = Wav.write(folder.resolve("nan.gguf"), bytes);
      assertThatThrownBy(() -> Gpa.builder(path).checkFinite(true).build()).isInstanceOf(ModelFormatException.class)
          .hasMessageContaining("nan.gguf").hasMessageContaining(TENSOR).hasMessageContaining("77");
    }
  }

  @Test
  void unknownVersion_isNamed() {
    refused(edited(4, 9), ModelFormatException.class, "version 9");
  }

  @Test
  void noGguf_isRefused() {
    refused(edited(0, 0), ModelFormatException.class, "GGUF");
    refused(new byte[0], ModelFormatException.class, "empty");
  }

  @Test
  void unknownTensorType_isNamed() {
    Gguf file = Gguf.read(model);
    byte[] bytes = file.bytes();
    Gguf.edit(bytes).putInt(file.describedAt.get(TENSOR) + 4 + 16, 99);
    refused(bytes, ModelFormatException.class, TENSOR, "99");
  }

  @Test
  void unknownMetadataType_isNamed() {
    String key = "gpa.decoder.block_count";
    for (int type : new int[] {13, 99, -1}) {
      refused(changed(file -> Gguf.edit(file.values.get(key)).putInt(type)), ModelFormatException.class, key, String.valueOf(type));
    }
  }

  @Test
  void arrayAndTextLengthsThatOverflow_areRefused() {
    for (long count : new long[] {-1, Long.MAX_VALUE, 1L << 40}) {
      refused(changed(file -> Gguf.edit(file.values.get("gpa.codec.generator.rates")).putLong(8, count)), ModelFormatException.class,
          "gpa.codec.generator.rates");
      refused(changed(file -> Gguf.edit(file.values.get("general.name")).putLong(4, count)), ModelFormatException.class, "general.name");
    }
  }

  @Test
  void samplingOutOfRange_isNamed() {
    for (String key : new String[] {"temperature", "top_p", "repetition_penalty"}) {
      refused(changed(file -> file.putF32("gpa.sampling." + key, -1)), ModelFormatException.class, "gpa.sampling");
      refused(changed(file -> file.putF32("gpa.sampling." + key, Float.NaN)), ModelFormatException.class, "gpa.sampling");
      refused(changed(file -> file.putString("gpa.sampling." + key, "hot")), ModelFormatException.class, "gpa.sampling");
    }
  }

  @Test
  void weightsThatAreNotFinite_unchecked_neverCrash() {
    AudioSource audio = AudioSource.of(Project.goldens().resolve("odd.wav"));
    TranscribeOptions few = TranscribeOptions.builder().maxTokens(4).build();
    Voice voice = Voice.of("v", new int[Voice.TOKENS]);
    for (String tensor : new String[] {TENSOR, "decoder.token_embd.weight", "glm.conv1.weight", "glm.codebook", "wav2vec2.conv.0.weight",
        "codec.quantizer.codebook", "codec.encoder.project.weight", "codec.generator.conv_in.weight", "speaker.conv1.weight",
        "speaker.fsq_in.weight"}) {
      byte[] bytes = changed(file -> Gguf.edit(file.tensors.get(tensor).data()).putFloat(0, Float.NaN));
      try (Gpa gpa = Gpa.builder(Wav.write(folder.resolve("nan.gguf"), bytes)).build()) {
        for (Runnable call : List.<Runnable>of(() -> gpa.transcribe(audio, few), () -> gpa.enroll("a", audio),
            () -> gpa.speak("a", voice, SpeechOptions.builder().maxTokens(4).build()).close())) {
          Throwable thrown = catchThrowable(call::run);
          if (thrown != null) {
            assertThat(thrown).as(tensor).isInstanceOf(GpaException.class).hasMessageContaining("finite");
          }
        }
      }
    }
  }

  @Test
  void tensorTypeTooSmallForItsUse_isNamed() {
    String norm = "decoder.output_norm.weight";
    refused(changed(file -> file.tensors.compute(norm, (name, tensor) ->
        new Gguf.Tensor(1, tensor.dims(), new byte[tensor.data().length / 2]))), UnsupportedModelException.class, norm);
  }

  @Test
  void overlongFile_isRefused() {
    refused(Arrays.copyOf(model, model.length + 1000), ModelFormatException.class, "overlong");
  }

  @Test
  void offsetPastTheEnd_isNamed() {
    Gguf file = Gguf.read(model);
    for (long offset : new long[] {1L << 40, Long.MAX_VALUE / 64 * 64, -64}) {
      byte[] bytes = file.bytes();
      Gguf.edit(bytes).putLong(file.describedAt.get(TENSOR) + 4 + 16 + 4, offset);
      refused(bytes, ModelFormatException.class, TENSOR);
    }
  }

  @Test
  void shapeThatOverflows_isNamed() {
    Gguf file = Gguf.read(model);
    byte[] bytes = file.bytes();
    Gguf.edit(bytes).putLong(file.describedAt.get(TENSOR) + 4, 1L << 62).putLong(file.describedAt.get(TENSOR) + 12, 1L << 62);
    refused(bytes, ModelFormatException.class, TENSOR);
  }

  @Test
  void countsThatOverflow_areRefused() {
    for (long count : new long[] {-1, Long.MAX_VALUE, 1L << 40}) {
      byte[] tensors = model.clone();
      Gguf.edit(tensors).putLong(Gguf.COUNT_OF_TENSORS_AT, count);
      refused(tensors, ModelFormatException.class, "tensor count");
      byte[] values = model.clone();
      Gguf.edit(values).putLong(Gguf.COUNT_OF_VALUES_AT, count);
      refused(values, ModelFormatException.class, "metadata count");
    }
  }

  @Test
  void metadataMissingOrOfAnotherKind_isNamed() {
    for (String key : new String[] {"gpa.decoder.block_count", "gpa.tokens.semantic.first", "gpa.codec.hop", "gpa.networks"}) {
      refused(changed(file -> file.values.remove(key)), GpaException.class, key);
      refused(changed(file -> file.putString(key, "many")), GpaException.class, key);
    }
  }

  @Test
  void metadataOutOfRange_isRefused() {
    List<String> unnoticed = new ArrayList<>();
    for (String key : new String[] {"gpa.decoder.block_count", "gpa.decoder.head_count", "gpa.decoder.head_dim", "gpa.decoder.vocab_size",
        "gpa.glm.block_count", "gpa.wav2vec2.head_count", "gpa.speaker.n_fft", "gpa.speaker.hop_length", "gpa.codec.hop"}) {
      for (int value : new int[] {0, 1 << 30, -1}) {
        if (!(catchThrowable(() -> open(changed(file -> file.putU32(key, value)))) instanceof GpaException)) {
          unnoticed.add(key + " = " + value);
        }
      }
    }
    assertThat(unnoticed).isEmpty();
  }

  @Test
  void otherArchitecture_isNamed() {
    refused(changed(file -> file.putString("general.architecture", "llama")), UnsupportedModelException.class, "llama");
  }

  @Test
  void newerFormat_isNamed() {
    refused(changed(file -> file.putU32("gpa.format_version", 2)), UnsupportedModelException.class, "gpa.format_version");
  }

  @Test
  void metadataThatWouldMultiplyMemoryOrTime_isRefused() {
    refused(changed(file -> file.putU32("gpa.codec.hop", 1 << 20)), ModelFormatException.class, "gpa.codec.hop");
    refused(changed(file -> file.putU32("gpa.glm.pooling", 1000)), ModelFormatException.class, "gpa.glm.pooling");
    refused(changed(file -> file.putU32("gpa.glm.mel_bins", 4096)), ModelFormatException.class, "gpa.glm.mel_bins");
    refused(changed(file -> file.putU32("gpa.speaker.clip_samples", 1 << 26)), ModelFormatException.class, "gpa.speaker.clip_samples");
    refused(changed(file -> file.putU32("gpa.speaker.clip_samples", 100)), ModelFormatException.class, "gpa.speaker.clip_samples");
    refused(changed(file -> file.putU32("gpa.speaker.hop_length", 1)), ModelFormatException.class, "hop_length");
    refused(changed(file -> file.putU32("gpa.speaker.n_fft", 16_381)), UnsupportedModelException.class, "gpa.speaker.n_fft");
  }

  @Test
  void networkNamedTwice_isRefused() {
    refused(changed(file -> file.putStrings("gpa.networks", "decoder", "glm", "wav2vec2", "codec", "speaker", "glm")),
        ModelFormatException.class, "gpa.networks");
  }

  @Test
  void epsilonThatIsNoNumber_isRefused() {
    refused(changed(file -> file.putF32("gpa.wav2vec2.layer_norm_epsilon", Float.NaN)), ModelFormatException.class, "layer_norm_epsilon");
    refused(changed(file -> file.putF32("gpa.decoder.rope_theta", -1)), ModelFormatException.class, "rope_theta");
  }

  @Test
  void quantiserLevelsThatOverflow_areNamed() {
    refused(changed(file -> file.putI32s("gpa.speaker.fsq_levels", 65_536, 65_536)), UnsupportedModelException.class, "gpa.speaker.fsq_levels");
  }

  @Test
  void samplingThatCannotBe_isRefused() {
    refused(changed(file -> file.putF32("gpa.sampling.temperature", -1)), ModelFormatException.class, "gpa.sampling", "temperature");
    refused(changed(file -> file.putString("gpa.sampling.top_p", "all")), ModelFormatException.class, "gpa.sampling.top_p");
  }

  @Test
  void namesThatAreNotUtf8_areRefused() {
    for (String name : new String[] {"gpa.codec.hop", TENSOR}) {
      byte[] bytes = model.clone();
      bytes[indexOf(bytes, name)] = (byte) 0xFF;
      Path path = Wav.write(folder.resolve("bad.gguf"), bytes);
      assertThatThrownBy(() -> ModelFile.open(path)).isInstanceOf(ModelFormatException.class).hasMessageContainingAll("bad.gguf", "UTF-8");
    }
  }

  @Test
  void textTokenizerOfAnotherKind_orWithIdsBeyondCounting_isNamed() {
    Path number = Wav.write(folder.resolve("number.gguf"), changed(file -> file.putU32("tokenizer.huggingface.json", 1)));
    String json = "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":4294967295},\"merges\":[]}}";
    Path ids = Wav.write(folder.resolve("ids.gguf"), changed(file -> file.putString("tokenizer.huggingface.json", json)));
    for (Path path : new Path[] {number, ids}) {
      try (Gpa gpa = Gpa.builder(path).build()) {
        assertThatThrownBy(() -> gpa.encode("a", false)).isInstanceOf(ModelFormatException.class)
            .hasMessageContaining(path.getFileName().toString()).hasMessageContaining("tokenizer.huggingface.json");
      }
    }
  }

  @Test
  void brokenTextTokenizer_isNamed() {
    for (String json : new String[] {"", "{", "[]", "{\"model\": 3}"}) {
      Path path = Wav.write(folder.resolve("tokenizer.gguf"), changed(file -> file.putString("tokenizer.huggingface.json", json)));
      try (Gpa gpa = Gpa.builder(path).build()) {
        assertThatThrownBy(() -> gpa.encode("a", false)).isInstanceOf(ModelFormatException.class)
            .hasMessageContaining("tokenizer.gguf").hasMessageContaining("tokenizer.huggingface.json");
      }
    }
  }

  @Test
  void aFolder_andNoFile_areRefused() {
    assertThatThrownBy(() -> Gpa.builder(folder).build()).isInstanceOf(GpaIoException.class);
    assertThatThrownBy(() -> Gpa.builder(folder.resolve("none.gguf")).build())
        .isInstanceOf(GpaIoException.class).hasMessageContaining("none.gguf");
    assertThatThrownBy(() -> ModelFile.open(folder.resolve("none.gguf"))).isInstanceOf(GpaIoException.class);
  }

  @Test
  void anyByteOfTheHeaderChanged_neverCrashes() throws IOException {
    Random random = new Random(2);
    Gguf file = Gguf.read(model);
    byte[] good = file.bytes();
    Path path = Wav.write(folder.resolve("bad.gguf"), good);
    int header = file.describedAt.values().stream().max(Integer::compare).orElseThrow() + 40;
    try (RandomAccessFile bytes = new RandomAccessFile(path.toFile(), "rw")) {
      for (int i = 0; i < 400; i++) {
        // Not in the tokenizer's text, which is most of the header.
        int at = i % 2 == 0 ? random.nextInt(2000) : header - 1 - random.nextInt(30_000);
        replace(bytes, at, random.nextInt(256));
        Throwable thrown = catchThrowable(() -> open(path));
        if (thrown != null) {
          assertThat(thrown).as("byte %d", at).isInstanceOf(GpaException.class).hasMessageContaining("bad.gguf");
        }
        replace(bytes, at, good[at]);
      }
    }
  }

  private static void replace(RandomAccessFile file, int at, int value) {
    try {
      file.seek(at);
      file.write(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int indexOf(byte[] bytes, String text) {
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
    assertThat(at).isPositive();
    return at;
  }

  private void refused(byte[] bytes, Class<? extends Exception> type, String... said) {
    assertThatThrownBy(() -> open(bytes)).isInstanceOf(type).hasMessageContaining("bad.gguf").hasMessageContainingAll(said);
  }

  private void open(byte[] bytes) {
    open(Wav.write(folder.resolve("bad.gguf"), bytes));
  }

  private static void open(Path path) {
    Gpa.builder(path).threads(1).build().close();
  }

  private static byte[] edited(int at, int value) {
    byte[] bytes = model.clone();
    Gguf.edit(bytes).putInt(at, value);
    return bytes;
  }

  private static byte[] changed(Consumer<Gguf> change) {
    Gguf file = Gguf.read(model);
    change.accept(file);
    return file.bytes();
  }
}
