package io.gpa4j;

import io.gpa4j.internal.WavWriter;
import java.nio.FloatBuffer;

/**
 * A piece of speech: 16 kHz mono, nominally in [-1, 1].
 *
 * <p>One that a {@link ChunkConsumer} is given lies in the engine's memory, is valid inside that call only, and is used again for the
 * next chunk. One of a {@link SpeechStream} is a copy and stays valid.
 */
public final class AudioChunk {
  private FloatBuffer samples;
  private long firstSample;

  AudioChunk() {}

  AudioChunk(float[] samples, long firstSample) {
    show(FloatBuffer.wrap(samples), firstSample);
  }

  void show(FloatBuffer buffer, long first) {
    samples = buffer;
    firstSample = first;
  }

  void hide() {
    samples = null;
  }

  /**
   * The samples where they are, without a copy.
   *
   * @return a read-only buffer, direct inside a {@link ChunkConsumer}
   * @throws IllegalStateException after the call that the chunk was given to
   */
  public FloatBuffer buffer() {
    return view().asReadOnlyBuffer();
  }

  /**
   * The samples.
   *
   * @return a copy
   * @throws IllegalStateException after the call that the chunk was given to
   */
  public float[] floats() {
    FloatBuffer view = view().duplicate();
    float[] copy = new float[view.remaining()];
    view.get(copy);
    return copy;
  }

  /**
   * The samples as signed 16-bit little-endian PCM, cut at ±1.
   *
   * @return a new array, as {@link javax.sound.sampled.SourceDataLine} takes it
   * @throws IllegalStateException after the call that the chunk was given to
   */
  public byte[] bytes() {
    return WavWriter.pcm16(view().duplicate());
  }

  /**
   * How many samples there are.
   *
   * @return at least 1
   * @throws IllegalStateException after the call that the chunk was given to
   */
  public int samples() {
    return view().limit();
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

  private FloatBuffer view() {
    FloatBuffer view = samples;
    if (view == null) {
      throw new IllegalStateException("this chunk was valid inside its call only");
    }
    return view;
  }
}
