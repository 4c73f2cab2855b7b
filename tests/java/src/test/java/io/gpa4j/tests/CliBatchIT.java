package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.gpa4j.AudioSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands that take many files at once. */
@Timeout(200)
class CliBatchIT {
  private static final Path BELLA = Demo.voice("bella");

  @TempDir Path folder;

  private static Cli.Result run(List<?> files, Object... args) {
    return Cli.run(Stream.concat(Arrays.stream(args), files.stream()).toArray());
  }

  private List<String> names(Path in) throws IOException {
    try (Stream<Path> files = Files.walk(in)) {
      return files.filter(Files::isRegularFile).map(file -> in.relativize(file).toString()).sorted().toList();
    }
  }

  @Test
  void asr_ofMoreFilesThanAreInWork_printsThemInOrder() {
    List<Path> files = IntStream.range(0, 40).mapToObj(i -> Project.clip(i % 32)).toList();
    Cli.Result result = run(files, "asr");
    assertThat(result.code()).isZero();
    assertThat(result.err()).isEmpty();
    List<String> lines = result.out().lines().toList();
    assertThat(lines).hasSize(40);
    for (int i = 0; i < 40; i++) {
      assertThat(lines.get(i)).startsWith(files.get(i) + ": ");
      assertThat(lines.get(i)).isEqualTo(lines.get(i % 32));
    }
  }

  @Test
  void asr_output_isAFileOrAFolderOfFiles() throws IOException {
    Path one = folder.resolve("one.txt");
    assertThat(Cli.run("asr", Project.clip(1), "-o", one)).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(one).hasContent(Demo.clips().get(1).text() + "\n");
    Path many = folder.resolve("many");
    assertThat(Cli.run("asr", "--format", "srt", Project.clip(1), Project.clip(0), "-o", many)).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(names(many)).containsExactly("00.srt", "01.srt");
    assertThat(many.resolve("01.srt")).hasContent(Cli.run("asr", "--format", "srt", Project.clip(1)).out());
    assertThat(Cli.run("asr", "--format", "json", Project.clip(0), "-o", many)).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(names(many)).containsExactly("00.json", "00.srt", "01.srt");
  }

