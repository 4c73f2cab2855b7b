package io.gpa4j;

import io.gpa4j.internal.ChunkQueue;
import io.gpa4j.internal.NativeEngine;
import io.gpa4j.internal.NativeRequest;
import io.gpa4j.internal.NativeTask;
import io.gpa4j.internal.PartStream;
import io.gpa4j.internal.RequestFuture;
import io.gpa4j.internal.Segmenter;
import io.gpa4j.internal.SpeechParts;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/** Jobs that make speech: of what, in parts if it is long; and how it is handed over. */
final class Speaking {
  private final NativeEngine engine;
  private final ModelText text;
  private final Sampling sampling;
  private final Executor executor;

  Speaking(NativeEngine engine, ModelText text, Sampling sampling, Executor executor) {
    this.engine = engine;
    this.text = text;
    this.sampling = sampling;
    this.executor = executor;
  }

  /** The pieces of a text. */
  Consumer<SpeechParts.Taker> text(String words, Voice voice, SpeechOptions options) {
    List<String> pieces = options.splitting().split(words);
    long pause = options.splitting().pause().toMillis() * Speech.SAMPLE_RATE / 1000;
    long seed = seed(options);
    return taker -> {
      for (int i = 0; i < pieces.size(); i++) {
        taker.part(i == 0 ? 0 : pause, task(NativeTask.speak(text.encodeForSpeech(pieces.get(i)), voice.tokens()), options, seed + i));
      }
    };
  }

  /** The segments of audio, and what lies between them. */
  Consumer<SpeechParts.Taker> audio(AudioSource audio, Voice voice, SpeechOptions options) {
    long seed = seed(options);
    return taker -> {
      long[] done = new long[2];
      Segmenter segmenter = new Segmenter(audio.toString(), options.segmentation(), false, segment -> {
        long silence = segment.begin() - done[0];
        done[0] = segment.end();
        taker.part(silence, task(NativeTask.convert(segment.pcm(), voice.tokens()), options, seed + done[1]++));
      });
      audio.cut(segmenter);
      taker.part(Math.max(0, segmenter.samples() - done[0]), null);
    };
  }

  private static long seed(SpeechOptions options) {
    return options.seed().orElseGet(() -> ThreadLocalRandom.current().nextLong());
  }

  private NativeTask task(NativeTask task, SpeechOptions options, long seed) {
    return sampled(task, options.sampling().orElse(sampling), seed).allowed(options.fullVocabulary() ? 1 : 0).maxTokens(options.maxTokens());
  }

  static NativeTask sampled(NativeTask task, Sampling sampling, long seed) {
    return task.sampling(sampling.temperature(), sampling.topK(), sampling.topP(), sampling.repetitionPenalty(), seed);
  }

  /** All of it at once. */
  RequestFuture<Speech> whole(Consumer<SpeechParts.Taker> source) {
    LongStream.Builder silences = LongStream.builder();
    return RequestFuture.ofMany(engine,
        tasks -> source.accept((silence, task) -> {
          silences.add(silence);
          if (task != null) {
            tasks.accept(task);
          }
        }),
        requests -> Speech.of(requests, silences.build().toArray()));
  }

  /** Chunk by chunk, while this thread waits. */
  Timings streamed(Consumer<SpeechParts.Taker> source, SpeechOptions options, NativeRequest.Chunks taker) {
    return new PartStream(engine, options.stream(), taker).run(source, Timings::of);
  }

  /** Chunk by chunk, as they are read. Returns when the first part has a place in the queue; what fails before is thrown here. */
  SpeechStream stream(Consumer<SpeechParts.Taker> source, SpeechOptions options) {
    ChunkQueue queue = new ChunkQueue(engine);
    PartStream parts = new PartStream(engine, options.stream(), queue);
    queue.cancelBy(parts::cancel);
    CompletableFuture<Void> begun = new CompletableFuture<>();
    Thread thread = new Thread(() -> drive(source, queue, parts, begun), "gpa-speech");
    thread.setDaemon(true);
    thread.start();
    await(begun, parts);
    return new SpeechStream(queue, executor);
  }

  private static void drive(Consumer<SpeechParts.Taker> source, ChunkQueue queue, PartStream parts, CompletableFuture<Void> begun) {
    try {
      parts.run(taker -> source.accept((silence, task) -> {
        taker.part(silence, task);
        begun.complete(null);
      }), requests -> null);
      queue.end(null);
    } catch (Throwable t) {
      begun.completeExceptionally(t);
      queue.end(t);
    }
  }

  private static void await(CompletableFuture<Void> begun, PartStream parts) {
    try {
      begun.get();
    } catch (InterruptedException e) {
      parts.cancel();
      Thread.currentThread().interrupt();
      throw new CancelledException("the thread was interrupted while it waited for a free place in the queue");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause();
    }
  }
}
