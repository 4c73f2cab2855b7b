package io.gpa4j;

import java.util.Objects;

/**
 * How the bare decoder answers a prompt.
 *
 * <pre>{@code
 * GenerateOptions options = GenerateOptions.builder().sampling(Sampling.greedy()).maxTokens(20).build();
 * int[] answer = gpa.generate(new int[] {1, 2, 3}, options).ids();
 * }</pre>
 *
 * @param sampling how tokens are drawn; greedy by default
 * @param seed of the random draws, where there are any
 * @param allowed which tokens may be answered
 * @param maxTokens the longest answer, the end token included; 0: what the context leaves
 */
public record GenerateOptions(Sampling sampling, long seed, Allowed allowed, int maxTokens) {
  /** Which tokens the decoder may answer with; the end of the answer is always among them. */
  public enum Allowed {
    /** The whole vocabulary. */
    ALL,
    /** Text and the end of content: what recognition answers. */
    TEXT,
    /** Speech: what speaking and conversion answer. */
    SEMANTIC
  }

  private static final GenerateOptions DEFAULTS = builder().build();

  /** Checks the ranges. */
  public GenerateOptions {
    Objects.requireNonNull(sampling, "sampling");
    Objects.requireNonNull(allowed, "allowed");
    Options.checkMaxTokens(maxTokens);
  }

  /**
   * Greedy, the whole vocabulary, no limit but the context.
   *
   * @return the defaults
   */
  public static GenerateOptions defaults() {
    return DEFAULTS;
  }

  /**
   * A builder that begins with the defaults.
   *
   * @return a new one
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds {@link GenerateOptions}. Not thread-safe. */
  public static final class Builder {
    private Sampling sampling = Sampling.greedy();
    private long seed;
    private Allowed allowed = Allowed.ALL;
    private int maxTokens;

    private Builder() {}

    /**
     * Sets how tokens are drawn.
     *
     * @param value the sampling
     * @return this
     */
    public Builder sampling(Sampling value) {
      sampling = Objects.requireNonNull(value, "sampling");
      return this;
    }

    /**
     * Sets the seed.
     *
     * @param value any number
     * @return this
     */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * Sets which tokens may be answered.
     *
     * @param value the set
     * @return this
     */
    public Builder allowed(Allowed value) {
      allowed = Objects.requireNonNull(value, "allowed");
      return this;
    }

    /**
     * Sets the longest answer.
     *
     * @param value tokens; 0: what the context leaves
     * @return this
     */
    public Builder maxTokens(int value) {
      maxTokens = Options.checkMaxTokens(value);
      return this;
    }

    /**
     * The options.
     *
     * @return a new instance
     */
    public GenerateOptions build() {
      return new GenerateOptions(sampling, seed, allowed, maxTokens);
    }
  }
}
