package io.gpa4j.tests.fuzz;

import io.gpa4j.AudioSource;
import io.gpa4j.ModelFile;
import io.gpa4j.Voice;
import io.gpa4j.checkpoint.CheckpointFolder;
import io.gpa4j.checkpoint.SafetensorsFile;
import io.gpa4j.checkpoint.Settings;
import io.gpa4j.checkpoint.StoredTensor;
import io.gpa4j.checkpoint.TensorStore;
import io.gpa4j.checkpoint.TorchFile;
import io.gpa4j.gguf.Inspector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** All readers of files, on files in a folder, best one in memory. */
final class Targets {
  private static final List<String> JSON = List.of("{", "}", "[", "]", "\"", ":", ",", "{\"a\":", "[[", "null", "true", "\\u0000", "\\ud800", "\"\"",
      "\"a\":1,", "1e999", "{}", "[]", "\u0000", "\u00ff", " ", "//", "NaN");
  /** Pieces of GGUF files. */
  static final List<String> GGUF = List.of("GGUF", "general.alignment", "\u0008\0\0\0", "\t\0\0\0", "\1\0\0\0\0\0\0\0");
  private static final int MOST_ELEMENTS = 1 << 16;

  private Targets() {}

  /** A target of each reader. */
  static List<Target> all(Path folder) {
    return List.of(safetensors(folder), shards(folder), torch(folder), pickle(folder), json(), yaml(), voice(folder), wav(folder), ffmpeg(folder),
        gguf(folder), ModelTarget.ofFiles(folder.resolve("whole.gguf")), ModelTarget.ofTokenizers(folder.resolve("text.gguf")),
        QuantizeTargets.importance(folder), QuantizeTargets.quantize(folder), QuantizeTargets.importLlama(folder), QuantizeTargets.exportLlama(folder),
        new ConfigTarget(folder));
  }

  static List<String> names() {
    return List.of("safetensors", "shards", "torch", "pickle", "json", "yaml", "voice", "audio", "ffmpeg", "gguf", "model", "tokenizer",
        "importance", "quantize", "llama", "export", "config");
  }

  // ---- checkpoints ----

  private static Target safetensors(Path folder) {
    List<String> words = append(JSON, "\"dtype\":\"F32\"", "\"dtype\":\"F64\"", "\"dtype\":\"I64\"", "\"shape\":[2,2]", "\"data_offsets\":[0,16]", "__metadata__");
    return new FileTarget("safetensors", folder.resolve("weights.safetensors"), Targets::safetensorsSeeds, words, 1 << 20, file -> {
      try (TensorStore store = SafetensorsFile.open(file)) {
        readTensors(store);
      }
    }).repairedBy(Targets::withHeaderLength);
  }

  /** With the length of a header that ends at the last brace. */
  private static byte[] withHeaderLength(byte[] input) {
    int end = input.length;
    while (end > Long.BYTES && input[end - 1] != '}') {
      end--;
    }
    return end == Long.BYTES || input.length < Long.BYTES ? input
        : new Bytes().number(end - Long.BYTES, 8).raw(Arrays.copyOfRange(input, Long.BYTES, input.length)).toArray();
  }

  private static List<byte[]> safetensorsSeeds() {
    return List.of(safetensors("{}", 0),
        safetensors("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}", 16),
        safetensors("{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]},"
            + "\"b\":{\"dtype\":\"F16\",\"shape\":[2,1,2],\"data_offsets\":[8,16]},\"c\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[16,20]},"
            + "\"d\":{\"dtype\":\"F64\",\"shape\":[0,9],\"data_offsets\":[20,20]}}   ", 20));
  }

  private static byte[] safetensors(String header, int data) {
    return new Bytes().number(header.length(), 8).text(header).raw(new byte[data]).toArray();
  }

  private static Target shards(Path folder) {
    Path checkpoint = make(folder.resolve("sharded"));
    write(checkpoint.resolve("one.safetensors"), safetensors("{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}", 16));
    write(checkpoint.resolve("two.safetensors"), safetensors("{\"b\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}", 16));
    List<String> words = append(JSON, "one.safetensors", "two.safetensors", "../one.safetensors", "weight_map", "/", "..", "\"b\":\"two.safetensors\"");
    // Errors name the index or the shard that it names.
    return new FileTarget("shards", checkpoint.resolve("model.safetensors.index.json"), () -> List.of(Target.utf8(
        "{\"metadata\":{\"total_size\":32},\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\"}}")), words, 1 << 20, file -> {
          try (TensorStore store = new CheckpointFolder(checkpoint).openTensors("")) {
            readTensors(store);
          }
        }).named("sharded");
  }

  private static Target torch(Path folder) {
    return new FileTarget("torch", folder.resolve("pytorch_model.bin"), () -> {
      List<byte[]> seeds = new ArrayList<>(Pickles.seeds().stream().map(Pickles::zip).toList());
      seeds.add(Pickles.compressed(Map.of("a/data.pkl", Pickles.seeds().get(0), "a/data/0", new byte[16], "a/data/1", new byte[16], "a/data/2", new byte[16])));
      return seeds;
    }, append(Pickles.words(), "PK\1\2", "PK\3\4", "PK\5\6", "PK\6\6", "PK\6\7", "archive/data.pkl", "archive/data/0", "\1\0"), 2 << 20, Targets::readTorch);
  }

