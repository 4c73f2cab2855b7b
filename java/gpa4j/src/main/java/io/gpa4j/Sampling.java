package io.gpa4j;

/**
 * How answer tokens are drawn. Applied in this order: repetition penalty, temperature, top-k, top-p, draw.
 *
 * <pre>{@code
 * Sampling calm = gpa.speechSampling().withTemperature(0.6f).withTopK(20);
 * SpeechOptions options = SpeechOptions.builder().sampling(calm).seed(7).build();
 * }</pre>
 *
 * @param temperature 0: always the most likely token; otherwise above 0
 * @param topK how many of the most likely tokens stay (ties with the last stay too); 0: all
 * @param topP the smallest set whose mass reaches this stays; in (0, 1], 1: all
 * @param repetitionPenalty divides (negative logits: multiplies) the logits of tokens already there; above 0, 1: off
 */
public record Sampling(float temperature, int topK, float topP, float repetitionPenalty) {
  private static final Sampling GREEDY = new Sampling(0, 0, 1, 1);

  /** Checks the ranges. */
  public Sampling {
    if (!(temperature >= 0) || Float.isInfinite(temperature)) {
      throw new IllegalArgumentException("temperature is " + temperature + ", expected 0 or more");
    }
    if (topK < 0) {
      throw new IllegalArgumentException("topK is " + topK + ", expected 0 or more");
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("topP is " + topP + ", expected above 0 and at most 1");
    }
    if (!(repetitionPenalty > 0) || Float.isInfinite(repetitionPenalty)) {
      throw new IllegalArgumentException("repetitionPenalty is " + repetitionPenalty + ", expected above 0");
    }
  }

  /**
   * No drawing: always the most likely token.
   *
   * @return temperature 0, nothing else
   */
  public static Sampling greedy() {
    return GREEDY;
  }

  /**
   * The same with another temperature.
   *
   * @param value 0 or more
   * @return a new instance
   */
  public Sampling withTemperature(float value) {
    return new Sampling(value, topK, topP, repetitionPenalty);
  }

  /**
   * The same with another top-k.
   *
   * @param value 0 or more
   * @return a new instance
   */
  public Sampling withTopK(int value) {
    return new Sampling(temperature, value, topP, repetitionPenalty);
  }

  /**
   * The same with another top-p.
   *
   * @param value in (0, 1]
   * @return a new instance
   */
  public Sampling withTopP(float value) {
    return new Sampling(temperature, topK, value, repetitionPenalty);
  }

  /**
   * The same with another repetition penalty.
   *
   * @param value above 0
   * @return a new instance
   */
  public Sampling withRepetitionPenalty(float value) {
    return new Sampling(temperature, topK, topP, value);
  }
}
