/**
 * Speech recognition, speech with a cloned voice and voice conversion by the GPA model, on a native engine.
 *
 * <p>Begin with {@link io.gpa4j.Gpa}: it opens a model file, and its methods are the tasks. Each task comes in several forms: whole
 * ({@code transcribe}, {@code speak}, {@code convert}, {@code enroll}), as a future ({@code …Async}), chunk by chunk into a
 * {@link io.gpa4j.ChunkConsumer}, or as a {@link io.gpa4j.SpeechStream} that is iterated, subscribed to, read as bytes or written to a file that grows.
 * Audio that is still coming goes into a {@link io.gpa4j.TranscriptionStream}. {@link io.gpa4j.TranscribeOptions} and
 * {@link io.gpa4j.SpeechOptions} say how, and who is told of the {@link io.gpa4j.Progress}.
 *
 * <p>Input is an {@link io.gpa4j.AudioSource}: WAV at 16 kHz needs nothing else, other formats and rates want {@code org.bytedeco:ffmpeg}
 * on the class path. What goes wrong is a {@link io.gpa4j.GpaException} of a type that tells what.
 */
package io.gpa4j;
