package io.gpa4j.internal;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Audio as the engine takes it: 16 kHz, the first channel and, where it differs, the mean of the channels, in native memory
 * (its own, or a direct buffer of the caller's read in place).
 */
public final class Pcm implements AutoCloseable {
  /** The one rate that the engine knows. */
  public static final int SAMPLE_RATE = 16_000;

  private final String name;
  private final FloatPointer first;
  private final FloatPointer mix;
  private final long samples;
  // Keeps a caller's buffer reachable.
  private final FloatBuffer borrowed;

  private Pcm(String name, FloatPointer first, FloatPointer mix, long samples, FloatBuffer borrowed) {
    this.name = name;
    this.first = first;
    this.mix = mix;
    this.samples = samples;
    this.borrowed = borrowed;
  }

  /** Reads a direct buffer of native order in place, from its position to its limit. */
  public static Pcm inPlace(FloatBuffer buffer, String name) {
    Native.load();
    return new Pcm(name, new FloatPointer(buffer), null, buffer.remaining(), buffer);
  }

  /** Room for samples that the caller then writes through {@link #write}. */
  static Pcm allocate(String name, long samples, boolean withMix) {
    // JavaCPP's own natives come with ours.
    Native.load();
    FloatPointer first = new FloatPointer(samples);
    return new Pcm(name, first, withMix ? new FloatPointer(samples) : null, samples, null);
  }

  /** Copies to [at, at + count) of both channels; the second is ignored where there is none. */
  void write(long at, float[] firstSamples, float[] mixSamples, int count) {
    first.position(at).put(firstSamples, 0, count);
    first.position(0);
    if (mix != null) {
      mix.position(at).put(mixSamples, 0, count);
      mix.position(0);
    }
  }

  /** So much silence. */
  static Pcm silent(String name, long samples) {
    Pcm pcm = allocate(name, samples, false);
    Pointer.memset(pcm.first, 0, samples * Float.BYTES);
    return pcm;
  }

  /** Copies a buffer to [at, at + its remaining) of the first channel. */
  void write(long at, FloatBuffer from) {
    buffer().position(Math.toIntExact(at)).put(from.duplicate());
  }

  /** The first channel where it is. */
  public FloatBuffer buffer() {
    return first.limit(samples).asBuffer();
  }

  /** The file it came from, or what else it is; errors begin with it. */
  String name() {
    return name;
  }

  /** The first channel. */
  FloatPointer first() {
    return first;
  }

  /** The mean of the channels, null where it equals the first. */
  FloatPointer mix() {
    return mix;
  }

  /** Whether a mean of the channels of its own is there. */
  public boolean hasMix() {
    return mix != null;
  }

  /** Samples of each channel. */
  public long samples() {
    return samples;
  }

  /** A copy of the first channel. */
  public float[] firstCopy() {
    return copy(first);
  }

  /** A copy of the mean of the channels. */
  public float[] mixCopy() {
    return copy(mix == null ? first : mix);
  }

  private float[] copy(FloatPointer from) {
    float[] copy = new float[Math.toIntExact(samples)];
    from.get(copy);
    return copy;
  }

  @Override
  public void close() {
    if (borrowed == null) {
      // Both are idempotent.
      first.close();
      if (mix != null) {
        mix.close();
      }
    }
  }
}
