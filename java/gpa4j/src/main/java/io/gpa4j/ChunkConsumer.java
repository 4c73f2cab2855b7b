package io.gpa4j;

import java.io.IOException;

/**
 * Takes speech while it is made, chunk by chunk in order.
 *
 * <pre>{@code
 * ChunkConsumer firstSecond = chunk -> {
 *   line.write(chunk.bytes(), 0, 2 * chunk.samples());
 *   return chunk.firstSample() + chunk.samples() < Speech.SAMPLE_RATE;
 * };
 * gpa.speak("Hello, this is a long story", anna, SpeechOptions.defaults(), firstSecond);
 * }</pre>
 */
@FunctionalInterface
public interface ChunkConsumer {
  /**
   * Takes the next chunk. Called on a thread of the request's own, or on the one that waits for it, one call at a time. It may take
   * its time: its own speech then waits, that of others does not. What it throws ends the request and reaches the caller of
   * {@code speak}, an {@link IOException} inside an {@link java.io.UncheckedIOException}. It must not close the {@link Gpa}.
   *
   * @param chunk what follows the chunk before, valid inside the call only
   * @return whether to go on; false ends the speech
   * @throws IOException if it cannot pass the speech on
   */
  boolean accept(AudioChunk chunk) throws IOException;
}
