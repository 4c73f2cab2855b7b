package io.gpa4j;

/**
 * How long a request took, step by step. Times are microseconds since it was submitted; -1: the step was not reached.
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
    boolean complete) {}
