package io.gpa4j;

import io.gpa4j.internal.NativeRequest;
import java.util.List;

/**
 * How long a request took, step by step. Times are microseconds since it was submitted; -1: the step was not reached. Long audio or text
 * is several requests: the first one's beginning, the last one's end, and the tokens of all.
 *
 * <pre>{@code
 * Timings timings = gpa.speak("Hello", anna, SpeechOptions.defaults(), chunk -> true);
 * System.out.println("first audio after " + timings.firstAudioMicros() / 1000 + " ms");
 * }</pre>
 *
 * @param startedMicros when it left the queue
 * @param encodedMicros when the audio encoders had finished
 * @param firstTokenMicros when the first answer token was there
 * @param lastTokenMicros when the last one was
 * @param firstAudioMicros when the first chunk of speech that streams was handed over
 * @param finishedMicros when the result was there
 * @param promptTokens tokens of the prompt
 * @param answerTokens tokens of the answer
 * @param complete true: the answer ended by itself; false: it was cut at the limit
 */
public record Timings(
    long startedMicros,
    long encodedMicros,
    long firstTokenMicros,
    long lastTokenMicros,
    long firstAudioMicros,
    long finishedMicros,
    long promptTokens,
    long answerTokens,
    boolean complete) {
  /** Those of a job: of its first request where it began, of its last one where it ended, of all the tokens. */
  static Timings of(List<NativeRequest> requests) {
    if (requests.isEmpty()) {
      return new Timings(-1, -1, -1, -1, -1, 0, 0, 0, true);
    }
    List<Timings> all = requests.stream().map(request -> of(request, requests.get(0).submittedNanos())).toList();
    Timings first = all.get(0);
    Timings last = all.get(all.size() - 1);
    return new Timings(first.startedMicros, first.encodedMicros, first.firstTokenMicros, last.lastTokenMicros, first.firstAudioMicros,
        all.stream().mapToLong(Timings::finishedMicros).max().orElseThrow(), all.stream().mapToLong(Timings::promptTokens).sum(),
        all.stream().mapToLong(Timings::answerTokens).sum(), all.stream().allMatch(Timings::complete));
  }

  private static Timings of(NativeRequest request, long sinceNanos) {
    long[] t = request.stats();
    long later = (request.submittedNanos() - sinceNanos) / 1000;
    for (int i = 0; i < 6; i++) {
      t[i] += t[i] < 0 ? 0 : later;
    }
    return new Timings(t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8] != 0);
  }
}
