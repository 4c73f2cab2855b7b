package io.gpa4j;

import io.gpa4j.internal.WavWriter;
import java.nio.FloatBuffer;
import java.util.Objects;

/**
 * A piece of speech: 16 kHz mono, nominally in [-1, 1].
 *
 * <p>One that a {@link ChunkConsumer} is given lies in the engine's memory, is valid inside that call only, and is used again for the
 * next chunk. One of a {@link SpeechStream} is a copy and stays valid.
 *
 * <pre>{@code
 * byte[] bytes = new byte[1 << 18];
 * gpa.speak("Hello", anna, SpeechOptions.defaults(), chunk -> {
 *   int count = chunk.copyTo(bytes, 0);
 *   return line.write(bytes, 0, count) == count;
 * });
 * }</pre>
 */
public final class AudioChunk {
  private FloatBuffer view;
  private int samples;
  private long firstSample;

  AudioChunk() {}

  AudioChunk(float[] samples, long firstSample) {
    show(FloatBuffer.wrap(samples).asReadOnlyBuffer(), firstSample);
  }

  /** Shows a read-only buffer, from 0 to its limit. */
  void show(FloatBuffer buffer, long first) {
    view = buffer;
    samples = buffer.limit();
    firstSample = first;
  }

  void hide() {
    view = null;
  }

  /**
   * The samples where they are, without a copy.
   *
   * @return a read-only buffer, direct inside a {@link ChunkConsumer}; the same at each call, rewound
   * @throws IllegalStateException after the call that the chunk was given to
   */
  public FloatBuffer buffer() {
    return shown().clear().limit(samples);
  }

  /**
   * The samples.
   *
   * @return a copy
   * @throws IllegalStateException after the call that the chunk was given to
   */
  public float[] floats() {
    float[] copy = new float[samples()];
    copyTo(copy, 0);
    return copy;
  }

  /**
   * Copies the samples.
   *
   * @param target where to
   * @param offset index of the first sample there
   * @return how many: {@link #samples()}
   * @throws IndexOutOfBoundsException if they do not fit
   * @throws IllegalStateException after the call that the chunk was given to
   */
  public int copyTo(float[] target, int offset) {
    Objects.checkFromIndexSize(offset, samples(), target.length);
    buffer().get(target, offset, samples);
    return samples;
  }

  /**
   * The samples as signed 16-bit little-endian PCM, cut at ±1.
   *
   * @return a new array, as {@link javax.sound.sampled.SourceDataLine} takes it
   * @throws IllegalStateException after the call that the chunk was given to
   */
  public byte[] bytes() {
    byte[] copy = new byte[2 * samples()];
    copyTo(copy, 0);
    return copy;
  }

  /**
   * Copies the samples as signed 16-bit little-endian PCM, cut at ±1.
   *
   * @param target where to
   * @param offset index of the first byte there
   * @return how many bytes: two for each of {@link #samples()}
   * @throws IndexOutOfBoundsException if they do not fit
   * @throws IllegalStateException after the call that the chunk was given to
   */
  public int copyTo(byte[] target, int offset) {
    Objects.checkFromIndexSize(offset, 2 * samples(), target.length);
    WavWriter.pcm16(buffer(), target, offset);
    return 2 * samples;
  }

  /**
   * How many samples there are.
   *
   * @return at least 1
   * @throws IllegalStateException after the call that the chunk was given to
   */
  public int samples() {
    shown();
    return samples;
  }

  /**
   * Samples of the speech before this chunk.
   *
   * @return the index of the first sample
   */
  public long firstSample() {
    return firstSample;
  }

  /**
   * Samples per second.
   *
   * @return {@link Speech#SAMPLE_RATE}
   */
  public int sampleRate() {
    return Speech.SAMPLE_RATE;
  }

  private FloatBuffer shown() {
    if (view == null) {
      throw new IllegalStateException("this chunk was valid inside its call only");
    }
    return view;
  }
}
