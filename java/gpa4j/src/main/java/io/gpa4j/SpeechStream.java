package io.gpa4j;

import io.gpa4j.internal.ChunkQueue;
import io.gpa4j.internal.GrowingWav;
import io.gpa4j.internal.StreamPublisher;
import io.gpa4j.internal.StreamReader;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;

/**
 * Speech that is made while it is read: once, in one of four ways. Whoever reads slowly holds up this speech only.
 *
 * <p>Closing it early cancels the request. Iterating and reading are for one thread at a time; {@link #close()} is for any.
 *
 * <pre>{@code
 * try (SpeechStream stream = gpa.speakStream("Hello", anna, SpeechOptions.defaults())) {
 *   for (AudioChunk chunk : stream) {
 *     line.write(chunk.bytes(), 0, 2 * chunk.samples());
 *   }
 * }
 * }</pre>
 */
public final class SpeechStream implements AutoCloseable, Iterable<AudioChunk> {
  /** What {@link #asInputStream} gives. */
  public enum Format {
    /** A WAV file whose header, as nobody knows the length yet, tells the largest one. */
    WAV,
    /** Signed 16-bit little-endian samples. */
    PCM
  }

  private final ChunkQueue queue;
  private final Executor executor;
  private boolean taken;

  SpeechStream(ChunkQueue queue, Executor executor) {
    this.queue = queue;
    this.executor = executor;
  }

  /**
   * The chunks, as copies. {@code hasNext} waits for the next one; it throws what {@link Gpa#speak(String, Voice, SpeechOptions)}
   * throws, {@link CancelledException} after {@link #close()} or an interrupt, which also ends the speech.
   *
   * @return the only iterator
   * @throws IllegalStateException if this stream is being read already
   */
  @Override
  public Iterator<AudioChunk> iterator() {
    take();
    return new Iterator<>() {
      private ChunkQueue.Item item;

      @Override
      public boolean hasNext() {
        if (item == null) {
          item = queue.take();
        }
        return item.samples() != null;
      }

      @Override
      public AudioChunk next() {
        if (!hasNext()) {
          throw new NoSuchElementException("the speech has ended");
        }
        AudioChunk chunk = new AudioChunk(item.samples(), item.firstSample());
        item = null;
        return chunk;
      }
    };
  }

  /**
   * The chunks for one subscriber, as many as it requests, on the executor of the {@link Gpa.Builder}. Cancelling the subscription
   * closes this stream.
   *
   * @return a publisher; a second subscriber gets {@link IllegalStateException} by its {@code onError}
   * @throws IllegalStateException if this stream is being read already
   */
  public Flow.Publisher<AudioChunk> publisher() {
    take();
    return new StreamPublisher<>(queue, item -> new AudioChunk(item.samples(), item.firstSample()), executor);
  }

  /**
   * The speech as bytes. Reads throw {@link java.io.IOException} with the cause when the speech fails; closing it closes this stream.
   *
   * @param format what the bytes are
   * @return a stream
   * @throws IllegalStateException if this stream is being read already
   */
  public InputStream asInputStream(Format format) {
    take();
    return new StreamReader(queue, format == Format.WAV, Speech.SAMPLE_RATE);
  }

  /**
   * Writes the speech to a WAV file while it is made: players that read on can play it while it grows. Its header gets the true length
   * at the end; if that does not come, the file is deleted. Throws as {@link #iterator()}, too.
   *
   * <pre>{@code
   * try (SpeechStream stream = gpa.speakStream("Hello", anna, SpeechOptions.defaults())) {
   *   stream.write(Path.of("growing.wav"));
   * }
   * }</pre>
   *
   * @param path the file to write or replace
   * @throws GpaIoException if it cannot be written
   * @throws IllegalStateException if this stream is being read already
   */
  public void write(Path path) {
    Objects.requireNonNull(path, "path");
    take();
    GrowingWav.write(path, queue, Speech.SAMPLE_RATE);
  }

  private synchronized void take() {
    if (taken) {
      throw new IllegalStateException("this SpeechStream is being read already");
    }
    taken = true;
  }

  /** Ends the speech, if it has not ended yet, and frees its memory. Harmless when repeated. */
  @Override
  public void close() {
    queue.close();
  }
}
