package io.gpa4j;

import io.gpa4j.internal.ChunkQueue;
import io.gpa4j.internal.JobProgress;
import io.gpa4j.internal.NativeEngine;
import io.gpa4j.internal.NativeRequest;
import io.gpa4j.internal.NativeTask;
import io.gpa4j.internal.PartStream;
import io.gpa4j.internal.ProgressReporter;
import io.gpa4j.internal.RequestFuture;
import io.gpa4j.internal.Segmenter;
import io.gpa4j.internal.SpeechParts;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/** Jobs that make speech: of what, in parts if it is long; and how it is handed over. */
final class Speaking {
  /** What is to be spoken, in parts; how it streams; how far it is. */
  record Job(Consumer<SpeechParts.Taker> source, StreamOptions stream, JobProgress progress) {}

  private final NativeEngine engine;
  private final ModelText text;
  private final Sampling sampling;
  private final Executor executor;
  private final ProgressReporter reporter;

  Speaking(NativeEngine engine, ModelText text, Sampling sampling, Executor executor, ProgressReporter reporter) {
    this.engine = engine;
    this.text = text;
    this.sampling = sampling;
    this.executor = executor;
    this.reporter = reporter;
  }

  /** The pieces of a text. */
  Job text(String words, Voice voice, SpeechOptions options) {
    List<String> pieces = options.splitting().split(words);
    long pause = options.splitting().pause().toMillis() * Speech.SAMPLE_RATE / 1000;
    long seed = seed(options);
    JobProgress progress = JobProgress.ofSpeech(reporter, options.progress());
    progress.expect(pieces.stream().mapToLong(TextSplitting::length).sum(), pieces.size());
    return new Job(taker -> {
      for (int i = 0; i < pieces.size(); i++) {
        NativeTask task = task(NativeTask.speak(text.encodeForSpeech(pieces.get(i)), voice.tokens()), options, seed + i);
        taker.part(i == 0 ? 0 : pause, task.covers(TextSplitting.length(pieces.get(i))));
      }
    }, options.stream(), progress);
  }

  /** The segments of audio, and what lies between them. */
  Job audio(AudioSource audio, Voice voice, SpeechOptions options) {
    long seed = seed(options);
    JobProgress progress = JobProgress.ofSpeech(reporter, options.progress());
    return new Job(taker -> {
      long[] done = new long[2];
      Segmenter segmenter = new Segmenter(audio.toString(), options.segmentation(), false, segment -> {
        long silence = segment.begin() - done[0];
        long covered = segment.end() - done[0];
        done[0] = segment.end();
        taker.part(silence, task(NativeTask.convert(segment.pcm(), voice.tokens()), options, seed + done[1]++).covers(covered));
      });
      audio.cut(segmenter.telling(progress::expect));
      progress.expect(done[0]);
      taker.part(Math.max(0, segmenter.samples() - done[0]), null);
    }, options.stream(), progress);
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
  RequestFuture<Speech> whole(Job job) {
    LongStream.Builder silences = LongStream.builder();
    return RequestFuture.ofMany(engine, job.progress(),
        tasks -> job.source().accept((silence, task) -> {
          silences.add(silence);
          if (task != null) {
            tasks.accept(task);
          }
        }),
        requests -> Speech.of(requests, silences.build().toArray()));
  }

  /** Chunk by chunk, while this thread waits. */
  Timings streamed(Job job, NativeRequest.Chunks taker) {
    return parts(job, taker).run(job.source(), Timings::of);
  }

  /** Chunk by chunk, on a thread of its own; waits on this one only for a place in the queue. */
  CompletableFuture<Timings> streamedAsync(Job job, NativeRequest.Chunks taker) {
    PartStream parts = parts(job, taker);
    CompletableFuture<Timings> future = new CompletableFuture<>();
    try {
      parts.enter();
    } catch (CapacityException e) {
      future.completeExceptionally(e);
      return future;
    }
    // Whoever completes it first - a cancel, a timeout - the speech must not go on for nobody.
    future.whenComplete((timings, thrown) -> parts.cancel());
    start(() -> {
      try {
        Timings timings = parts.run(job.source(), Timings::of);
        onExecutor(() -> future.complete(timings));
      } catch (Throwable t) {
        onExecutor(() -> future.completeExceptionally(t));
      }
    });
    return future;
  }

  private void onExecutor(Runnable completion) {
    try {
      executor.execute(completion);
    } catch (RejectedExecutionException e) {
      completion.run();  // whoever waits must not wait for ever
    }
  }

  private PartStream parts(Job job, NativeRequest.Chunks taker) {
    return new PartStream(engine, job.stream(), taker, job.progress());
  }

  // An executor's threads are too few for what waits for a consumer.
  private static void start(Runnable work) {
    Thread thread = new Thread(work, "gpa-speech");
    thread.setDaemon(true);
    thread.start();
  }

  /** Chunk by chunk, as they are read. Returns when the first part has a place in the queue; what fails before is thrown here. */
  SpeechStream stream(Job job) {
    ChunkQueue queue = new ChunkQueue(engine);
    PartStream parts = parts(job, queue);
    queue.cancelBy(parts::cancel);
    CompletableFuture<Void> begun = new CompletableFuture<>();
    start(() -> drive(job.source(), queue, parts, begun));
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