  @Test
  void vc_aBadFileAmongMany_isTold_andTheOthersAreWhatTheyAreAlone() throws IOException {
    Path none = folder.resolve("none.wav");
    Path text = Files.writeString(folder.resolve("text.mp3"), "this is no sound\n".repeat(100));
    Path out = folder.resolve("out");
    Cli.Result result = Cli.run("vc", Project.clip(0), none, Project.clip(1), text, "-v", BELLA, "--seed", "3", "-o", out);
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.err().lines()).hasSize(2).allMatch(line -> line.startsWith("gpa: "));
    assertThat(result.err()).contains(none + ": no such file").contains(text + ": not an audio file");
    assertThat(names(out)).containsExactly("00.wav", "01.wav");
    for (int i = 0; i < 2; i++) {
      Path alone = folder.resolve("alone.wav");
      assertThat(Cli.run("vc", Project.clip(i), "-v", BELLA, "--seed", "3", "-o", alone).code()).isZero();
      assertThat(out.resolve("0" + i + ".wav")).hasSameBinaryContentAs(alone);
    }
  }

  @Test
  void tts_manyTextFiles_becomeAFolder() throws IOException {
    List<Path> texts = new ArrayList<>();
    for (String word : List.of("kitchen", "garage", "garden")) {
      texts.add(Files.writeString(folder.resolve(word + ".txt"), "turn on the light in the " + word));
    }
    texts.add(Files.writeString(folder.resolve("blank.txt"), " \n"));
    texts.add(Files.write(folder.resolve("bad.txt"), new byte[] {(byte) 0xC3, 0x28}));
    Path out = Files.createDirectories(folder.resolve("out"));
    Cli.Result result = run(texts, "tts", "-v", BELLA, "--seed", "3", "-o", out, "--text-file");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err().lines()).containsExactly("gpa: " + texts.get(3) + ": is blank, there is nothing to say", "gpa: " + texts.get(4) + ": is no text in UTF-8");
    assertThat(names(out)).containsExactly("garage.wav", "garden.wav", "kitchen.wav");
    Path alone = folder.resolve("alone.wav");
    Cli.run("tts", "turn on the light in the garden", "-v", BELLA, "--seed", "3", "-o", alone);
    assertThat(out.resolve("garden.wav")).hasSameBinaryContentAs(alone);
  }

  @Test
  void whereAllFail_nothingIsLeft() {
    Path out = folder.resolve("out");
    Cli.Result result = Cli.run("vc", folder.resolve("a.wav"), folder.resolve("b.wav"), "-v", BELLA, "-o", out);
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err().lines()).hasSize(2);
    assertThat(out).doesNotExist();
  }

  @Test
  void outputsThatCannotBe_areToldBeforeTheWork() throws IOException {
    Path clip = Files.copy(Project.clip(0), folder.resolve("a.wav"));
    Path other = Files.copy(Project.clip(1), Files.createDirectories(folder.resolve("sub")).resolve("a.mp3"));
    Path third = Files.copy(Project.clip(2), folder.resolve("b.wav"));
    List<String> before = names(folder);
    assertFails(2, "would both become", Cli.run("vc", clip, other, "-v", BELLA, "-o", folder.resolve("out")));
    assertFails(2, "both input and output", Cli.run("vc", clip, third, "-v", BELLA, "-o", folder));
    assertFails(1, "is a file, expected a folder", Cli.run("vc", clip, third, "-v", BELLA, "-o", third));
    assertFails(1, "there is no folder", Cli.run("asr", clip, third, "-o", folder.resolve("none/out")));
    assertFails(2, "--stream takes one FILE", Cli.run("vc", clip, third, "-v", BELLA, "--stream", "-o", folder.resolve("out")));
    assertFails(2, "--play takes one", Cli.run("tts", "-v", BELLA, "--play", "--text-file", clip, third));
    assertThat(names(folder)).isEqualTo(before);
  }

  @Test
  void progress_isShownOnATerminalOnly_andLeavesItAsItWas() {
    Object[] command = {"asr", Project.clip(0), Project.clip(1), folder.resolve("none.wav"), Project.clip(2)};
    Cli.Result plain = Cli.run(command);
    System.setProperty("gpa.columns", "70");
    try {
      Cli.Result watched = Cli.run(command);
      assertThat(watched.out()).isEqualTo(plain.out());
      assertThat(watched.code()).isEqualTo(plain.code()).isEqualTo(1);
      assertThat(watched.err()).containsPattern("[0-3] of 4 files").containsPattern("[34] of 4 files, 1 failed");
      List<String> drawn = Arrays.stream(watched.err().split("\r\u001b\\[K|\u001b\\[A|\\R")).filter(line -> !line.startsWith("gpa: ")).toList();
      assertThat(drawn).allMatch(line -> line.length() < 70);
      assertThat(screen(watched.err())).containsExactly("gpa: " + folder.resolve("none.wav") + ": no such file");
      assertThat(run(List.of("--quiet"), command)).isEqualTo(plain);
      assertThat(screen(Cli.run("tts", "turn on the light", "-v", BELLA, "-o", folder.resolve("a.wav")).err())).isEmpty();
    } finally {
      System.clearProperty("gpa.columns");
    }
  }

  /** What stands on a terminal in the end, of what is used here. */
  private static List<String> screen(String written) {
    List<StringBuilder> lines = new ArrayList<>(List.of(new StringBuilder()));
    int row = 0;
    for (int at = 0; at < written.length(); at++) {
      char c = written.charAt(at);
      if (written.startsWith("\u001b[K", at)) {
        at += 2;
        lines.get(row).setLength(0);
      } else if (written.startsWith("\u001b[A", at)) {
        at += 2;
        row--;
      } else if (c == '\n') {
        if (++row == lines.size()) {
          lines.add(new StringBuilder());
        }
      } else if (c != '\r') {
        lines.get(row).append(c);
      }
    }
    return lines.stream().map(StringBuilder::toString).filter(line -> !line.isBlank()).toList();
  }

  @Test
  void signal_whileManyAreMade_leavesWholeFilesOnly() throws Exception {
    Path out = folder.resolve("out");
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Dgpa.home=" + Project.root(), "-cp",
        System.getProperty("java.class.path"), "io.gpa4j.cli.Main", "vc", "-v", BELLA.toString(), "-o", out.toString()));
    IntStream.range(0, 32).forEach(i -> command.add(Project.clip(i).toString()));
    Path said = folder.resolve("said.txt");
    Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(100);
    while (!Files.exists(out.resolve("01.wav")) && process.isAlive() && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    process.destroy();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isNotZero();
    assertThat(Files.readString(said).lines().filter(line -> line.startsWith("gpa: "))).hasSizeLessThan(2).noneMatch(line -> line.contains("Exception"));
    assertThat(names(out)).hasSizeBetween(2, 31).allMatch(name -> name.matches("\\d\\d\\.wav"));
    for (String name : names(out)) {
      assertThat(AudioSource.of(out.resolve(name)).samples()).hasSizeGreaterThan(1000);
    }
  }

  private static void assertFails(int code, String said, Cli.Result result) {
    assertThat(result.code()).as(result.toString()).isEqualTo(code);
    assertThat(result.errors()).hasSize(1).allMatch(line -> line.contains(said));
  }
}
