package io.gpa4j;

/**
 * How the audio networks (tokenizers and codec) compute with quantised weights. The decoder's activations are always rounded for those;
 * weights of F32, F16 and BF16 are computed with as {@link #EXACT} either way.
 *
 * <pre>{@code
 * try (Gpa fast = Gpa.builder(Path.of("gpa.gguf")).precision(Precision.FAST).build()) {
 *   System.out.println(fast.transcribe(AudioSource.of(Path.of("talk.wav"))).text());
 * }
 * }</pre>
 */
public enum Precision {
  /** Activations stay 32-bit floats. */
  EXACT(0),
  /**
   * Activations are rounded to 8-bit integers, 32 channels by one scale: in all of the codec's decoder, which is twice as fast then, and in
   * those maps of the tokenizers that bear it. On the demo model the waveform is 40 dB above its difference from the exact one, and at most
   * 0.5 % of the ids flip ({@code docs/precision.md}).
   */
  FAST(1);

  private final int id;

  Precision(int id) {
    this.id = id;
  }

  int id() {
    return id;
  }
}
