package io.gpa4j;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How speech is made.
 *
 * <pre>{@code
 * SpeechOptions options = SpeechOptions.builder().seed(7).maxTokens(500).build();  // at most ten seconds, always the same
 * try (Speech speech = gpa.speak("Hello", anna, options)) {
 *   speech.write(Path.of("hello.wav"));
 * }
 * }</pre>
 *
 * @param sampling how tokens are drawn; empty: as the model file says ({@link Gpa#speechSampling()})
 * @param seed of the random draws; the same seed, model, input and machine give the same speech; empty: another one each time
 * @param maxTokens the longest answer, to each part of what is long, 50 tokens a second; 0: what the context leaves
 * @param fullVocabulary whether the whole vocabulary competes in the draw, as in the reference, instead of speech tokens only
 * @param stream how it streams, where it does
 * @param splitting how long text is split
 * @param segmentation how long audio that is converted is cut
 * @param progress is told how far the speech is
 */
public record SpeechOptions(Optional<Sampling> sampling, OptionalLong seed, int maxTokens, boolean fullVocabulary, StreamOptions stream,
    TextSplitting splitting, Segmentation segmentation, ProgressListener progress) {
  private static final SpeechOptions DEFAULTS = builder().build();

  /** Checks the ranges. */
  public SpeechOptions {
    Objects.requireNonNull(sampling, "sampling");
    Objects.requireNonNull(seed, "seed");
    Objects.requireNonNull(stream, "stream");
    Objects.requireNonNull(splitting, "splitting");
    Objects.requireNonNull(segmentation, "segmentation");
    Objects.requireNonNull(progress, "progress");
    Options.checkMaxTokens(maxTokens);
  }

  /**
   * The model's own sampling, another seed each time, no limit but the context.
   *
   * @return the defaults
   */
  public static SpeechOptions defaults() {
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
  public SpeechOptions withProgress(ProgressListener listener) {
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
    builder.stream = stream;
    builder.splitting = splitting;
    builder.segmentation = segmentation;
    builder.progress = progress;
    return builder;
  }

  /** Builds {@link SpeechOptions}. Not thread-safe. */
  public static final class Builder {
    private Optional<Sampling> sampling = Optional.empty();
    private OptionalLong seed = OptionalLong.empty();
    private int maxTokens;
    private boolean fullVocabulary;
    private StreamOptions stream = StreamOptions.defaults();
    private TextSplitting splitting = TextSplitting.defaults();
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
      sampling = Optional.of(value);
      return this;
    }

    /**
     * Sets the seed.
     *
     * @param value any number
     * @return this
     */
    public Builder seed(long value) {
      seed = OptionalLong.of(value);
      return this;
    }

    /**
     * Sets the longest answer.
     *
     * @param value tokens, 50 a second; 0: what the context leaves
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
     * Sets how it streams.
     *
     * @param value {@link StreamOptions#defaults()} by default
     * @return this
     */
    public Builder stream(StreamOptions value) {
      stream = Objects.requireNonNull(value, "stream");
      return this;
    }

    /**
     * Sets how long text is split.
     *
     * @param value {@link TextSplitting#defaults()} by default
     * @return this
     */
    public Builder splitting(TextSplitting value) {
      splitting = Objects.requireNonNull(value, "splitting");
      return this;
    }

    /**
     * Sets how long audio that is converted is cut.
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
    public SpeechOptions build() {
      return new SpeechOptions(sampling, seed, maxTokens, fullVocabulary, stream, splitting, segmentation, progress);
    }
  }
}
