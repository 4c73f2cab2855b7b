package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.gpa4j.Voice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever is wrong is told in one line that names it, with the exit code for it, and nothing is written. */
class CliErrorsTest {
  private static final int FAILED = 1;
  private static final int MISUSED = 2;
  private static final Path CHECKPOINT = Project.goldens().resolve("checkpoint");

  @TempDir Path folder;

  private final Map<Path, Long> before = new TreeMap<>();
  private Path clip;
  private Path voice;
  private Path text;
  private Path wav;

  @BeforeEach
  void prepare() throws IOException {
    clip = Files.copy(Project.clip(0), folder.resolve("clip.wav"));
    voice = folder.resolve("v.voice");
    Voice.of("v", IntStream.range(0, 32).toArray()).save(voice);
    text = Files.writeString(folder.resolve("text.wav"), "this is no sound\n".repeat(100), StandardCharsets.UTF_8);
    Files.createDirectories(folder.resolve("sub"));
    wav = folder.resolve("out.wav");
    before.putAll(sizes());
  }

  @AfterEach
  void nothingIsWritten() throws IOException {
    assertThat(sizes()).isEqualTo(before);
  }

  private Map<Path, Long> sizes() throws IOException {
    Map<Path, Long> sizes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        sizes.put(file, Files.size(file));
      }
    }
    return sizes;
  }

  @Test
  void nothingGiven_showsTheHelp() {
    Cli.Result result = Cli.run();
    assertThat(result.code()).isEqualTo(MISUSED);
    assertThat(result.err()).contains("Usage: gpa").contains("verify");
    assertThat(result.out()).isEmpty();
  }

  @Test
  void misspeltCommandsAndOptions_areNamed() {
    assertMisused("'speak'", "tts", "gpa --help").by("speak");
    assertMisused("voice enroll", "gpa voice --help").by("voice");
    assertMisused("'speak'; see").by("help", "speak");
    assertMisused("'list'", "enroll").by("voice", "list");
    assertMisused("--modle", "--model", "gpa asr --help").by("asr", "--modle", "x", clip);
    assertMisused("there is no option --x").by("devices", "--x");
    assertMisused("'there'", "quotes").by("tts", "hi", "there", "-v", voice, "-o", wav);
    assertMisused("'again'").by("inspect", "x", "again");
  }

  @Test
  void missingArguments_areNamed() {
    assertMisused("FILE", "gpa asr --help").by("asr");
    assertMisused("--voice FILE").by("tts", "hello");
    assertMisused("--output WAV").by("tts", "hello", "-v", voice);
    assertMisused("TEXT").by("tts", "-v", voice, "-o", wav);
    assertMisused("FILE").by("vc", "-v", voice, "-o", wav);
    assertMisused("CLIP").by("voice", "enroll", "-o", wav);
    assertMisused("--output GGUF").by("convert", CHECKPOINT);
    assertMisused("GGUF").by("inspect");
    assertMisused("GGUF", "--output").by("quantize", "--type", "q8_0");
    assertMisused("--type is missing", "q4_k_m").by("quantize", Project.demoModel(), "-o", folder.resolve("m.gguf"));
    assertMisused("--output GGUF").by("export-llama", Project.demoModel());
    assertMisused("--into GGUF").by("import-llama", Project.demoModel(), "-o", folder.resolve("m.gguf"));
    assertMisused("--goldens DIR", "--against GGUF").by("verify", CHECKPOINT);
    assertMisused("MODEL").by("verify", "--against", Project.demoModel());
    assertMisused("--shape SHAPE", "--output").by("fabricate");
    assertMisused("--output").by("tts", "hello", "-v", voice, "-o");
  }

  @Test
  void valuesOutOfRange_areNamed() {
    for (String[] option : new String[][] {{"--temperature", "-1"}, {"--temperature", "NaN"}, {"--top-k", "-1"}, {"--top-p", "0"},
        {"--top-p", "1.5"}, {"--repetition-penalty", "0"}, {"--max-tokens", "-1"}, {"--threads", "-1"}, {"--threads", "5000"}, {"--seed", "x"},
        {"--top-k", "many"}, {"--top-k", "99999999999"}}) {
      assertMisused(option[0]).by("tts", "hello", "-v", voice, "-o", wav, option[0], option[1]);
    }
    assertMisused("q9_x", "f32, f16").by("convert", CHECKPOINT, "-o", folder.resolve("m.gguf"), "--type", "q9_x");
    assertMisused("i32", "f32, f16").by("convert", CHECKPOINT, "-o", folder.resolve("m.gguf"), "--decoder-type", "i32");
    assertMisused("q9_x", "q8_0").by("quantize", Project.demoModel(), "-o", folder.resolve("m.gguf"), "--type", "q9_x");
    assertMisused("no PATTERN=TYPE").by("quantize", Project.demoModel(), "-o", folder.resolve("m.gguf"), "--type", "q8_0", "--tensor", "decoder");
    assertMisused("checkpoint folder holds", "f16").by("fabricate", "--shape", "tiny", "-o", folder.resolve("c"), "--type", "q8_0");
    assertMisused("huge", "tiny").by("fabricate", "--shape", "huge", "-o", folder.resolve("m.gguf"));
    assertMisused("nmse").by("verify", CHECKPOINT, "--goldens", Project.goldens(), "--nmse", "-1");
    assertMisused("--snr").by("verify", CHECKPOINT, "--goldens", Project.goldens(), "--snr", "loud");
    assertMisused("--threads").by("verify", CHECKPOINT, "--goldens", Project.goldens(), "--threads", "-3");
    assertMisused("--seeds").by("verify", Project.demoModel(), "--against", Project.demoModel(), "--seeds", "0");
    assertMisused("--repetition-penalty").by("verify", Project.demoModel(), "--against", Project.demoModel(), "--repetition-penalty", "0");
    assertMisused("--precision", "rough").by("verify", Project.demoModel(), "--against", Project.demoModel(), "--precision", "rough");
    assertMisused("empty").by("asr", "");
  }

  @Test
  void verify_optionsOfTheOtherKind_areRefused() {
    Path model = Project.demoModel();
    assertMisused("--goldens and --against exclude each other").by("verify", model, "--goldens", Project.goldens(), "--against", model);
    assertMisused("--clips goes with --against").by("verify", model, "--goldens", Project.goldens(), "--clips", folder);
    assertMisused("--plot goes with --against").by("verify", model, "--goldens", Project.goldens(), "--plot", folder.resolve("p.png"));
    assertMisused("--precision goes with --against").by("verify", model, "--goldens", Project.goldens(), "--precision", "fast");
    assertMisused("--nmse goes with --goldens").by("verify", model, "--against", model, "--nmse", "1");
    assertMisused("other.gguf", "one model").by("verify", model, "other.gguf", "--goldens", Project.goldens());
  }

  @Test
  void verify_againstWhatIsNone_isNamed() throws IOException {
    Path model = Project.demoModel();
    Path none = folder.resolve("none.gguf");
    assertFailed(none.toString(), "no such model file").by("verify", model, "--against", none);
    assertFailed(none.toString(), "no such model file").by("verify", none, "--against", model);
    assertFailed("folder", "gpa convert").by("verify", CHECKPOINT, "--against", model);
    assertFailed(text.toString(), "not a GGUF file").by("verify", model, "--against", text);
    assertFailed(text.toString(), "not a GGUF file").by("verify", text, "--against", model);
    assertFailed("goldens-f32.gguf", "tensor '", "has shape", "demo.gguf").by("verify", Models.goldens("f32"), "--against", model, "--json", folder.resolve("r.json"));
    assertFailed("none.gguf", "no such folder of clips").by("verify", model, "--against", model, "--clips", none);
    assertFailed("sub", "no clips").by("verify", model, "--against", model, "--clips", folder.resolve("sub"));
    assertFailed("text.wav", "not an audio file").by("verify", model, "--against", model, "--clips", folder);
    Path list = Files.writeString(folder.resolve("clips.json"), "{}");
    assertFailed("clips.json", "no array").by("verify", model, "--against", model, "--clips", folder);
    Files.delete(list);
  }

  @Test
  void blankTextAndName_areRefused() {
    for (String blank : List.of("", " ", "\n\t")) {
      assertMisused("TEXT is blank").by("tts", blank, "-v", voice, "-o", wav);
      assertMisused("--name is blank").by("voice", "enroll", clip, "-o", folder.resolve("x.voice"), "--name", blank);
    }
  }

  @Test
  void outputThatIsAnInput_isRefused() {
    String said = "both input and output";
    assertMisused(Project.demoModel().toString(), said).by("quantize", Project.demoModel(), "-o", Project.demoModel(), "--type", "q8_0");
    assertMisused(Project.demoModel().toString(), said).by("import-llama", Models.demo("f16"), "--into", Project.demoModel(), "-o", Project.demoModel());
    assertMisused(clip.toString(), said).by("tts", "hello", "-v", clip, "-o", clip);
    assertMisused(clip.toString(), said).by("vc", clip, "-v", voice, "-o", clip);
    assertMisused("v.voice", said).by("vc", clip, "-v", voice, "-o", folder.resolve("sub/../v.voice"));
    assertMisused(clip.toString(), said).by("voice", "enroll", clip, "-o", clip);
    assertMisused(said).by("voice", "enroll", clip, "-m", text, "-o", text);
    assertMisused("file of the checkpoint").by("convert", CHECKPOINT, "-o", CHECKPOINT.resolve("config.json"));
    assertMisused(said).by("verify", Project.demoModel(), "--goldens", Project.goldens(), "--json", Project.goldens().resolve("summary.json"));
    assertMisused(said).by("verify", Project.demoModel(), "--against", Project.demoModel(), "--plot", Project.demoModel());
    assertMisused(said).by("verify", Project.demoModel(), "--against", Project.demoModel(), "--clips", Project.demo(), "--json", Project.demo().resolve("clips.json"));
    assertMisused("both the plot and the JSON").by("verify", Project.demoModel(), "--against", Project.demoModel(), "--json", folder.resolve("r.json"), "--plot",
        folder.resolve("sub/../r.json"));
  }

  @Test
  void outputsThatCannotBeWritten_areToldBeforeTheWork() {
    Path nowhere = folder.resolve("none/out");
    Path sub = folder.resolve("sub");
    for (Object[] command : new Object[][] {{"tts", "hello", "-v", voice}, {"vc", "--stream", clip, "-v", voice}, {"voice", "enroll", clip}}) {
      assertFailed(nowhere.toString(), "no folder").by(with(command, "-o", nowhere));
      assertFailed(sub.toString(), "folder").by(with(command, "-o", sub));
      assertFailed("clip.wav/x").by(with(command, "-o", clip.resolve("x")));
    }
    assertFailed(nowhere.toString(), "no folder").by("convert", CHECKPOINT, "-o", nowhere);
    assertFailed(sub.toString(), "folder").by("convert", CHECKPOINT, "-o", sub);
    assertFailed("none", "no folder").by("fabricate", "--shape", "tiny", "-o", folder.resolve("none/tiny.gguf"));
    assertFailed(clip.toString(), "exists already").by("fabricate", "--shape", "tiny", "-o", clip);
    assertFailed(clip.toString(), "no folder").by("demo", "-o", clip);
    assertFailed("none", "no folder").by("verify", Project.demoModel(), "--goldens", Project.goldens(), "--json", folder.resolve("none/r.json"));
    assertFailed("none", "no folder").by("verify", Project.demoModel(), "--against", Project.demoModel(), "--json", folder.resolve("none/r.json"));
    assertFailed("none", "no folder").by("verify", Project.demoModel(), "--against", Project.demoModel(), "--plot", folder.resolve("none/p.png"));
    if (Files.isDirectory(Path.of("/proc"))) {
      assertFailed("/proc/x.wav", "cannot be written").by("tts", "hello", "-v", clip, "-o", "/proc/x.wav", "--max-tokens", "2");
    }
  }

  @Test
  void audioThatIsNone_isNamed() throws IOException {
    Path none = folder.resolve("none.wav");
    Path sub = folder.resolve("sub");
    assertFailed(none.toString(), "no such file").by("asr", none);
    assertFailed(sub.toString(), "folder").by("asr", sub);
    assertFailed(text.toString(), "not an audio file").by("asr", text);
    assertFailed(none.toString()).by("vc", none, "-v", voice, "-o", wav);
    assertFailed(text.toString()).by("vc", text, "-v", voice, "-o", wav);
    assertFailed(none.toString()).by("voice", "enroll", none, "-o", folder.resolve("x.voice"));
    assertFailed(none.toString(), "voice").by("tts", "hello", "-v", none, "-o", wav);
    assertFailed(text.toString()).by("tts", "hello", "-v", text, "-o", wav);
    Path fake = Files.copy(text, folder.resolve("fake.voice"));
    assertFailed(fake.toString(), "no voice file").by("tts", "hello", "-v", fake, "-o", wav);
    Files.delete(fake);
  }

  @Test
  void modelsThatAreNone_areNamed() throws IOException {
    Path none = folder.resolve("none.gguf");
    assertFailed(none.toString(), "no such model file").by("asr", "-m", none, clip);
    assertFailed(none.toString(), "no such").by("inspect", none);
    assertFailed(none.toString(), "no such").by("quantize", none, "-o", folder.resolve("m.gguf"), "--type", "q8_0");
    assertFailed(none.toString(), "no such").by("export-llama", none, "-o", folder.resolve("m.gguf"));
    assertFailed(none.toString(), "no such").by("import-llama", none, "--into", Project.demoModel(), "-o", folder.resolve("m.gguf"));
    assertFailed(none.toString(), "no such").by("verify", none, "--goldens", Project.goldens());
    assertFailed("folder", "gpa convert").by("tts", "hello", "-m", CHECKPOINT, "-v", voice, "-o", wav);
    assertFailed("folder", "gpa convert").by("inspect", CHECKPOINT);
    assertFailed(none.toString(), "no such folder").by("convert", none, "-o", folder.resolve("m.gguf"));
    assertFailed("config.json").by("convert", folder, "-o", folder.resolve("m.gguf"));
    assertFailed("no such folder").by("verify", Project.demoModel(), "--goldens", none);
    assertFailed("no goldens").by("verify", Project.demoModel(), "--goldens", folder.resolve("sub"));
    for (Path bad : List.of(text, clip)) {
      assertFailed(bad.toString(), "not a GGUF file").by("asr", "-m", bad, clip);
      assertFailed(bad.toString(), "not a GGUF file").by("inspect", bad);
      assertFailed(bad.toString(), "not a GGUF file").by("verify", bad, "--goldens", Project.goldens());
    }
  }

  @Test
  void modelThatIsDamaged_isNamedWithWhatIsWrong() throws IOException {
    byte[] whole = Files.readAllBytes(Models.goldens("f32"));
    Path model = Wav.write(folder.resolve("bad.gguf"), Arrays.copyOf(whole, whole.length - 5000));
    assertFailed("bad.gguf", "tensor").by("asr", "-m", model, clip);
    assertFailed("bad.gguf", "tensor").by("inspect", model);

    Gguf file = Gguf.read(whole);
    Gguf.edit(file.tensors.get("codec.prenet.input.weight").data()).putFloat(4 * 7, Float.NaN);
    Wav.write(model, file.bytes());
    assertFailed("bad.gguf", "codec.prenet.input.weight", "element 7").by("asr", "-m", model, clip);
    Files.delete(model);
  }

  @Test
  void debug_showsWhere_andTheLineAllTheSame() {
    Cli.Result result = Cli.run("asr", folder.resolve("none.wav"), "--debug");
    assertThat(result.code()).isEqualTo(FAILED);
    assertThat(result.err()).contains("io.gpa4j.GpaIoException").contains("\tat io.gpa4j.").contains("gpa: " + folder.resolve("none.wav"));
    assertThat(Cli.run("--debug", "tts", "", "-v", voice, "-o", wav).err()).contains("\tat picocli").contains("gpa: TEXT is blank");
  }

  private static Object[] with(Object[] command, Object... more) {
    return Stream.concat(Arrays.stream(command), Arrays.stream(more)).toArray();
  }

  private interface Command {
    void by(Object... args);
  }

  private static Command assertFailed(String... said) {
    return args -> assertLine(FAILED, said, args);
  }

  private static Command assertMisused(String... said) {
    return args -> assertLine(MISUSED, said, args);
  }

  private static void assertLine(int code, String[] said, Object... args) {
    Cli.Result result = Cli.run(args);
    String command = Arrays.toString(args);
    assertThat(result.code()).as("%s: %s", command, result.err()).isEqualTo(code);
    assertThat(result.errors()).as(command).singleElement().asString().startsWith("gpa: ").contains(said);
    assertThat(result.out()).as(command).isEmpty();
    assertThat(result.err().contains("`gpa ") && result.err().contains("--help`")).as(command).isEqualTo(code == MISUSED);
  }
}
