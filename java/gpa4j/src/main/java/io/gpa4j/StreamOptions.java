package io.gpa4j;

/**
 * How speech streams: what it may look ahead, and how it is cut into chunks. The samples depend on the look-ahead alone.
 *
 * <pre>{@code
 * StreamOptions early = new StreamOptions(16, 5, 50, 2);  // sooner, at a lower quality
 * gpa.speak("Hello", anna, SpeechOptions.builder().stream(early).build(), chunk -> true);
 * }</pre>
 *
 * @param lookAheadTokens a sample depends on no later token than so many (20 ms each) after its own; fewer come earlier and err more,
 *     see {@code docs/streaming.md}; it is moved into what the model can do (10 to 67 for GPA), 0: 28 on the CPU, all
 *     of it on other devices
 * @param firstChunkTokens about how long the first chunk is, 50 tokens a second; 0: 10
 * @param maxChunkTokens about how long the largest chunk is; 0: 50
 * @param chunkGrowth each chunk is so many times as long as the one before it, 1 to 16; 0: 1.5
 */
public record StreamOptions(int lookAheadTokens, int firstChunkTokens, int maxChunkTokens, float chunkGrowth) {
  private static final StreamOptions DEFAULTS = new StreamOptions(0, 0, 0, 0);

  /** Checks the ranges. */
  public StreamOptions {
    check("lookAheadTokens", lookAheadTokens);
    check("firstChunkTokens", firstChunkTokens);
    check("maxChunkTokens", maxChunkTokens);
    if (chunkGrowth != 0 && !(chunkGrowth >= 1 && chunkGrowth <= 16)) {
      throw new IllegalArgumentException("chunkGrowth is " + chunkGrowth + ", expected 0 or 1 to 16");
    }
  }

  /**
   * All defaults.
   *
   * @return the defaults
   */
  public static StreamOptions defaults() {
    return DEFAULTS;
  }

  /**
   * All the look-ahead there is: but for its mean the stream is the speech that {@link Gpa#speak(String, Voice, SpeechOptions)} makes,
   * sample by sample. The first chunk comes later.
   *
   * @return such options
   */
  public static StreamOptions exact() {
    return DEFAULTS.withLookAhead(Integer.MAX_VALUE);
  }

  /**
   * These options with another look-ahead.
   *
   * @param tokens at least 0
   * @return such options
   */
  public StreamOptions withLookAhead(int tokens) {
    return new StreamOptions(tokens, firstChunkTokens, maxChunkTokens, chunkGrowth);
  }

  private static void check(String name, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + " is " + value + ", expected 0 or more");
    }
  }
}