  private static Target pickle(Path folder) {
    return new FileTarget("pickle", folder.resolve("pickle.bin"), Pickles::seeds, Pickles.words(), 2 << 20, file -> {
      Files.write(file, Pickles.zip(Files.readAllBytes(file)));
      readTorch(file);
    });
  }

  private static void readTorch(Path file) {
    try (TensorStore store = TorchFile.open(file)) {
      readTensors(store);
    }
  }

  private static void readTensors(TensorStore store) {
    for (StoredTensor tensor : store.tensors().values()) {
      if (tensor.type().isFloating()) {
        int count = (int) Math.min(tensor.elements(), MOST_ELEMENTS);
        tensor.read(tensor.elements() - count, count, new float[count], 0);
      }
    }
  }

  private static Target json() {
    return new SettingsTarget("json", List.of("{\"a\": 1, \"b\": [1, 2, 3], \"c\": {\"d\": true, \"e\": 0.5}, \"f\": \"text\", \"g\": null}"), JSON,
        input -> Settings.json("settings", input));
  }

  private static Target yaml() {
    List<String> words = List.of("\n", ":", ": ", "- ", "  ", "[", "]", "{", "}", ",", "&a ", "*a", "!!set ", "!!binary ", "!!float ", "!x ", "? ", "|", ">", "#",
        "---\n", "...\n", "%YAML 1.2\n", "'", "\"", "\\x", "<<: ", "&a [*a]", "&a {b: *a}", "\na: ", "\t", "[[[[", "{a: {a: ", "- - - - ", "null", "~", "\u0085", "\ufeff");
    return new SettingsTarget("yaml", List.of("a: 1\nb:\n- 1\n- 2\nc:\n  d: true\n  e: 0.5\nf: text\ng: null\n", "a: &x 5\nb: [*x, *x]\nc: {d: *x}\nf: 'q'\n",
        "b: &l [1, 2]\nc: &m {d: *l, e: *l}\nf: *m\n"), words, input -> Settings.yaml("settings", input));
  }

  // ---- voices, audio, models ----

  private static Target voice(Path folder) {
    return new FileTarget("voice", folder.resolve("anna.voice"), () -> {
      Path file = folder.resolve("seed.voice");
      Voice.of("anna", IntStream.range(0, Voice.TOKENS).toArray()).save(file);
      byte[] bytes = read(file);
      delete(file);
      return List.of(bytes);
    }, append(JSON, "\"tokens\":[1,2,3]", "\"format\":\"gpa-voice\"", "\"version\":1", "\"crc32\":0"), 1 << 20, Voice::load);
  }

  private static Target wav(Path folder) {
    List<String> words = List.of("RIFF", "RIFX", "RF64", "WAVE", "fmt ", "data", "fact", "LIST", "ds64", "FORM", "AIFF", "AIFC", "COMM", "SSND", "sowt", "fl32",
        ".snd", "MThd", "MTrk", "RMID", "\1\0\1\0", "\376\377", "\3\0", "\6\0", "\7\0");
    return new FileTarget("audio", folder.resolve("clip.wav"), Sounds::ofTheJdk, words, 1 << 20, file -> AudioSource.of(file).mixedSamples())
        .withReadMillis(500).withBytesPerByte(800);  // Bytes become floats, at 1 kHz sixteen of each, in blocks and in one piece.
  }

  private static Target ffmpeg(Path folder) {
    List<String> words = List.of("fLaC", "OggS", "ID3", "ftyp", "moov", "mdat", "trak", "stsz", "stco", "RIFF", "AVI ", "wvpk", "TTA1", "caff", "#!AMR\n", "riff");
    return new FileTarget("ffmpeg", folder.resolve("clip.audio"), Sounds::ofFfmpeg, words, 4 << 20, file -> AudioSource.of(file).mixedSamples())
        .withReadMillis(2000).withBytesPerByte(50_000).byForeignLibrary();  // Compressed formats have silence of a second in a few bytes.
  }

  private static Target gguf(Path folder) {
    return new FileTarget("gguf", folder.resolve("model.gguf"), () -> List.of(SmallModel.everyType().bytes(), SmallModel.decoder().bytes()), GGUF, 1 << 20, file -> {
      Inspector inspector = Inspector.inspect(file);
      inspector.toText();
      inspector.toJson();
      try (ModelFile model = ModelFile.open(file)) {
        model.tensors().forEach(tensor -> model.data(tensor.name(), Math.max(0, tensor.bytes() - 64), (int) Math.min(64, tensor.bytes())));
      }
    });
  }

  // ---- files ----

  private static List<String> append(List<String> words, String... more) {
    return Stream.concat(words.stream(), Arrays.stream(more)).toList();
  }

  static Path make(Path folder) {
    try {
      return Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void write(Path file, byte[] bytes) {
    try {
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
