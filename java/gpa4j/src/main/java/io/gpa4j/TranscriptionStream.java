package io.gpa4j;

import io.gpa4j.internal.LiveAudio;
import io.gpa4j.internal.Pcm;
import io.gpa4j.internal.Segmenter;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * Audio that is heard while it comes. It is cut at pauses ({@link Segmentation}); of the segment that goes on the words so far are told
 * now and then, and when it ends, its final words.
 *
 * <p>What is told is stable by word (local agreement): a word is kept once two transcriptions of the segment in a row, the later one over
 * more audio, begin with the same words up to it. Kept words are not taken back or changed, neither by later partial text nor by
 * the final one, whose other words follow as many words of its transcription as are kept.
 *
 * <p>{@code push} copies and returns at once, unless 30 s of audio wait because the engine is slower than the audio: then it waits, so memory
 * is bounded and nothing is lost. Where audio waits no partial text is made until it has been caught up with.
 *
 * <p>One thread pushes at a time; {@link #close()} is for any. The listener is called on the stream's own thread, one call at a time; what it
 * throws ends the stream, and the next push or {@link #finish()} throws it.
 *
 * <pre>{@code
 * try (InputStream microphone = Files.newInputStream(Path.of("talk.wav"));
 *     TranscriptionStream stream = gpa.transcriptionStream(16_000, TranscribeOptions.defaults(), segment -> System.out.println(segment.text()))) {
 *   microphone.skipNBytes(44);  // raw samples follow
 *   for (byte[] piece; (piece = microphone.readNBytes(3200)).length > 0; ) {
 *     stream.push(ByteBuffer.wrap(piece));
 *   }
 *   System.out.println(stream.finish().text());
 * }
 * }</pre>
 */
public final class TranscriptionStream implements AutoCloseable {
  /** Is told what is heard. */
  public interface Listener {
    /**
     * Words so far of the segment that goes on.
     *
     * @param kept words that stay
     * @param likely the words that follow them for now; may be empty
     */
    default void partial(String kept, String likely) {}

    /**
     * A segment is complete.
     *
     * @param segment its words and times; its text may be empty
     */
    void completed(Transcription.Segment segment);
  }

  private static final int PARTIAL_SAMPLES = Pcm.SAMPLE_RATE / 2;

  private final Listening listening;
  private final Executor executor;
  private final TranscribeOptions options;
  private final Listener listener;
  private final LiveAudio audio;
  private final Segmenter segmenter;
  private final List<Transcription.Segment> segments = new ArrayList<>();
  private final long beganNanos = System.nanoTime();
  private StableWords words = new StableWords();
  private long nextPartial;

  TranscriptionStream(Listening listening, Executor executor, int sampleRate, TranscribeOptions options, Listener listener) {
    this.listening = listening;
    this.executor = executor;
    this.options = options;
    this.listener = listener;
    this.segmenter = new Segmenter("audio stream", options.segmentation(), true, this::complete);
    this.audio = new LiveAudio(sampleRate, segmenter, this::partial);
  }

  /**
   * Takes mono samples at the stream's rate.
   *
   * @param samples nominally in [-1, 1]; copied
   * @throws IllegalStateException after {@link #finish()} or {@link #close()}
   * @throws GpaException if the stream has failed; other exceptions if its listener threw them
   * @throws CancelledException if the thread is interrupted while it waits
   */
  public void push(float[] samples) {
    audio.push(samples.clone());
  }

  /**
   * Takes mono samples at the stream's rate, from the buffer's position to its limit. Throws as {@link #push(float[])}.
   *
   * @param samples nominally in [-1, 1]; copied, the buffer's position moves to its limit
   */
  public void push(FloatBuffer samples) {
    float[] copy = new float[samples.remaining()];
    samples.get(copy);
    audio.push(copy);
  }

  /**
   * Takes mono samples of 16 bits at the stream's rate, signed and little-endian whatever the buffer's order, from its position to its
   * limit. Throws as {@link #push(float[])}.
   *
   * @param samples copied; the buffer's position moves to its limit
   * @throws IllegalArgumentException if there is half a sample
   */
  public void push(ByteBuffer samples) {
    if (samples.remaining() % 2 != 0) {
      throw new IllegalArgumentException(samples.remaining() + " bytes are no whole samples of two");
    }
    float[] copy = new float[samples.remaining() / 2];
    for (int i = 0; i < copy.length; i++) {
      int low = samples.get() & 0xFF;
      copy[i] = (short) (samples.get() << 8 | low) / 32768f;
    }
    audio.push(copy);
  }

  /**
   * Says that no more audio comes, and waits until all has been told. Throws as {@link #push(float[])}.
   *
   * @return all that was heard; empty if nobody spoke. Of the timings, those that belong to one request alone are -1
   */
  public Transcription finish() {
    audio.finish();
    return heard();
  }

  /**
   * Says that no more audio comes, as {@link #finish()}, without waiting. The future fails with what that throws; cancelling it ends the
   * stream.
   *
   * @return all that was heard, to come
   * @throws IllegalStateException after {@link #finish()} or {@link #close()}
   * @throws GpaException if the stream has failed; other exceptions if its listener threw them
   */
  public CompletableFuture<Transcription> finishAsync() {
    audio.last();
    CompletableFuture<Transcription> future = new CompletableFuture<>();
    future.whenComplete((result, thrown) -> audio.stop());
    audio.ended().thenRunAsync(() -> {
      try {
        audio.check();
        future.complete(heard());
      } catch (Throwable t) {
        future.completeExceptionally(t);
      }
    }, executor).exceptionally(t -> {
      future.completeExceptionally(t);
      return null;
    });
    return future;
  }

  private Transcription heard() {
    long micros = (System.nanoTime() - beganNanos) / 1000;
    return Transcription.of(segments, new Timings(-1, -1, -1, -1, -1, micros, 0, 0, true));
  }

  /** Ends it at once: audio that waits is forgotten, the listener is told no more. Harmless when repeated, and inside the listener. */
  @Override
  public void close() {
    audio.close();
  }

  private void complete(Segmenter.Segment segment) {
    Transcription.Segment heard = listening.hear(segment, options);
    Transcription.Segment told = new Transcription.Segment(words.last(heard.text()), heard.start(), heard.end());
    words = new StableWords();
    nextPartial = segment.end();
    segments.add(told);
    listener.completed(told);
  }

  private void partial() {
    if (!segmenter.isSpeaking()) {
      nextPartial = segmenter.samples() + PARTIAL_SAMPLES;
    } else if (segmenter.samples() >= nextPartial) {
      nextPartial = segmenter.samples() + PARTIAL_SAMPLES;
      words.next(listening.hear(segmenter.current(), options).text());
      listener.partial(words.kept(), words.likely());
    }
  }

  static void check(int sampleRate, TranscribeOptions options, Listener listener) {
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(listener, "listener");
    if (sampleRate < 1000 || sampleRate > 1_000_000) {
      throw new IllegalArgumentException("sampleRate " + sampleRate + ", expected 1000 to 1000000");
    }
  }
}
