package io.gpa4j;

import java.util.Objects;

/**
 * How audio is transcribed.
 *
 * <pre>{@code
 * TranscribeOptions shortAnswer = TranscribeOptions.builder().maxTokens(50).build();
 * System.out.println(gpa.transcribe(AudioSource.of(Path.of("talk.wav")), shortAnswer).text());
 * }</pre>
 *
 * @param sampling how tokens are drawn; greedy by default, as in the reference
 * @param seed of the random draws, where there are any
 * @param maxTokens the longest answer, to each segment; 0: what the context leaves
 * @param fullVocabulary whether the whole vocabulary competes, as in the reference, instead of text only
 * @param segmentation how long audio is cut
 * @param progress is told how far a transcription is; not of a {@link TranscriptionStream}, whose own listener tells more
 */
public record TranscribeOptions(Sampling sampling, long seed, int maxTokens, boolean fullVocabulary, Segmentation segmentation,
    ProgressListener progress) {
  private static final TranscribeOptions DEFAULTS = builder().build();

  /** Checks the ranges. */
  public TranscribeOptions {
    Objects.requireNonNull(sampling, "sampling");
    Objects.requireNonNull(segmentation, "segmentation");
    Objects.requireNonNull(progress, "progress");
    Options.checkMaxTokens(maxTokens);
  }

  /**
   * Greedy, text only, no limit but the context.
   *
   * @return the defaults
   */
  public static TranscribeOptions defaults() {
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

  /**
   * These options with a listener of one request's progress.
   *
   * @param listener is told; {@link ProgressListener#NONE} by default
   * @return such options
   */
  public TranscribeOptions withProgress(ProgressListener listener) {
    return toBuilder().progress(listener).build();
  }

  /**
   * A builder that begins with these options.
   *
   * @return a new one
   */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.sampling = sampling;
    builder.seed = seed;
    builder.maxTokens = maxTokens;
    builder.fullVocabulary = fullVocabulary;
    builder.segmentation = segmentation;
    builder.progress = progress;
    return builder;
  }

  /** Builds {@link TranscribeOptions}. Not thread-safe. */
  public static final class Builder {
    private Sampling sampling = Sampling.greedy();
    private long seed;
    private int maxTokens;
    private boolean fullVocabulary;
    private Segmentation segmentation = Segmentation.defaults();
    private ProgressListener progress = ProgressListener.NONE;

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
     * Sets whether the whole vocabulary competes.
     *
     * @param value true: as in the reference, slower
     * @return this
     */
    public Builder fullVocabulary(boolean value) {
      fullVocabulary = value;
      return this;
    }

    /**
     * Sets how long audio is cut.
     *
     * @param value {@link Segmentation#defaults()} by default
     * @return this
     */
    public Builder segmentation(Segmentation value) {
      segmentation = Objects.requireNonNull(value, "segmentation");
      return this;
    }

    /**
     * Sets who is told how far the request is.
     *
     * @param value {@link ProgressListener#NONE} by default
     * @return this
     */
    public Builder progress(ProgressListener value) {
      progress = Objects.requireNonNull(value, "progress");
      return this;
    }

    /**
     * The options.
     *
     * @return a new instance
     */
    public TranscribeOptions build() {
      return new TranscribeOptions(sampling, seed, maxTokens, fullVocabulary, segmentation, progress);
    }
  }
}
