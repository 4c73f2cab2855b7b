package io.gpa4j;

import java.util.Objects;

/**
 * What the bare decoder answered. Immutable.
 *
 * <pre>{@code
 * Generation answer = gpa.generate(new int[] {1, 2, 3}, GenerateOptions.builder().maxTokens(5).build());
 * System.out.println(answer.ids().length + " tokens in " + answer.timings().finishedMicros() + " µs");
 * }</pre>
 */
public final class Generation {
  private final int[] ids;
  private final Timings timings;

  Generation(int[] ids, Timings timings) {
    this.ids = Objects.requireNonNull(ids, "ids");
    this.timings = Objects.requireNonNull(timings, "timings");
  }

  /**
   * The answer's tokens, the end token included where it was drawn.
   *
   * @return a copy
   */
  public int[] ids() {
    return ids.clone();
  }

  /**
   * How long it took.
   *
   * @return the timings
   */
  public Timings timings() {
    return timings;
  }
}
