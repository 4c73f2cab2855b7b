package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.gpa4j.AudioFormatException;
import io.gpa4j.AudioSource;
import io.gpa4j.EmptyAudioException;
import io.gpa4j.GpaIoException;
import io.gpa4j.GpaOutOfMemoryException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class AudioSourceTest {
  private static final int RATE = 16_000;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(Wav.Kind.class)
  void wavFile_ofEverySampleKind_givesItsSamples(Wav.Kind kind) {
    float[] sine = Wav.sine(440, RATE, 3000);
    Path file = Wav.write(folder.resolve("a.wav"), Wav.bytes(kind, RATE, 1, sine));
    assertThat(AudioSource.of(file).samples()).containsExactly(sine, within(kind.step()));
    Path other = Wav.write(folder.resolve("b.wav"), Wav.rifx(kind, Wav.bytes(kind, RATE, 1, sine)));
    assertThat(AudioSource.of(other).samples()).containsExactly(sine, within(kind.step()));
  }

  @Test
  void stereo_givesFirstChannelAndMean() {
    float[] frames = {0.5f, 0.25f, -0.5f, 0.25f, 0.125f, 0.125f};
    AudioSource source = AudioSource.of(new ByteArrayInputStream(Wav.bytes(Wav.Kind.F32, RATE, 2, frames)));
    assertThat(source.samples()).containsExactly(0.5f, -0.5f, 0.125f);
    AudioSource again = AudioSource.of(frames, RATE, 2);
    assertThat(again.mixedSamples()).containsExactly(0.375f, -0.125f, 0.125f);
    assertThat(again.samples()).containsExactly(0.5f, -0.5f, 0.125f);
  }

  @Test
  void fiveChannels_giveFirstChannelAndMean() {
    float[] frames = {0.5f, 0, 0, 0, 0, 0.25f, 0.25f, 0.25f, 0.25f, 0.25f};
    AudioSource source = AudioSource.of(Wav.write(folder.resolve("5.wav"), Wav.bytes(Wav.Kind.F32, RATE, 5, frames)));
    assertThat(source.samples()).containsExactly(0.5f, 0.25f);
    assertThat(source.mixedSamples()).containsExactly(0.1f, 0.25f);
  }

  @ParameterizedTest
  @ValueSource(ints = {8000, 11_025, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000})
  void otherRates_resampled_keepToneAndLength(int rate) {
    int samples = rate * 2;
    float[] heard = AudioSource.of(Wav.sine(1000, rate, samples), rate, 1).samples();
    assertThat(heard).hasSize(2 * RATE);
    float[] want = Wav.sine(1000, RATE, 2 * RATE);
    double error = 0;
    double power = 0;
    // The ends see the silence outside.
    for (int i = 1000; i < heard.length - 1000; i++) {
      error += Math.pow(heard[i] - want[i], 2);
      power += want[i] * want[i];
    }
    assertThat(10 * Math.log10(power / error)).as("signal to noise in dB").isGreaterThan(90);
  }

  @Test
  void downsampling_tonesAboveTheNewBand_areGone() {
    float[] heard = AudioSource.of(Wav.sine(9500, 48_000, 48_000), 48_000, 1).samples();
    for (int i = 500; i < heard.length - 500; i++) {
      assertThat(Math.abs(heard[i])).isLessThan(1e-4f);
    }
  }

  @Test
  void resampledStereo_keepsChannelsApart() {
    int rate = 48_000;
    float[] left = Wav.sine(500, rate, rate);
    float[] frames = new float[2 * rate];
    for (int i = 0; i < rate; i++) {
      frames[2 * i] = left[i];
    }
    AudioSource source = AudioSource.of(frames, rate, 2);
    float[] first = source.samples();
    float[] mixed = source.mixedSamples();
    for (int i = 0; i < first.length; i++) {
      assertThat(mixed[i]).isCloseTo(first[i] / 2, within(1e-5f));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"AIFF", "AU", "WAVE"})
  void otherContainers_writtenByTheJdk_giveTheSameSamples(String type) throws IOException {
    float[] sine = Wav.sine(300, RATE, 4000);
    byte[] pcm = Arrays.copyOfRange(Wav.bytes(Wav.Kind.S16, RATE, 1, sine), 44, 44 + 8000);
    AudioFileFormat.Type format = switch (type) {
      case "AIFF" -> AudioFileFormat.Type.AIFF;
      case "AU" -> AudioFileFormat.Type.AU;
      default -> AudioFileFormat.Type.WAVE;
    };
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    AudioSystem.write(stream(pcm), format, out);
    assertThat(AudioSource.of(new ByteArrayInputStream(out.toByteArray())).samples())
        .containsExactly(sine, within(Wav.Kind.S16.step()));
  }

  @Test
  void audioInputStream_givesItsSamples_once() {
    float[] sine = Wav.sine(300, RATE, 4000);
    byte[] pcm = Arrays.copyOfRange(Wav.bytes(Wav.Kind.S16, RATE, 1, sine), 44, 44 + 8000);
    AudioSource source = AudioSource.of(stream(pcm));
    assertThat(source.samples()).hasSize(4000);
    assertThatThrownBy(source::samples).isInstanceOf(IllegalStateException.class).hasMessageContaining("one request");
  }

  @Test
  void audioInputStream_muLaw_isDecoded() {
    AudioFormat muLaw = new AudioFormat(AudioFormat.Encoding.ULAW, RATE, 8, 1, 1, RATE, false);
    byte[] codes = {(byte) 0xFF, (byte) 0x80, 0x00};
    float[] heard = AudioSource.of(new AudioInputStream(new ByteArrayInputStream(codes), muLaw, 3)).samples();
    assertThat(heard).containsExactly(new float[] {0, 0.98f, -0.98f}, within(0.01f));
  }

  @Test
  void formatsBeyondTheJdk_areDecodedByFfmpeg() {
    // Wave64 is WAV for long files, which the JDK does not read.
    float[] sine = Wav.sine(440, RATE, 8000);
    Path file = Wav.write(folder.resolve("a.w64"), wave64(sine));
    assertThat(AudioSource.of(file).samples()).containsExactly(sine, within(Wav.Kind.S16.step()));
  }

  @Test
  void streamOfFormatBeyondTheJdk_isDecodedByFfmpeg() {
    float[] sine = Wav.sine(440, RATE, 8000);
    assertThat(AudioSource.of(new ByteArrayInputStream(wave64(sine))).samples()).hasSize(8000);
  }

  @Test
  void wavHeader_claimsMoreThanThereIs_isRefusedByName() {
    Path file = Wav.write(folder.resolve("liar.wav"), Wav.bytes(Wav.Kind.S16, RATE, 1, 200_000, new float[1000]));
    assertThatThrownBy(() -> AudioSource.of(file).samples()).isInstanceOf(AudioFormatException.class)
        .hasMessageContaining("liar.wav").hasMessageContaining("100000").hasMessageContaining("1000");
  }

  @Test
  void wavHeader_ofUnknownLength_isRead() {
    for (int unknown : new int[] {-1, 0x7FFFFFFF - 36}) {
      byte[] wav = Wav.bytes(Wav.Kind.S16, RATE, 1, unknown, new float[1000]);
      assertThat(AudioSource.of(new ByteArrayInputStream(wav)).samples()).hasSize(1000);
    }
  }

  @Test
  void wavHeader_withNonsense_isRefusedWithoutMuchMemory() {
    byte[] good = Wav.bytes(Wav.Kind.S16, RATE, 1, new float[1000]);
    for (int at = 4; at < 44; at++) {
      for (byte value : new byte[] {0, -1, 127}) {
        byte[] bad = good.clone();
        bad[at] = value;
        Path file = Wav.write(folder.resolve("bad.wav"), bad);
        try {
          AudioSource.of(file).samples();
        } catch (AudioFormatException e) {
          assertThat(e).hasMessageContaining("bad.wav");
        }
      }
    }
  }

  @Test
  void wavChunk_thatEndsBehindTheFile_isRefusedSoon() {
    byte[] good = Wav.bytes(Wav.Kind.S16, RATE, 1, new float[1000]);
    ByteBuffer out = ByteBuffer.allocate(good.length + 12).order(ByteOrder.LITTLE_ENDIAN);
    out.put(good, 0, 36).put("LIST".getBytes(StandardCharsets.US_ASCII)).putInt(0xFD000004).put("INFO".getBytes(StandardCharsets.US_ASCII))
        .put(good, 36, good.length - 36);
    Path file = Wav.write(folder.resolve("liar.wav"), out.array());
    assertTimeout(Duration.ofSeconds(2), () -> {
      assertThatThrownBy(() -> AudioSource.of(file).samples()).isInstanceOf(AudioFormatException.class).hasMessageContaining("liar.wav");
      assertThatThrownBy(() -> AudioSource.of(new ByteArrayInputStream(out.array())).samples()).isInstanceOf(AudioFormatException.class);
    });
  }

  @Test
  void midi_isNoAudioFile() {
    // A note that sounds for days.
    byte[] midi = {'M', 'T', 'h', 'd', 0, 0, 0, 6, 0, 0, 0, 1, 0, 1, 'M', 'T', 'r', 'k', 0, 0, 0, 15, 0, (byte) 0x90, 60, 64, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF,
        0x7F, (byte) 0x80, 60, 0, 0, (byte) 0xFF, 0x2F, 0};
    Path file = Wav.write(folder.resolve("song.mid"), midi);
    assertTimeout(Duration.ofSeconds(5), () ->
        assertThatThrownBy(() -> AudioSource.of(file).samples()).isInstanceOf(AudioFormatException.class).hasMessageContaining("song.mid"));
  }

  @Test
  void audioThatDoesNotFit_isATypedError() throws Exception {
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx32m",
        "-Dorg.bytedeco.javacpp.cachedir=" + System.getProperty("org.bytedeco.javacpp.cachedir", System.getProperty("user.home") + "/.javacpp/cache"),
        "-cp", System.getProperty("java.class.path"), SmallHeap.class.getName()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  /** A process with a small heap that hears a quarter of an hour. */
  static final class SmallHeap {
    private SmallHeap() {}

    public static void main(String[] args) {
      InputStream silence = new InputStream() {
        @Override
        public int read() {
          return 0;
        }
      };
      AudioFormat format = new AudioFormat(RATE, 16, 1, true, false);
      try {
        AudioSource.of(new AudioInputStream(silence, format, 15L * 60 * RATE)).samples();
      } catch (GpaOutOfMemoryException e) {
        System.exit(0);
      }
      System.exit(1);
    }
  }

  @Test
  void noAudio_isEmptyAudio() {
    assertThatThrownBy(() -> AudioSource.of(new float[0]).samples()).isInstanceOf(EmptyAudioException.class);
    assertThatThrownBy(() -> AudioSource.of(direct()).samples()).isInstanceOf(EmptyAudioException.class);
    Path header = Wav.write(folder.resolve("header.wav"), Wav.bytes(Wav.Kind.S16, RATE, 1));
    assertThatThrownBy(() -> AudioSource.of(header).samples()).isInstanceOf(EmptyAudioException.class).hasMessageContaining("header.wav");
    Path empty = Wav.write(folder.resolve("empty.wav"), new byte[0]);
    assertThatThrownBy(() -> AudioSource.of(empty).samples()).isInstanceOf(EmptyAudioException.class).hasMessageContaining("empty.wav");
    assertThatThrownBy(() -> AudioSource.of(new ByteArrayInputStream(new byte[0])).samples()).isInstanceOf(EmptyAudioException.class);
  }

  @Test
  void noSuchFile_aFolder_andText_areRefusedByName() throws IOException {
    assertThatThrownBy(() -> AudioSource.of(folder.resolve("none.wav")).samples())
        .isInstanceOf(GpaIoException.class).hasMessageContaining("none.wav: no such file");
    assertThatThrownBy(() -> AudioSource.of(folder).samples()).isInstanceOf(GpaIoException.class).hasMessageContaining("folder");
    Path text = Files.writeString(folder.resolve("text.wav"), "this is no sound\n".repeat(100), StandardCharsets.UTF_8);
    assertThatThrownBy(() -> AudioSource.of(text).samples()).isInstanceOf(AudioFormatException.class).hasMessageContaining("text.wav");
  }

  @Test
  void directBuffer_fromPositionToLimit_isHeard() {
    FloatBuffer buffer = direct(9, 1, 2, 3, 9);
    buffer.position(1).limit(4);
    AudioSource source = AudioSource.of(buffer);
    buffer.clear();
    assertThat(source.samples()).containsExactly(1, 2, 3);
  }

  @Test
  void directBuffer_isReadInPlace() {
    FloatBuffer buffer = direct(1, 2, 3);
    AudioSource source = AudioSource.of(buffer);
    buffer.put(1, 7);
    assertThat(source.samples()).containsExactly(1, 7, 3);
  }

  @Test
  void buffersThatWouldBeCopied_andWrongArguments_areRefused() {
    assertThatThrownBy(() -> AudioSource.of(FloatBuffer.allocate(8)))
        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("direct");
    FloatBuffer turned = ByteBuffer.allocateDirect(8)
        .order(ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    assertThatThrownBy(() -> AudioSource.of(turned)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("order");
    assertThatThrownBy(() -> AudioSource.of(new float[3], RATE, 2)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> AudioSource.of(new float[2], 0, 1)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("sampleRate");
    assertThatThrownBy(() -> AudioSource.of(new float[2], RATE, 0)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("channels");
    assertThatThrownBy(() -> AudioSource.of((Path) null)).isInstanceOf(NullPointerException.class).hasMessageContaining("path");
    assertThatThrownBy(() -> AudioSource.of((float[]) null)).isInstanceOf(NullPointerException.class).hasMessageContaining("samples");
  }

  static FloatBuffer direct(float... samples) {
    FloatBuffer buffer = ByteBuffer.allocateDirect(4 * samples.length).order(ByteOrder.nativeOrder()).asFloatBuffer();
    return buffer.put(samples).flip();
  }

  private static AudioInputStream stream(byte[] pcm) {
    return new AudioInputStream(new ByteArrayInputStream(pcm), new AudioFormat(RATE, 16, 1, true, false), pcm.length / 2);
  }

  /** Sony Wave64: the chunks of WAV with GUIDs for names and 64-bit sizes that count the chunk's header. */
  private static byte[] wave64(float[] samples) {
    byte[] wav = Wav.bytes(Wav.Kind.S16, RATE, 1, samples);
    ByteBuffer out = ByteBuffer.allocate(24 + 16 + 40 + 24 + wav.length - 44).order(ByteOrder.LITTLE_ENDIAN);
    byte[] wave = guid("wave");
    out.put(guid("riff")).putLong(out.capacity());
    out.put(wave);
    out.put(guid("fmt ")).putLong(40).put(wav, 20, 16);
    out.put(guid("data")).putLong(24 + wav.length - 44).put(wav, 44, wav.length - 44);
    return out.array();
  }

  private static byte[] guid(String name) {
    byte[] tail = name.equals("riff")
        ? bytes(0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00)
        : bytes(0xF3, 0xAC, 0xD3, 0x11, 0x8C, 0xD1, 0x00, 0xC0, 0x4F, 0x8E, 0xDB, 0x8A);
    byte[] guid = Arrays.copyOf(name.getBytes(StandardCharsets.US_ASCII), 16);
    System.arraycopy(tail, 0, guid, 4, 12);
    return guid;
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
