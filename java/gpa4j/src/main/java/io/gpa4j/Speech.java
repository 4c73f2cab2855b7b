package io.gpa4j;

import io.gpa4j.internal.AtomicFile;
import io.gpa4j.internal.NativeRequest;
import io.gpa4j.internal.Pcm;
import io.gpa4j.internal.SpeechParts;
import io.gpa4j.internal.WavWriter;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;

/**
 * Speech that was made: 16 kHz mono in native memory, which lives until {@link #close()}. Thread-safe.
 *
 * <pre>{@code
 * try (Speech speech = gpa.speak("Hello", anna, SpeechOptions.defaults())) {
 *   FloatBuffer samples = speech.buffer();
 *   System.out.println(samples.remaining() + " samples, " + speech.durationMillis() + " ms");
 * }
 * }</pre>
 */
public final class Speech implements AutoCloseable {
  /** Samples per second. */
  public static final int SAMPLE_RATE = 16_000;

  private final Runnable memory;
  private final FloatBuffer pcm;
  private final int[] tokens;
  private final Timings timings;
  private boolean closed;

  private Speech(FloatBuffer pcm, int[] tokens, Timings timings, Runnable memory) {
    this.pcm = pcm;
    this.tokens = tokens;
    this.timings = timings;
    this.memory = memory;
  }

  /** Of requests that ended well and are this one's from now on; silence[i] samples of silence lie before what the i-th one made. */
  static Speech of(List<NativeRequest> requests, long[] silences) {
    Timings timings = Timings.of(requests);
    if (requests.size() == 1 && Arrays.stream(silences).sum() == 0) {
      NativeRequest request = requests.get(0);
      return new Speech(request.pcm(), request.ids(), timings, request::close);
    }
    int[] tokens = requests.stream().flatMapToInt(request -> Arrays.stream(request.ids())).toArray();
    Pcm joined = SpeechParts.joined(requests, silences);
    return new Speech(joined.buffer(), tokens, timings, joined::close);
  }

  /**
   * The samples where they are, without a copy.
   *
   * @return a read-only direct buffer, nominally in [-1, 1]; it must not be touched after this is closed or unreachable
   * @throws IllegalStateException after close
   */
  public synchronized FloatBuffer buffer() {
    return open().asReadOnlyBuffer();
  }

  /**
   * The samples.
   *
   * @return a copy, nominally in [-1, 1]
   * @throws IllegalStateException after close
   */
  public synchronized float[] floats() {
    FloatBuffer view = open().duplicate();
    float[] copy = new float[view.remaining()];
    view.get(copy);
    return copy;
  }

  /**
   * The codec's tokens of this speech, 50 a second; none stand for silence between its parts.
   *
   * @return a copy
   */
  public int[] tokens() {
    return tokens.clone();
  }

  /**
   * How many samples there are.
   *
   * @return 16,000 a second
   */
  public int samples() {
    return pcm.limit();
  }

  /**
   * How long it lasts.
   *
   * @return milliseconds
   */
  public long durationMillis() {
    return samples() * 1000L / SAMPLE_RATE;
  }

  /**
   * How long it took to make.
   *
   * @return the timings
   */
  public Timings timings() {
    return timings;
  }

  /**
   * Writes a WAV file of 16-bit PCM, whole or not at all.
   *
   * @param path the file to write or replace
   * @throws GpaIoException if it cannot be written
   * @throws CancelledException if the thread is interrupted meanwhile
   * @throws IllegalStateException after close
   */
  public synchronized void write(Path path) {
    Objects.requireNonNull(path, "path");
    FloatBuffer view = open().duplicate();
    AtomicFile.write(path, out -> WavWriter.write(out, view, SAMPLE_RATE));
  }

  /**
   * The speech as a stream of 16-bit PCM that outlives this object.
   *
   * @return a stream over a copy: signed, little-endian, mono
   * @throws IllegalStateException after close
   */
  public synchronized AudioInputStream toAudioInputStream() {
    FloatBuffer view = open().duplicate();
    int frames = view.remaining();
    InputStream bytes = new ByteArrayInputStream(WavWriter.pcm16(view));
    return new AudioInputStream(bytes, new AudioFormat(SAMPLE_RATE, 16, 1, true, false), frames);
  }

  private FloatBuffer open() {
    if (closed) {
      throw new IllegalStateException("this Speech is closed");
    }
    return pcm;
  }

  /** Frees the samples. Harmless when repeated. */
  @Override
  public synchronized void close() {
    closed = true;
    memory.run();
  }
}
