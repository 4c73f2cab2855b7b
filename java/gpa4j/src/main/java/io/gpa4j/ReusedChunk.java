package io.gpa4j;

import io.gpa4j.internal.NativeRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;

/** Shows a consumer every chunk through one object. */
final class ReusedChunk implements NativeRequest.Chunks {
  private final ChunkConsumer consumer;
  private final AudioChunk chunk = new AudioChunk();
  private long samples;

  ReusedChunk(ChunkConsumer consumer) {
    this.consumer = consumer;
  }

  @Override
  public boolean accept(FloatBuffer pcm) {
    chunk.show(pcm, samples);
    samples += pcm.limit();
    try {
      return consumer.accept(chunk);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    } finally {
      chunk.hide();
    }
  }
}
