package io.gpa4j.internal;

import io.gpa4j.AudioFormatException;
import io.gpa4j.EmptyAudioException;
import io.gpa4j.GpaIoException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;

/** Reads audio files and streams: WAV, AIFF and AU by the JDK, everything else by FFmpeg where it is on the class path. */
public final class AudioReader {
  private static final int BLOCK_SAMPLES = 16_384;
  // What writers put down who cannot know the length yet: the largest numbers, less a header or a block.
  private static final long UNKNOWN_BYTES = 0x7FFF_0000L;
  private static final int HEADER_BYTES = 1 << 16;
  private static final int MAGIC_BYTES = 12;
  private static final Pattern JDK_FORMATS = Pattern.compile("RIFF.{4}WAVE|FORM.{4}AIF[FC]|\\.snd", Pattern.DOTALL);

  private AudioReader() {}

  /** Reads a file. */
  public static void read(Path path, Planes out) {
    String name = path.toString();
    if (Files.isDirectory(path)) {
      throw new GpaIoException(name + ": is a folder, expected an audio file");
    }
    if (!Files.isReadable(path)) {
      throw new GpaIoException(name + ": " + (Files.exists(path) ? "cannot be read" : "no such file"));
    }
    try (InputStream in = new BufferedInputStream(new PatientStream(Files.newInputStream(path)), HEADER_BYTES)) {
      if (Files.size(path) == 0) {
        throw new EmptyAudioException(name + ": the file is empty");
      }
      AudioInputStream audio = open(in, name);
      if (audio != null) {
        read(audio, name, out);
        return;
      }
    } catch (IOException e) {
      throw new GpaIoException(name + ": " + reason(e), e);
    }
    decode(path, name, out);
  }

  private static void decode(Path path, String name, Planes out) {
    Ffmpeg ffmpeg = Ffmpeg.load(name + ": neither WAV, AIFF nor AU");
    try {
      WaveChunks.check(path, name);
    } catch (IOException e) {
      throw new GpaIoException(name + ": " + reason(e), e);
    }
    ffmpeg.decode(path, name, out);
  }

  /** Reads a stream to its end; it stays open. */
  public static void read(InputStream stream, String name, Planes out) {
    InputStream in = new BufferedInputStream(new PatientStream(stream), HEADER_BYTES);
    try {
      in.mark(1);
      if (in.read() < 0) {
        throw new EmptyAudioException(name + ": the stream is empty");
      }
      in.reset();
      AudioInputStream audio = open(in, name);
      if (audio != null) {
        read(audio, name, out);
      } else {
        decodeSpooled(in, name, out);
      }
    } catch (IOException e) {
      throw new GpaIoException(name + ": " + reason(e), e);
    }
  }

  /** FFmpeg wants to seek: what it shall read goes to a temporary file first. */
  private static void decodeSpooled(InputStream in, String name, Planes out) throws IOException {
    Ffmpeg.load(name + ": neither WAV, AIFF nor AU");
    Path spool = Files.createTempFile("gpa4j-", ".audio");
    try {
      Files.copy(in, spool, StandardCopyOption.REPLACE_EXISTING);
      decode(spool, name, out);
    } finally {
      Files.deleteIfExists(spool);
    }
  }

  /** Null where the file is not of a format that is left to the JDK. */
  private static AudioInputStream open(InputStream in, String name) {
    try {
      in.mark(MAGIC_BYTES);
      String magic = new String(in.readNBytes(MAGIC_BYTES), StandardCharsets.ISO_8859_1);
      in.reset();
      // The JDK would also take MIDI, and play it: sound of any length and size out of a few bytes.
      if (!JDK_FORMATS.matcher(magic).lookingAt()) {
        return null;
      }
      return AudioSystem.getAudioInputStream(in);
    } catch (UnsupportedAudioFileException e) {
      return null;
    } catch (IOException | RuntimeException e) {
      // The JDK's readers meet lies in headers with all sorts of exceptions.
      throw new AudioFormatException(name + ": the audio header cannot be read: " + reason(e), e);
    }
  }

  /** Reads PCM (integer of 8 to 32 bits, float of 32 or 64, either byte order), A-law or µ-law to its end. */
  public static void read(AudioInputStream given, String name, Planes out) {
    AudioInputStream audio = asPcm(given, name);
    AudioFormat format = audio.getFormat();
    int channels = format.getChannels();
    int frameBytes = format.getFrameSize();
    SampleDecoder decoder = SampleDecoder.of(format, name);
    PcmSink sink = new PcmSink(name, Math.round(format.getSampleRate()), channels, out);
    try {
      if (frameBytes != channels * decoder.bytes()) {
        throw new AudioFormatException(name + ": a frame of " + frameBytes + " bytes for " + channels + " channels of "
            + decoder.bytes() + " bytes");
      }
      long claimed = audio.getFrameLength();
      boolean known = claimed != AudioSystem.NOT_SPECIFIED && claimed < UNKNOWN_BYTES / frameBytes;
      if (known) {
        sink.expect(claimed);
      }
      long frames = pump(audio, decoder, sink, channels, frameBytes);
      if (known && frames < claimed) {
        throw new AudioFormatException(
            name + ": the header claims " + claimed + " frames, but only " + frames + " are there; the file is cut or damaged");
      }
      sink.finish();
    } catch (IOException e) {
      throw new GpaIoException(name + ": " + reason(e), e);
    } finally {
      sink.release();
    }
  }

