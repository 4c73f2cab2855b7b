package io.gpa4j;

import io.gpa4j.internal.AudioReader;
import io.gpa4j.internal.Pcm;
import io.gpa4j.internal.Planes;
import io.gpa4j.internal.Segmenter;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.sound.sampled.AudioInputStream;

/**
 * Audio that goes into a request: a file, a stream, an array or native memory, of any rate and channel count.
 *
 * <p>WAV, AIFF and AU (integers of 8, 16, 24 and 32 bits, floats of 32 and 64, A-law, µ-law) are read by the JDK. Every other
 * format, and every rate other than 16 kHz, needs {@code org.bytedeco:ffmpeg} on the class path; without it they are an
 * {@link AudioFormatException}. Of several channels the codec hears the first and the recogniser the mean.
 *
 * <p>Files, arrays and buffers may be used by any number of requests; a stream by one, which reads it to its end and leaves it
 * open. Nothing is opened or read before a request asks for it, and what is longer than a segment ({@link Segmentation}) is read
 * piece by piece while it is heard. Instances are immutable and thread-safe.
 *
 * <pre>{@code
 * Transcription file = gpa.transcribe(AudioSource.of(Path.of("talk.wav")));
 * float[] second = new float[48_000];  // 48 kHz, mono
 * Transcription array = gpa.transcribe(AudioSource.of(second, 48_000, 1));
 * }</pre>
 */
public final class AudioSource {
  private final String name;
  private final Consumer<Planes> reader;
  // Samples that are read in place, or null.
  private final FloatBuffer inPlace;

  private AudioSource(String name, Consumer<Planes> reader, FloatBuffer inPlace) {
    this.name = name;
    this.reader = reader;
    this.inPlace = inPlace;
  }

  /**
   * Audio in a file.
   *
   * @param path a file of any usual audio format
   * @return the source
   */
  public static AudioSource of(Path path) {
    Objects.requireNonNull(path, "path");
    return new AudioSource(path.toString(), out -> AudioReader.read(path, out), null);
  }

  /**
   * Audio in a stream, in the format of an audio file. It serves one request and is not closed.
   *
   * @param stream a stream that begins where the file's header begins
   * @return the source
   */
  public static AudioSource of(InputStream stream) {
    Objects.requireNonNull(stream, "stream");
    if (stream instanceof AudioInputStream audio) {
      return of(audio);
    }
    return once("audio stream", out -> AudioReader.read(stream, "audio stream", out));
  }

  /**
   * Audio in a stream that knows its format. It serves one request and is not closed.
   *
   * @param stream a stream of PCM, A-law or µ-law
   * @return the source
   */
  public static AudioSource of(AudioInputStream stream) {
    Objects.requireNonNull(stream, "stream");
    return once("audio stream", out -> AudioReader.read(stream, "audio stream", out));
  }

  /**
   * Mono samples at 16 kHz. The array is copied when a request starts.
   *
   * @param samples nominally in [-1, 1]
   * @return the source
   */
  public static AudioSource of(float[] samples) {
    return of(samples, Pcm.SAMPLE_RATE, 1);
  }

  /**
   * Interleaved samples of any rate. The array is copied when a request starts.
   *
   * @param samples nominally in [-1, 1]; channels follow each other within a frame
   * @param sampleRate frames per second, 1000 to 1,000,000
   * @param channels 1 to 64; the array's length is a multiple of it
   * @return the source
   */
  public static AudioSource of(float[] samples, int sampleRate, int channels) {
    Objects.requireNonNull(samples, "samples");
    if (sampleRate < 1000 || sampleRate > 1_000_000) {
      throw new IllegalArgumentException("sampleRate " + sampleRate + ", expected 1000 to 1000000");
    }
    if (channels < 1 || channels > 64) {
      throw new IllegalArgumentException("channels " + channels + ", expected 1 to 64");
    }
    if (samples.length % channels != 0) {
      throw new IllegalArgumentException(samples.length + " samples are no whole frames of " + channels + " channels");
    }
    return new AudioSource("samples", out -> AudioReader.read(samples, sampleRate, channels, "samples", out), null);
  }

  /**
   * Mono samples at 16 kHz in a direct buffer, read in place, without a copy, from its position to its limit as they are
   * now. They must not change while a request runs.
   *
   * @param samples a direct buffer in native byte order, nominally in [-1, 1]
   * @return the source
   * @throws IllegalArgumentException if the buffer is on the heap or of the other byte order: it would have to be copied;
   *     use {@link #of(float[])} for that
   */
  public static AudioSource of(FloatBuffer samples) {
    Objects.requireNonNull(samples, "samples");
    if (!samples.isDirect()) {
      throw new IllegalArgumentException("samples is no direct buffer: it cannot be read in place; use a float[] or a direct buffer");
    }
    if (samples.order() != ByteOrder.nativeOrder()) {
      throw new IllegalArgumentException("samples has byte order " + samples.order() + ", expected the native " + ByteOrder.nativeOrder());
    }
    FloatBuffer slice = samples.slice();
    return new AudioSource("samples", out -> AudioReader.read(slice, out), slice);
  }

  private static AudioSource once(String name, Consumer<Planes> reader) {
    AtomicBoolean used = new AtomicBoolean();
    return new AudioSource(name, out -> {
      if (!used.compareAndSet(false, true)) {
        throw new IllegalStateException("an audio source over a stream serves one request; it was used before");
      }
      reader.accept(out);
    }, null);
  }

  /** Reads it; the caller closes what comes. */
  Pcm open() {
    return fitting(() -> inPlace != null ? Pcm.inPlace(checkedInPlace(), name) : AudioReader.collect(name, reader));
  }

  /** Reads it piece by piece and cuts it; what is no longer than one segment is one, untouched. */
  void cut(Segmenter segmenter) {
    fitting(() -> {
      if (inPlace != null && checkedInPlace().remaining() <= segmenter.longest()) {
        segmenter.whole(Pcm.inPlace(inPlace, name));
      } else {
        reader.accept(segmenter);
        segmenter.finish();
      }
      return null;
    });
  }

  private FloatBuffer checkedInPlace() {
    if (!inPlace.hasRemaining()) {
      throw new EmptyAudioException(name + ": the buffer is empty");
    }
    return inPlace;
  }

  private <T> T fitting(Supplier<T> read) {
    try {
      return read.get();
    } catch (OutOfMemoryError e) {
      throw new GpaOutOfMemoryException(name + ": the audio does not fit in memory", e);
    }
  }

  /**
   * The audio as the engine hears it: the first channel at 16 kHz.
   *
   * @return a copy of the samples
   * @throws AudioFormatException if it cannot be read
   * @throws GpaIoException if the file is not there
   * @throws GpaOutOfMemoryException if it is too long for the memory there is
   */
  public float[] samples() {
    try (Pcm pcm = open()) {
      return pcm.firstCopy();
    }
  }

  /**
   * The mean of the channels at 16 kHz, which the recogniser's semantic tokenizer hears.
   *
   * @return a copy of the samples; equal to {@link #samples()} for mono
   * @throws AudioFormatException if it cannot be read
   * @throws GpaIoException if the file is not there
   * @throws GpaOutOfMemoryException if it is too long for the memory there is
   */
  public float[] mixedSamples() {
    try (Pcm pcm = open()) {
      return pcm.mixCopy();
    }
  }

  /** The file's name, or what kind of source it is. */
  @Override
  public String toString() {
    return name;
  }
}
