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
   * Activations are rounded to 8-bit integers, 32 channels by one scale: two to three times as fast. On the demo model in Q8_0
   * the waveform is 40 dB above its difference from F32 weights (47 dB when exact); more near ties among the ids flip.
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
