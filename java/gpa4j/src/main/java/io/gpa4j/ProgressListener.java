package io.gpa4j;

/**
 * Is told how far a request is: set by {@link TranscribeOptions#withProgress} and {@link SpeechOptions#withProgress}, for whole results and
 * for speech that streams.
 *
 * <p>It is called when something has changed, at most twenty times a second, on a thread of the {@link Gpa}'s own for all its listeners, and
 * for {@link Progress.Phase#DONE} on the thread that ends the request; under no lock, and for one request one call at a time. Of a request
 * that fails or is cancelled it hears no more. When a call returns or throws, and when a future is completed by the library, the last call is
 * over; while a future is being cancelled one may still be under way.
 *
 * <p>It should return soon, for the listeners of other requests wait (requests do not), and it must not wait for its own request. It may cancel
 * it. What it throws is logged and costs it its further calls; the request goes on.
 *
 * <pre>{@code
 * SpeechOptions options = SpeechOptions.defaults().withProgress(progress -> System.out.println(progress.phase()));
 * try (Speech speech = gpa.speakAsync("Hello", anna, options).join()) {
 *   speech.write(Path.of("hello.wav"));
 * }
 * }</pre>
 */
@FunctionalInterface
public interface ProgressListener {
  /** Wants to be told nothing. */
  ProgressListener NONE = progress -> {};

  /**
   * Something has changed.
   *
   * @param progress how far the request is
   */
  void progressed(Progress progress);
}