  /** Collects audio that one of the readers above reads. */
  public static Pcm collect(String name, Consumer<Planes> audio) {
    return PcmCollector.collect(name, audio);
  }

  /** Reads mono samples of 16 kHz where they are. */
  public static void read(FloatBuffer samples, Planes out) {
    FloatBuffer left = samples.duplicate();
    float[][] block = new float[1][BLOCK_SAMPLES];
    out.expect(left.remaining());
    while (left.hasRemaining()) {
      int count = Math.min(BLOCK_SAMPLES, left.remaining());
      left.get(block[0], 0, count);
      out.accept(block, count);
    }
  }

  /** Takes interleaved samples of any rate. */
  public static void read(float[] interleaved, int rate, int channels, String name, Planes out) {
    PcmSink sink = new PcmSink(name, rate, channels, out);
    try {
      int frames = interleaved.length / channels;
      sink.expect(frames);
      int block = Math.max(1, BLOCK_SAMPLES / channels);
      for (int at = 0; at < frames; at += block) {
        int end = Math.min(frames, at + block);
        sink.accept(Arrays.copyOfRange(interleaved, at * channels, end * channels), end - at);
      }
      sink.finish();
    } finally {
      sink.release();
    }
  }

  private static long pump(AudioInputStream audio, SampleDecoder decoder, PcmSink sink, int channels, int frameBytes)
      throws IOException {
    int block = Math.max(1, BLOCK_SAMPLES / channels);
    byte[] bytes = new byte[block * frameBytes];
    float[] samples = new float[block * channels];
    ByteBuffer view = ByteBuffer.wrap(bytes).order(decoder.order());
    long total = 0;
    while (true) {
      int read = audio.readNBytes(bytes, 0, bytes.length);
      int frames = read / frameBytes;
      for (int i = 0; i < frames * channels; i++) {
        samples[i] = decoder.sample(view, i);
      }
      sink.accept(samples, frames);
      total += frames;
      if (read < bytes.length) {
        return total;
      }
    }
  }

  private static AudioInputStream asPcm(AudioInputStream audio, String name) {
    AudioFormat format = audio.getFormat();
    AudioFormat.Encoding encoding = format.getEncoding();
    if (!encoding.equals(AudioFormat.Encoding.ALAW) && !encoding.equals(AudioFormat.Encoding.ULAW)) {
      return audio;
    }
    AudioFormat target = new AudioFormat(AudioFormat.Encoding.PCM_SIGNED, format.getSampleRate(), 16, format.getChannels(),
        2 * format.getChannels(), format.getSampleRate(), false);
    try {
      return AudioSystem.getAudioInputStream(target, audio);
    } catch (IllegalArgumentException e) {
      throw new AudioFormatException(name + ": " + encoding + " cannot be read: " + reason(e), e);
    }
  }

  static String reason(Throwable e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** One sample of raw bytes as a float in [-1, 1]. */
  private record SampleDecoder(Kind kind, int bytes, ByteOrder order) {
    private enum Kind { SIGNED, UNSIGNED, FLOAT }

    static SampleDecoder of(AudioFormat format, String name) {
      AudioFormat.Encoding encoding = format.getEncoding();
      int bits = format.getSampleSizeInBits();
      ByteOrder order = format.isBigEndian() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
      boolean whole = bits == 8 || bits == 16 || bits == 24 || bits == 32;
      if (encoding.equals(AudioFormat.Encoding.PCM_SIGNED) && whole) {
        return new SampleDecoder(Kind.SIGNED, bits / 8, order);
      }
      if (encoding.equals(AudioFormat.Encoding.PCM_UNSIGNED) && whole) {
        return new SampleDecoder(Kind.UNSIGNED, bits / 8, order);
      }
      if (encoding.equals(AudioFormat.Encoding.PCM_FLOAT) && (bits == 32 || bits == 64)) {
        return new SampleDecoder(Kind.FLOAT, bits / 8, order);
      }
      throw new AudioFormatException(name + ": samples of kind " + encoding + " with " + bits
          + " bits; integers of 8, 16, 24 or 32 bits and floats of 32 or 64 can be read");
    }

    float sample(ByteBuffer view, int index) {
      int at = index * bytes;
      if (kind == Kind.FLOAT) {
        return bytes == 4 ? view.getFloat(at) : (float) view.getDouble(at);
      }
      int value = switch (bytes) {
        case 1 -> view.get(at) << 24;
        case 2 -> view.getShort(at) << 16;
        case 3 -> order == ByteOrder.LITTLE_ENDIAN
            ? (view.get(at) & 0xFF) << 8 | (view.get(at + 1) & 0xFF) << 16 | view.get(at + 2) << 24
            : (view.get(at + 2) & 0xFF) << 8 | (view.get(at + 1) & 0xFF) << 16 | view.get(at) << 24;
        default -> view.getInt(at);
      };
      // Unsigned values are signed ones with the highest bit turned.
      return (kind == Kind.UNSIGNED ? value ^ 0x8000_0000 : value) / 2147483648f;
    }
  }
}
