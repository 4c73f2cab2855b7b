package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.gpa4j.AudioSource;
import io.gpa4j.Device;
import io.gpa4j.Voice;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every command does what it says. */
class CliIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path ADAM = Demo.voice("adam");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"asr", "tts", "vc", "voice", "voice enroll", "convert", "quantize", "export-llama", "import-llama",
      "inspect", "verify", "load-test", "fabricate", "devices", "demo"})
  void help_ofEveryCommand_showsUsageAndOptions(String command) {
    Cli.Result result = Cli.run((command + " --help").split(" "));
    assertThat(result.code()).isZero();
    assertThat(result.out()).contains("Usage: gpa " + command).contains("--debug");
    assertThat(result.out().lines()).allMatch(line -> line.length() <= 100);
    assertThat(result.err()).isEmpty();
  }

  @Test
  void helpAndVersion_nameEverything() {
    Cli.Result help = Cli.run("--help");
    assertThat(help.code()).isZero();
    assertThat(help.out()).contains("asr", "tts", "vc", "voice", "convert", "quantize", "export-llama", "import-llama", "inspect", "verify",
        "fabricate", "devices", "demo", "Exit codes");
    assertThat(Cli.run("help", "tts").out()).isEqualTo(Cli.run("tts", "--help").out());
    Cli.Result version = Cli.run("--version");
    assertThat(version.code()).isZero();
    assertThat(version.out()).isEqualTo("gpa4j " + Device.libraryVersion() + System.lineSeparator());
  }

  @Test
  void asr_oneFile_printsItsText_severalTheirNamesToo() {
    Demo.Clip clip = Demo.clips().get(1);
    Cli.Result one = Cli.run("asr", clip.file());
    assertThat(one).isEqualTo(new Cli.Result(0, clip.text() + System.lineSeparator(), ""));
    Path other = Project.clip(0);
    Cli.Result two = Cli.run("asr", clip.file(), other, "--threads", "1");
    assertThat(two.code()).isZero();
    assertThat(two.out().lines()).hasSize(2).first().isEqualTo(clip.file() + ": " + clip.text());
    assertThat(two.out().lines().skip(1)).first().asString().startsWith(other + ": ");
  }

  @Test
  void asr_aBadFileAmongSeveral_isToldAndTheOthersAreHeard() {
    Cli.Result result = Cli.run("asr", Project.clip(0), folder.resolve("none.wav"), Project.clip(1));
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out().lines()).hasSize(2);
    assertThat(result.err().lines()).singleElement().isEqualTo("gpa: " + folder.resolve("none.wav") + ": no such file");
  }

  @Test
  void tts_withAClipAndAVoiceFile_speaksTheSame() throws IOException {
    Path voice = folder.resolve("adam.voice");
    assertThat(Cli.run("voice", "enroll", ADAM, "-o", voice)).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(Voice.load(voice).name()).isEqualTo("adam");
    assertThat(Cli.run("voice", "enroll", ADAM, "-o", voice, "--name", "Änna").code()).isZero();
    assertThat(Voice.load(voice).name()).isEqualTo("Änna");

    Path first = folder.resolve("first.wav");
    Path second = folder.resolve("second.wav");
    assertThat(Cli.run("tts", "turn on the light", "--voice", ADAM, "-o", first, "--seed", "3")).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(Cli.run("tts", "turn on the light", "--voice", voice, "-o", second, "--seed", "3").code()).isZero();
    assertThat(second).hasSameBinaryContentAs(first);
    assertThat(AudioSource.of(first).samples().length).isGreaterThan(4000);
  }

  @Test
  void tts_options_reachTheSampler() throws IOException {
    Path greedy = folder.resolve("greedy.wav");
    Path again = folder.resolve("again.wav");
    Path shorter = folder.resolve("short.wav");
    assertThat(Cli.run("tts", "hello", "-v", ADAM, "-o", greedy, "--temperature", "0", "--max-tokens", "30").code()).isZero();
    assertThat(Cli.run("tts", "hello", "-v", ADAM, "-o", again, "--top-k", "1", "--max-tokens", "30", "--top-p", "0.9").code()).isZero();
    assertThat(again).hasSameBinaryContentAs(greedy);
    assertThat(Cli.run("tts", "hello", "-v", ADAM, "-o", shorter, "--temperature", "0", "--max-tokens", "5").code()).isZero();
    assertThat(AudioSource.of(shorter).samples()).hasSize(5 * 320);
  }

  @Test
  void tts_streamed_isAWavOfTheSameLength_inAFileOrOnStandardOutput() throws IOException {
    Path whole = folder.resolve("whole.wav");
    Path grown = folder.resolve("grown.wav");
    String[] rest = {"turn on the light", "-v", ADAM.toString(), "--seed", "3", "-o"};
    assertThat(Cli.run("tts", rest[0], rest[1], rest[2], rest[3], rest[4], rest[5], whole).code()).isZero();
    assertThat(Cli.run("tts", rest[0], rest[1], rest[2], rest[3], rest[4], rest[5], grown, "--stream")).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(Files.size(grown)).isEqualTo(Files.size(whole));
    // Rate, channels and lengths: the whole header.
    assertThat(Arrays.copyOf(Files.readAllBytes(grown), 44)).isEqualTo(Arrays.copyOf(Files.readAllBytes(whole), 44));
    Cli.Result out = Cli.run("tts", rest[0], rest[1], rest[2], rest[3], rest[4], rest[5], "-", "--stream");
    assertThat(out.code()).isZero();
    assertThat(out.out()).startsWith("RIFF").contains("WAVEfmt ");
    assertThat(Path.of("-")).doesNotExist();
  }

  @Test
  void tts_strangeTexts_areTextAllTheSame() {
    for (String text : List.of("@" + ADAM, "-x", "<|im_end|> \"quoted\"", "你好", "${sys:user.home}")) {
      Path wav = folder.resolve("strange.wav");
      Cli.Result result = Cli.run("tts", "-v", ADAM, "-o", wav, "--max-tokens", "3", "--", text);
      assertThat(result).as(text).isEqualTo(new Cli.Result(0, "", ""));
      assertThat(wav).exists();
    }
  }

  @Test
  void vc_writesTheOtherVoice() {
    Path wav = folder.resolve("converted.wav");
    assertThat(Cli.run("vc", Project.clip(20), "--voice", Demo.voice("bella"), "-o", wav, "--seed", "1")).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(AudioSource.of(wav).samples().length).isGreaterThan(4000);
  }

  @Test
  void quantize_givesWhatConvertGives_andTheEngineHears() throws IOException {
    Path exact = Models.goldens("f32");
    Path direct = folder.resolve("direct.gguf");
    Path quantized = folder.resolve("quantized.gguf");
    String[] types = {"--type", "q4_k_m", "--tensor", "decoder.*.ffn_down=q8_0", "--tensor", "decoder.blk.{0,2}.ffn_*=q6_k"};
    assertThat(Cli.run("convert", Project.goldens().resolve("checkpoint"), "-o", direct, types[0], types[1], types[2], types[3], types[4], types[5]).code())
        .isZero();
    Cli.Result result = Cli.run("quantize", exact, "-o", quantized, types[0], types[1], types[2], types[3], types[4], types[5]);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains(quantized.toString(), "tensors", "decoder glm wav2vec2 codec speaker");
    assertThat(result.errors()).isEmpty();
    assertThat(Files.mismatch(direct, quantized)).isEqualTo(-1);
    assertThat(Cli.run("inspect", quantized).out()).containsPattern("general.file_type +15")
        .containsPattern("decoder.blk.0.ffn_down.weight +Q6_K").containsPattern("decoder.blk.1.ffn_down.weight +Q8_0");

    Demo.Clip clip = Demo.clips().get(1);
    assertThat(Cli.run("asr", "-m", Models.demo("q8_0"), clip.file())).isEqualTo(new Cli.Result(0, clip.text() + System.lineSeparator(), ""));
  }

  @Test
  void exportAndImportLlama_giveTheModelBack() throws IOException {
    Path model = Models.goldens("f16");
    Path decoder = folder.resolve("decoder.gguf");
    Cli.Result exported = Cli.run("export-llama", model, "-o", decoder);
    assertThat(exported.code()).as(exported.err()).isZero();
    assertThat(exported.out()).contains(decoder.toString(), "35 tensors");
    assertThat(Cli.run("inspect", decoder).out()).contains("qwen3.block_count", "tokenizer.ggml.pre", "output_norm.weight");
    Path back = folder.resolve("back.gguf");
    Cli.Result imported = Cli.run("import-llama", decoder, "--into", model, "-o", back);
    assertThat(imported.code()).as(imported.err()).isZero();
    assertThat(Files.mismatch(model, back)).isEqualTo(-1);
  }

  @Test
  void fabricate_quantised_isAModelOfThatType() throws IOException {
    Path model = folder.resolve("random.gguf");
    assertThat(Cli.run("fabricate", "--shape", "tiny", "--type", "q5_k_m", "-o", model).code()).isZero();
    assertThat(JSON.readTree(Cli.run("inspect", "--json", model).out()).at("/metadata/general.file_type").asInt()).isEqualTo(17);
  }

  @Test
  void convert_inspect_andVerify_aCheckpoint() throws IOException {
    Path model = folder.resolve("model.gguf");
    Cli.Result converted = Cli.run("convert", Project.goldens().resolve("checkpoint"), "-o", model, "--type", "F16", "--decoder-type", "f32",
        "--name", "tiny", "--license", "none", "--source", "here");
    assertThat(converted.code()).isZero();
    assertThat(converted.out()).contains(model.toString()).contains("tensors").contains("decoder glm wav2vec2 codec speaker");
    assertThat(converted.errors()).isEmpty();

    Cli.Result text = Cli.run("inspect", model);
    assertThat(text.code()).isZero();
    assertThat(text.out()).contains("general.name", "tiny", "gpa.decoder.block_count", "decoder.blk.0.attn_q.weight", "network", "speaker", "all");
    Cli.Result json = Cli.run("inspect", "--json", model);
    assertThat(json.code()).isZero();
    JsonNode root = JSON.readTree(json.out());
    assertThat(root.at("/metadata/general.license").asText()).isEqualTo("none");
    assertThat(root.get("networks")).extracting(network -> network.get("name").asText())
        .containsExactly("decoder", "glm", "wav2vec2", "codec", "speaker");
    assertThat(root.get("tensors").findValuesAsText("type")).contains("F16", "F32");

    Cli.Result strict = Cli.run("verify", model, "--goldens", Project.goldens());
    assertThat(strict.code()).isEqualTo(1);
    assertThat(strict.out()).startsWith("stage").contains("decoder                    golden").contains("FAIL: ");
    Cli.Result loose = Cli.run("verify", model, "--goldens", Project.goldens(), "--nmse", "1e-3", "--snr", "30", "--margin-scale", "1000",
        "--probability", "1e-4", "--threads", "2");
    assertThat(loose.code()).as(loose.out()).isZero();
    assertThat(loose.out()).containsPattern("PASS: \\d+ stages");
  }

  @Test
  void verify_checkpointFolder_passes_andJsonIsAllOfIt() throws IOException {
    Cli.Result json = Cli.run("verify", "--json", Project.goldens().resolve("checkpoint"), "--goldens", Project.goldens());
    assertThat(json.code()).isZero();
    JsonNode root = JSON.readTree(json.out());
    assertThat(root.get("passed").asBoolean()).isTrue();
    assertThat(root.get("stages")).hasSizeGreaterThan(20).allMatch(stage -> stage.get("passed").asBoolean());
    assertThat(json.errors()).isEmpty();
    assertThat(json.err()).contains("convert: 100 %");
  }

  @Test
  void verify_damagedGolden_fails_andJsonMayGoToAFile() throws IOException {
    Path goldens = Files.createDirectories(folder.resolve("goldens"));
    for (String file : List.of("odd.safetensors", "summary.json")) {
      Files.copy(Project.goldens().resolve(file), goldens.resolve(file));
    }
    Path report = folder.resolve("report.json");
    Cli.Result good = Cli.run("verify", Models.goldens("f32"), "--goldens", goldens, "--json", report);
    assertThat(good.code()).as(good.out()).isZero();
    assertThat(good.out()).containsPattern("PASS: \\d+ stages; golden files that were not compared: 2");
    assertThat(good.errors()).hasSize(2).allMatch(line -> line.startsWith("gpa: warning: ") && line.contains("missing"));
    assertThat(JSON.readTree(report.toFile()).get("gaps")).hasSize(2);

    byte[] bytes = Files.readAllBytes(goldens.resolve("odd.safetensors"));
    for (int i = bytes.length - 400; i < bytes.length; i++) {
      bytes[i] ^= 0x3F;
    }
    Files.write(goldens.resolve("odd.safetensors"), bytes);
    Cli.Result bad = Cli.run("verify", Models.goldens("f32"), "--goldens", goldens, "--json", report);
    assertThat(bad.code()).isEqualTo(1);
    assertThat(bad.out()).contains("FAIL");
    assertThat(JSON.readTree(report.toFile()).get("passed").asBoolean()).isFalse();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(goldens, report);
    }
  }

  @Test
  void verify_against_tellsEveryModel_andDrawsThem() throws IOException {
    Path clips = clips(1, 20);
    Path report = folder.resolve("report.json");
    Path plot = folder.resolve("plot.png");
    Cli.Result result = Cli.run("verify", Models.demo("q8_0"), Models.demo("q4_0"), "--against", Project.demoModel(), "--clips", clips, "--seeds", "1",
        "--json", report, "--plot", plot, "--precision", "fast", "--threads", "2");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.errors()).isEmpty();
    assertThat(result.out().lines()).filteredOn(line -> line.matches("demo-q\\w+\\.gguf: q\\w+, [\\d.]+ MB, precision fast")).hasSize(2);
    assertThat(result.out()).contains("glm_tokenizer", "speaker_encoder", "KL ", "log-mel distance", "words wrong").containsPattern("demo.gguf +bf16 ");
    assertThat(result.out().lines()).allMatch(line -> line.length() <= 120);

    JsonNode root = JSON.readTree(report.toFile());
    assertThat(root.at("/clip_count").asInt()).isEqualTo(2);
    assertThat(root.at("/models/0/words/recognition/words").asInt()).isEqualTo(13);
    assertThat(root.at("/models/0/words/recognition/errors").asInt()).isLessThanOrEqualTo(2);
    assertThat(root.at("/models/0/words/speech/words").asInt()).isEqualTo(13);
    assertThat(root.at("/models/1/decoder/answer/kl_nats").asDouble()).isGreaterThan(root.at("/models/0/decoder/answer/kl_nats").asDouble());
    assertThat(root.at("/models/1/tensors")).hasSizeGreaterThan(600);
    BufferedImage image = ImageIO.read(plot.toFile());
    assertThat(image.getWidth()).isGreaterThan(400);
    assertThat(Files.size(plot)).isLessThan(100_000);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(clips, report, plot);
    }
  }

  @Test
  void verify_againstItself_isPerfect_andAnotherCheckpointAmongSeveralIsToldAlone() throws IOException {
    Path report = folder.resolve("report.json");
    Cli.Result result = Cli.run("verify", Models.goldens("f16"), Project.demoModel(), "--against", Project.demoModel(), "--json", report);
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.errors()).singleElement().asString().startsWith("gpa: ").contains("goldens-f16.gguf", "tensor '", "has shape");
    assertThat(result.out()).contains("KL 0.00000 nats, top-1 100.00 %", "SNR inf dB").contains("all equal").doesNotContain("NaN", ", spoken ");
    JsonNode root = JSON.readTree(report.toFile());
    assertThat(root.at("/models/0/error").asText()).contains("goldens-f16.gguf");
    assertThat(root.at("/models/1/codec/snr_db").asText()).isEqualTo("inf");

    Cli.Result json = Cli.run("verify", "--json", Project.demoModel(), "--against", Project.demoModel());
    assertThat(json.code()).isZero();
    assertThat(JSON.readTree(json.out()).at("/models/0/decoder/answer/top1_percent").asDouble()).isEqualTo(100);
  }

  // A folder of the demo's clips of these numbers and two voices.
  private Path clips(int... numbers) throws IOException {
    Path clips = Files.createDirectories(folder.resolve("clips"));
    Files.createDirectories(clips.resolve("voices"));
    for (String name : List.of("adam", "bella")) {
      Files.copy(Demo.voice(name), clips.resolve("voices/" + name + ".wav"));
    }
    ArrayNode list = JSON.createArrayNode();
    for (int number : numbers) {
      Demo.Clip clip = Demo.clips().get(number);
      list.addObject().put("file", clip.file().toString()).put("voice", clip.voice()).put("text", clip.text());
    }
    JSON.writeValue(clips.resolve("clips.json").toFile(), list);
    return clips;
  }

  @Test
  void fabricate_folderAndModel_areUsable() {
    Path checkpoint = folder.resolve("tiny");
    Path model = folder.resolve("tiny.gguf");
    Cli.Result made = Cli.run("fabricate", "--shape", "tiny-qwen2", "-o", checkpoint, "--seed", "4");
    assertThat(made.code()).isZero();
    assertThat(made.out().strip()).isEqualTo(checkpoint.toString());
    assertThat(made.errors()).isEmpty();
    assertThat(Cli.run("convert", checkpoint, "-o", model, "--type", "f16").code()).isZero();
    Path direct = folder.resolve("direct.gguf");
    assertThat(Cli.run("fabricate", "--shape", "tiny-qwen2", "-o", direct, "--seed", "4", "--type", "f16").code()).isZero();
    assertThat(Cli.run("asr", "-m", model, Project.clip(0)).out()).isEqualTo(Cli.run("asr", "-m", direct, Project.clip(0)).out());
  }

  @Test
  void asr_ofAnyModel_isOneLineAFile() {
    // A random model writes line breaks and control characters.
    Cli.Result result = Cli.run("asr", "-m", Models.goldens("f32"), Project.clip(0), Project.clip(1), Project.clip(2), Project.clip(3));
    assertThat(result.code()).isZero();
    assertThat(result.out().lines()).hasSize(4).allMatch(line -> line.startsWith(Project.demo().toString()) && !line.matches(".*\\p{Cntrl}.*"));
  }

  @Test
  void devices_listsKernelsAndCores() {
    Cli.Result result = Cli.run("devices");
    assertThat(result.code()).isZero();
    assertThat(result.out()).startsWith("cpu").contains(Device.cpu().kernels()).contains("core").contains("(in use)");
  }

  @Test
  void demo_leavesItsFiles() {
    Path output = folder.resolve("demo");
    Cli.Result result = Cli.run("demo", "-o", output);
    assertThat(result.code()).isZero();
    assertThat(result.out()).contains("word error rate").endsWith(output + System.lineSeparator());
    assertThat(output).isDirectoryContaining("glob:**.wav").isDirectoryContaining("glob:**transcript.txt")
        .isDirectoryContaining("glob:**spectrogram.png").isDirectoryContaining("glob:**.voice").isDirectoryNotContaining("glob:**.part");
  }

  @Test
  void signal_whileAModelIsWritten_leavesNothing() throws Exception {
    Path model = folder.resolve("large.gguf");
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx384m", "-cp",
        System.getProperty("java.class.path"), "io.gpa4j.cli.Main", "fabricate", "--shape", "gpa-0.3b", "-o", model.toString())
        .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (content().isEmpty() && process.isAlive() && System.nanoTime() < end) {
      Thread.sleep(20);
    }
    assertThat(content()).as("being written").isNotEmpty();
    process.destroy();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isNotZero();
    assertThat(content()).isEmpty();
  }

  private List<String> content() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
