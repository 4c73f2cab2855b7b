package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gpa4j.AudioSource;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import javax.sound.sampled.AudioSystem;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command line with long recordings, live audio, texts from files and sound cards. */
@Timeout(200)
class CliVoiceIT {
  private static final int CLIPS = 4;

  @TempDir Path folder;

  private static byte[] wav() {
    return Wav.bytes(Wav.Kind.S16, 16_000, 1, new Recording(Demo.clips().subList(0, CLIPS)).samples());
  }

  private static Cli.Result withInput(byte[] input, Object... args) {
    InputStream real = System.in;
    System.setIn(new ByteArrayInputStream(input));
    try {
      return Cli.run(args);
    } finally {
      System.setIn(real);
    }
  }

  @Test
  void asr_formats_tellTextAndTimes() throws Exception {
    String clip = Project.clip(1).toString();
    String text = Cli.run("asr", clip).out().strip();
    Cli.Result srt = Cli.run("asr", "--format", "srt", clip);
    assertThat(srt.out()).isEqualTo("1\n00:00:00,000 --> 00:00:01,715\n" + text + "\n\n");
    assertThat(Cli.run("asr", "--format", "vtt", clip).out()).isEqualTo("WEBVTT\n\n00:00:00.000 --> 00:00:01.715\n" + text + "\n\n");
    List<String> lines = Cli.run("asr", "--format", "json", clip, Project.clip(0)).out().lines().toList();
    assertThat(lines).hasSize(2);
    JsonNode json = new ObjectMapper().readTree(lines.get(0));
    assertThat(json.get("file").asText()).isEqualTo(clip);
    assertThat(json.get("text").asText()).isEqualTo(text);
    assertThat(json.get("segments").get(0).get("end").asDouble()).isEqualTo(1.715);
  }

  @Test
  void asr_readsStandardInput() {
    Cli.Result result = withInput(wav(), "asr", "-");
    assertThat(result.code()).isZero();
    assertThat(result.out().lines()).hasSize(1);
  }

  @Test
  void asrLive_printsALineASegment_ofWavAndRawSamples() throws Exception {
    byte[] wav = wav();
    Cli.Result ofWav = withInput(wav, "asr", "--live", "-");
    assertThat(ofWav.err()).isEmpty();
    assertThat(ofWav.out().lines()).hasSize(CLIPS);
    assertThat(withInput(Arrays.copyOfRange(wav, 44, wav.length), "asr", "--live", "--rate", "16000", "-").out().lines()).hasSize(CLIPS);
    assertThat(Cli.run("asr", "--live", Files.write(folder.resolve("a.wav"), wav)).out().lines()).hasSize(CLIPS);
  }

  @Test
  void tts_takesTextFromAFile_andVcStreams() throws Exception {
    Path text = Files.writeString(folder.resolve("text.txt"), "turn on the light in the kitchen\n");
    Path whole = folder.resolve("whole.wav");
    Path piped = folder.resolve("piped.wav");
    Path voice = Demo.voice("bella");
    assertThat(Cli.run("tts", "--text-file", text, "-v", voice, "-o", whole, "--seed", "2")).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(withInput(Files.readAllBytes(text), "tts", "--text-file", "-", "-v", voice, "-o", piped, "--seed", "2").code()).isZero();
    assertThat(whole).hasSameBinaryContentAs(piped);
    Path converted = folder.resolve("converted.wav");
    Path streamed = folder.resolve("streamed.wav");
    Cli.run("vc", Project.clip(0), "-v", voice, "-o", converted, "--seed", "2");
    assertThat(Cli.run("vc", Project.clip(0), "-v", voice, "-o", streamed, "--seed", "2", "--stream")).isEqualTo(new Cli.Result(0, "", ""));
    assertThat(AudioSource.of(streamed).samples()).hasSameSizeAs(AudioSource.of(converted).samples());
  }

  @Test
  void loadTest_printsALineALevel_andKeepsItsFigures() throws Exception {
    Path json = folder.resolve("load.json");
    Path plot = folder.resolve("load.png");
    Cli.Result result = Cli.run("load-test", "--streams", "1,3", "--seconds", "0", "--json", json, "--plot", plot);
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out().lines()).hasSize(3);
    JsonNode levels = new ObjectMapper().readTree(json.toFile());
    assertThat(levels.get(1).get("streams").asInt()).isEqualTo(3);
    assertThat(levels.get(1).get("made").asInt()).isEqualTo(3);
    assertThat(levels.get(1).get("firstAudioMillisP50").asDouble()).isPositive();
    assertThat(levels.get(1).get("firstAudioMillisP95").asDouble()).isGreaterThanOrEqualTo(levels.get(1).get("firstAudioMillisP50").asDouble());
    assertThat(levels.get(1).get("continuousPercent").asDouble()).isBetween(0.0, 100.0);
    assertThat(ImageIO.read(plot.toFile()).getWidth()).isEqualTo(640);
    assertFails(2, "--streams", Cli.run("load-test", "--streams", "0"));
    assertFails(2, "--seconds", Cli.run("load-test", "--seconds", "-1"));
  }

  @Test
  void whatIsNotThere_orDoesNotGoTogether_isToldInOneLine() throws Exception {
    Path voice = Demo.voice("bella");
    Path bad = Files.write(folder.resolve("bad.txt"), new byte[] {(byte) 0xC3, 0x28});
    Path clip = Project.clip(0);
    assertFails(1, "UTF-8", Cli.run("tts", "--text-file", bad, "-v", voice, "-o", folder.resolve("a.wav")));
    assertFails(2, "exclude", Cli.run("tts", "a", "--text-file", bad, "-v", voice, "-o", folder.resolve("a.wav")));
    assertFails(2, "TEXT is missing", Cli.run("tts", "-v", voice, "-o", folder.resolve("a.wav")));
    assertFails(2, "--language", Cli.run("tts", "a", "-v", voice, "--language", "not a tag", "-o", folder.resolve("a.wav")));
    assertFails(2, "exclude", Cli.run("tts", "a", "-v", voice, "--play", "-o", folder.resolve("a.wav")));
    assertFails(2, "one FILE", Cli.run("asr", "--format", "srt", clip, clip));
    assertFails(2, "--rate", Cli.run("asr", "--live", "--rate", "1", "-"));
    assertFails(2, "--live", Cli.run("asr", "--live", "--format", "json", "-"));
    assertFails(1, "WAV", withInput("RIFFxxxxWAVEnothing".getBytes(StandardCharsets.US_ASCII), "asr", "--live", "-"));
  }

  @Test
  void withoutASoundCard_playAndMicrophoneSaySo() {
    Assumptions.assumeTrue(AudioSystem.getMixerInfo().length == 0, "this machine has a sound card");
    assertFails(1, "no sound card", Cli.run("tts", "a", "-v", Demo.voice("bella"), "--play"));
    assertFails(1, "no microphone", Cli.run("asr", "--live"));
  }

  private static void assertFails(int code, String said, Cli.Result result) {
    assertThat(result.code()).as(result.toString()).isEqualTo(code);
    assertThat(result.errors()).hasSize(1).allMatch(line -> line.contains(said));
  }
}
