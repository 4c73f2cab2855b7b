package io.gpa4j;

import io.gpa4j.internal.NativeEngine;
import io.gpa4j.internal.NativeTask;
import io.gpa4j.internal.ProgressReporter;
import io.gpa4j.internal.RequestFuture;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A GPA model that listens, speaks and converts voices.
 *
 * <p>All methods may be called from any thread at once; as many requests as {@link Builder#maxConcurrency} run at a time, others
 * wait, and when the queue is full the caller waits too, or is refused ({@link Builder#refuseWhenFull}). An interrupt of a waiting thread cancels its request, which then throws
 * {@link CancelledException} with the interrupt flag set. A future of an {@code …Async} method cancels its request natively when
 * it is cancelled (or completed by somebody else, a timeout say); audio is read and text is encoded on the executor.
 *
 * <p>Arguments are checked before anything starts: {@link NullPointerException}, {@link IllegalArgumentException}, and
 * {@link IllegalStateException} after {@link #close()}.
 *
 * <pre>{@code
 * try (Gpa gpa = Gpa.builder(Path.of("gpa.gguf")).maxConcurrency(4).build()) {
 *   System.out.println(gpa.transcribe(AudioSource.of(Path.of("talk.wav"))).text());
 *   Voice anna = gpa.enroll("anna", AudioSource.of(Path.of("anna.wav")));
 *   try (Speech speech = gpa.speak("Hello", anna, SpeechOptions.defaults())) {
 *     speech.write(Path.of("hello.wav"));
 *   }
 * }
 * }</pre>
 */
public final class Gpa implements AutoCloseable {
  private static final int MOST_SPARE_THREADS = 256;
  private static final int IDLE_SECONDS = 2;

  private final NativeEngine engine;
  private final ModelText text;
  private final Executor executor;
  private final Sampling speechSampling;
  private final Listening listening;
  private final Speaking speaking;
  private final Networks networks;

  private Gpa(Builder builder) {
    this.engine = NativeEngine.open(builder.model.toString(), builder.checkFinite, builder.device.name(), builder.threads,
        builder.maxConcurrency, builder.maxQueue, builder.contextTokens, builder.precision.id(), builder.refuseWhenFull);
    this.executor = builder.executor != null ? builder.executor : ownThreads(engine.concurrency());
    try {
      ModelMetadata metadata = new ModelMetadata(engine, builder.model.toString());
      this.text = new ModelText(engine, metadata, builder.model.toString(), builder.contextTokens);
      this.speechSampling = metadata.sampling();
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
    ProgressReporter reporter = new ProgressReporter();
    this.listening = new Listening(engine, text, reporter);
    this.speaking = new Speaking(engine, text, speechSampling, executor, reporter);
    this.networks = new Networks(engine);
  }

  // Its threads end when they have had nothing to do for a while. A stage that waits for another future makes it start one more.
  private static Executor ownThreads(int count) {
    AtomicInteger made = new AtomicInteger();
    ForkJoinPool.ForkJoinWorkerThreadFactory threads = pool -> {
      ForkJoinWorkerThread thread = ForkJoinPool.defaultForkJoinWorkerThreadFactory.newThread(pool);
      thread.setName("gpa-worker-" + made.incrementAndGet());
      return thread;
    };
    return new ForkJoinPool(count, threads, null, true, count, count + MOST_SPARE_THREADS, 1, null, IDLE_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * A builder for a model.
   *
   * @param model a GGUF file of architecture {@code gpa}
   * @return a new builder
   */
  public static Builder builder(Path model) {
    return new Builder(Objects.requireNonNull(model, "model"));
  }

  /**
   * Listens with the default options. Audio of any length: what is longer than a segment ({@link Segmentation}) is read and cut while its
   * segments are heard, as many at a time as the engine runs.
   *
   * @param audio what to hear
   * @return the words
   * @throws AudioFormatException if the audio cannot be read or used; {@link EmptyAudioException} if there is none
   * @throws GpaIoException if its file cannot be read
   * @throws UnsupportedModelException if the model has no networks for audio
   * @throws CapacityException if a segment is too long for the context
   * @throws CancelledException if the thread is interrupted or the engine closed meanwhile
   */
  public Transcription transcribe(AudioSource audio) {
    return transcribe(audio, TranscribeOptions.defaults());
  }

  /**
   * Listens. Throws as {@link #transcribe(AudioSource)}.
   *
   * @param audio what to hear
   * @param options how
   * @return the words
   */
  public Transcription transcribe(AudioSource audio, TranscribeOptions options) {
    return transcription(audio, options).run();
  }

  /**
   * Listens. The future fails with what {@link #transcribe(AudioSource)} throws.
   *
   * @param audio what to hear
   * @param options how
   * @return the words to come
   */
  public CompletableFuture<Transcription> transcribeAsync(AudioSource audio, TranscribeOptions options) {
    return transcription(audio, options).start(executor);
  }

  private RequestFuture<Transcription> transcription(AudioSource audio, TranscribeOptions options) {
    Objects.requireNonNull(audio, "audio");
    Objects.requireNonNull(options, "options");
    text.check();
    return listening.transcription(audio, options);
  }

  /**
   * Listens while audio comes.
   *
   * @param sampleRate of what will be pushed, mono: 1000 to 1,000,000; another one than 16,000 needs FFmpeg, see {@link AudioSource}
   * @param options how
   * @param listener is told what is heard, on a thread of the stream's own
   * @return a stream to push audio into, to be closed by the caller
   * @throws UnsupportedModelException if the model has no networks for audio or no text tokenizer
   */
  public TranscriptionStream transcriptionStream(int sampleRate, TranscribeOptions options, TranscriptionStream.Listener listener) {
    TranscriptionStream.check(sampleRate, options, listener);
    text.check();
    return new TranscriptionStream(listening, executor, sampleRate, options, listener);
  }

  /**
   * Learns a voice from a clip; of a longer one the first six seconds count.
   *
   * @param name what to call it
   * @param audio somebody speaking
   * @return the voice
   * @throws AudioFormatException if the audio cannot be read or used; {@link EmptyAudioException} if there is none
   * @throws GpaIoException if its file cannot be read
   * @throws UnsupportedModelException if the model has no speaker encoder
   * @throws CancelledException if the thread is interrupted or the engine closed meanwhile
   */
  public Voice enroll(String name, AudioSource audio) {
    return enrolment(name, audio).run();
  }

  /**
   * Learns a voice. The future fails with what {@link #enroll} throws.
   *
   * @param name what to call it
   * @param audio somebody speaking
   * @return the voice to come
   */
  public CompletableFuture<Voice> enrollAsync(String name, AudioSource audio) {
    return enrolment(name, audio).start(executor);
  }

  private RequestFuture<Voice> enrolment(String name, AudioSource audio) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(audio, "audio");
    if (name.isBlank()) {
      throw new IllegalArgumentException("name is blank");
    }
    checkOpen();
    return new RequestFuture<>(engine, () -> NativeTask.enroll(audio.open()), request -> {
      try (request) {
        return Voice.of(name, request.ids());
      }
    });
  }

  /**
   * Speaks a text of any length: what is longer than a piece ({@link TextSplitting}) is spoken piece by piece, with seeds that follow each
   * other, and joined.
   *
   * @param words what to say; special tokens in it are plain characters
   * @param voice who says it
   * @param options how
   * @return the speech, to be closed by the caller
   * @throws IllegalArgumentException if the text is blank
   * @throws CapacityException if it is too long for the context
   * @throws UnsupportedModelException if the model has no codec or no text tokenizer
   * @throws CancelledException if the thread is interrupted or the engine closed meanwhile
   */
  public Speech speak(String words, Voice voice, SpeechOptions options) {
    return speaking.whole(speaking(words, voice, options)).run();
  }

  /**
   * Speaks a text. The future fails with what {@link #speak} throws.
   *
   * @param words what to say
   * @param voice who says it
   * @param options how
   * @return the speech to come
   */
  public CompletableFuture<Speech> speakAsync(String words, Voice voice, SpeechOptions options) {
    return speaking.whole(speaking(words, voice, options)).start(executor);
  }

  /**
   * Speaks a text and hands over the speech while it is made, on a thread of its own; this thread waits for the end. The samples are
   * the codec's own: their mean, which {@link #speak(String, Voice, SpeechOptions)} removes, is not known yet. Throws as that method,
   * and what the consumer throws.
   *
   * <pre>{@code
   * try (OutputStream file = Files.newOutputStream(Path.of("hello.pcm"))) {
   *   gpa.speak("Hello", anna, SpeechOptions.defaults(), chunk -> {
   *     file.write(chunk.bytes());
   *     return true;
   *   });
   * }
   * }</pre>
   *
   * @param words what to say
   * @param voice who says it
   * @param options how
   * @param consumer takes the speech
   * @return how long it took
   */
  public Timings speak(String words, Voice voice, SpeechOptions options, ChunkConsumer consumer) {
    Objects.requireNonNull(consumer, "consumer");
    return speaking.streamed(speaking(words, voice, options), new ReusedChunk(consumer));
  }

  /**
   * Speaks a text and hands over the speech while it is made; this thread waits at most for a place in the queue. The future fails with
   * what {@link #speak(String, Voice, SpeechOptions, ChunkConsumer)} throws. When it is cancelled the speech ends within a moment, in which
   * the consumer may still be called.
   *
   * <pre>{@code
   * CompletableFuture<Timings> future = gpa.speakAsync("Hello", anna, SpeechOptions.defaults(), chunk -> {
   *   System.out.println(chunk.samples() + " samples");
   *   return true;
   * });
   * System.out.println("made in " + future.get(10, TimeUnit.SECONDS).finishedMicros() / 1000 + " ms");
   * }</pre>
   *
   * @param words what to say
   * @param voice who says it
   * @param options how
   * @param consumer takes the speech
   * @return how long it took, to come
   */
  public CompletableFuture<Timings> speakAsync(String words, Voice voice, SpeechOptions options, ChunkConsumer consumer) {
    Objects.requireNonNull(consumer, "consumer");
    return speaking.streamedAsync(speaking(words, voice, options), new ReusedChunk(consumer));
  }

  /**
   * Speaks a text while the speech is read. Waits for a free place in the queue, not for speech (who must not wait at all takes
   * {@link Builder#refuseWhenFull}, or a consumer). Throws as
   * {@link #speak(String, Voice, SpeechOptions)} where that is known before it begins; reading throws the rest.
   *
   * @param words what to say
   * @param voice who says it
   * @param options how
   * @return the speech to come, to be closed by the caller
   */
  public SpeechStream speakStream(String words, Voice voice, SpeechOptions options) {
    return speaking.stream(speaking(words, voice, options));
  }

  private Speaking.Job speaking(String words, Voice voice, SpeechOptions options) {
    Objects.requireNonNull(words, "words");
    Objects.requireNonNull(voice, "voice");
    Objects.requireNonNull(options, "options");
    if (words.isBlank()) {
      throw new IllegalArgumentException("words: the text is blank, there is nothing to say");
    }
    text.check();
    return speaking.text(words, voice, options);
  }

  /**
   * Says what is heard with another voice, with the default options. Throws as
   * {@link #convert(AudioSource, Voice, SpeechOptions)}.
   *
   * @param audio what to say, as somebody says it
   * @param voice who shall say it
   * @return the speech, to be closed by the caller
   */
  public Speech convert(AudioSource audio, Voice voice) {
    return convert(audio, voice, SpeechOptions.defaults());
  }

  /**
   * Says what is heard with another voice. Audio of any length: what is longer than a segment ({@link Segmentation}) is read and cut while
   * its segments are converted; the pauses between them stay as long as they are, as silence.
   *
   * @param audio what to say, as somebody says it
   * @param voice who shall say it
   * @param options how
   * @return the speech, to be closed by the caller
   * @throws AudioFormatException if the audio cannot be read or used; {@link EmptyAudioException} if there is none
   * @throws GpaIoException if its file cannot be read
   * @throws UnsupportedModelException if the model has no networks for audio
   * @throws CapacityException if the audio is too long for the context
   * @throws CancelledException if the thread is interrupted or the engine closed meanwhile
   */
  public Speech convert(AudioSource audio, Voice voice, SpeechOptions options) {
    return speaking.whole(converting(audio, voice, options)).run();
  }

  /**
   * Says what is heard with another voice. The future fails with what {@link #convert(AudioSource, Voice, SpeechOptions)}
   * throws.
   *
   * @param audio what to say
   * @param voice who shall say it
   * @param options how
   * @return the speech to come
   */
  public CompletableFuture<Speech> convertAsync(AudioSource audio, Voice voice, SpeechOptions options) {
    return speaking.whole(converting(audio, voice, options)).start(executor);
  }

  /**
   * Says what is heard with another voice and hands over the speech while it is made, as
   * {@link #speak(String, Voice, SpeechOptions, ChunkConsumer)} does.
   *
   * @param audio what to say
   * @param voice who shall say it
   * @param options how
   * @param consumer takes the speech
   * @return how long it took
   */
  public Timings convert(AudioSource audio, Voice voice, SpeechOptions options, ChunkConsumer consumer) {
    Objects.requireNonNull(consumer, "consumer");
    return speaking.streamed(converting(audio, voice, options), new ReusedChunk(consumer));
  }

  /**
   * Says what is heard with another voice and hands over the speech while it is made, as
   * {@link #speakAsync(String, Voice, SpeechOptions, ChunkConsumer)} does.
   *
   * @param audio what to say
   * @param voice who shall say it
   * @param options how
   * @param consumer takes the speech
   * @return how long it took, to come
   */
  public CompletableFuture<Timings> convertAsync(AudioSource audio, Voice voice, SpeechOptions options, ChunkConsumer consumer) {
    Objects.requireNonNull(consumer, "consumer");
    return speaking.streamedAsync(converting(audio, voice, options), new ReusedChunk(consumer));
  }

  /**
   * Says what is heard with another voice while the speech is read, as {@link #speakStream} does; it returns when the first segment was read.
   *
   * @param audio what to say
   * @param voice who shall say it
   * @param options how
   * @return the speech to come, to be closed by the caller
   */
  public SpeechStream convertStream(AudioSource audio, Voice voice, SpeechOptions options) {
    return speaking.stream(converting(audio, voice, options));
  }

  private Speaking.Job converting(AudioSource audio, Voice voice, SpeechOptions options) {
    Objects.requireNonNull(audio, "audio");
    Objects.requireNonNull(voice, "voice");
    Objects.requireNonNull(options, "options");
    checkOpen();
    return speaking.audio(audio, voice, options);
  }

  /**
   * Answers a prompt with the bare decoder.
   *
   * @param prompt token ids, at least one
   * @param options how
   * @return the answer
   * @throws IllegalArgumentException if the prompt is empty or an id is not in the vocabulary
   * @throws CapacityException if the prompt does not fit the context
   * @throws CancelledException if the thread is interrupted or the engine closed meanwhile
   */
  public Generation generate(int[] prompt, GenerateOptions options) {
    return generation(prompt, options).run();
  }

  /**
   * Answers a prompt with the bare decoder. The future fails with what {@link #generate} throws.
   *
   * @param prompt token ids, at least one
   * @param options how
   * @return the answer to come
   */
  public CompletableFuture<Generation> generateAsync(int[] prompt, GenerateOptions options) {
    return generation(prompt, options).start(executor);
  }

  private RequestFuture<Generation> generation(int[] prompt, GenerateOptions options) {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(options, "options");
    if (prompt.length == 0) {
      throw new IllegalArgumentException("prompt is empty");
    }
    checkOpen();
    int[] ids = prompt.clone();
    int allowed = switch (options.allowed()) {
      case ALL -> 1;
      case TEXT -> 2;
      case SEMANTIC -> 3;
    };
    return new RequestFuture<>(engine,
        () -> Speaking.sampled(NativeTask.generate(ids), options.sampling(), options.seed()).allowed(allowed).maxTokens(options.maxTokens()),
        request -> {
          try (request) {
            return new Generation(request.ids(), Timings.of(List.of(request)));
          }
        });
  }

  /**
   * Token ids of a text.
   *
   * @param words any text
   * @param parseSpecial whether special tokens in it, such as {@code <|im_end|>}, are recognised; false: plain characters
   * @return the ids
   * @throws UnsupportedModelException if the model has no text tokenizer
   */
  public int[] encode(String words, boolean parseSpecial) {
    Objects.requireNonNull(words, "words");
    checkOpen();
    return text.encode(words, parseSpecial);
  }

  /**
   * Text of token ids; those that are no text count for nothing.
   *
   * @param ids token ids
   * @return the text
   * @throws UnsupportedModelException if the model has no text tokenizer
   */
  public String decode(int... ids) {
    Objects.requireNonNull(ids, "ids");
    checkOpen();
    return text.decode(ids);
  }

  /**
   * Sampling for speech as the model file says, or else temperature 0.2, top-k 50, repetition penalty 1.2.
   *
   * @return the sampling that {@link SpeechOptions#defaults()} stands for
   */
  public Sampling speechSampling() {
    return speechSampling;
  }

  /**
   * The kernel set in use.
   *
   * @return e.g. "avx512"
   */
  public String kernels() {
    return engine.kernels();
  }

  /**
   * What this engine does now and did so far. Cheap, and never waits for what runs.
   *
   * @return a snapshot
   * @throws IllegalStateException after {@link #close()}
   */
  public EngineStats stats() {
    long[] s = engine.stats();
    return new EngineStats(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11], s[12], s[13], s[14], s[15], s[16], s[17], s[18]);
  }

  /**
   * The single networks, for verification and benchmarks.
   *
   * @return the networks of this model
   */
  public Networks networks() {
    checkOpen();
    return networks;
  }

  private void checkOpen() {
    if (engine.isClosed()) {
      throw NativeEngine.closedException();
    }
  }

  /**
   * Cancels what runs, waits for its end and frees model and engine. Results that were handed out stay valid. Harmless when
   * repeated.
   *
   * @throws IllegalStateException if called inside a {@link Networks.Listener} or {@link ChunkConsumer}
   */
  @Override
  public void close() {
    engine.close();
    text.close();
  }

  /** Builds a {@link Gpa}. Not thread-safe. */
  public static final class Builder {
    private final Path model;
    private Device device;
    private int threads;
    private int maxConcurrency;
    private int maxQueue;
    private int contextTokens;
    private boolean refuseWhenFull;
    private boolean checkFinite;
    private Precision precision = Precision.EXACT;
    private Executor executor;

    private Builder(Path model) {
      this.model = model;
    }

    /**
     * Sets where to compute; {@link Device#auto()} if not set.
     *
     * @param value a device of this machine
     * @return this
     */
    public Builder device(Device value) {
      device = Objects.requireNonNull(value, "device");
      return this;
    }

    /**
     * Sets the threads that compute.
     *
     * @param value 1 to 1024; 0, the default: one a core
     * @return this
     */
    public Builder threads(int value) {
      threads = range("threads", value, 0, 1024);
      return this;
    }

    /**
     * Sets how many requests run at once.
     *
     * @param value 1 to 1024; 0, the default: 8
     * @return this
     */
    public Builder maxConcurrency(int value) {
      maxConcurrency = range("maxConcurrency", value, 0, 1024);
      return this;
    }

    /**
     * Sets how many requests may wait beyond those that run; the next one makes its caller wait, or is refused.
     *
     * @param value 1 to 1,000,000; 0, the default: 1024
     * @return this
     */
    public Builder maxQueue(int value) {
      maxQueue = range("maxQueue", value, 0, 1_000_000);
      return this;
    }

    /**
     * Sets what happens to a request when as many run and wait as may.
     *
     * @param value true: it fails at once with {@link CapacityException}, as a server wants it; false, the default: its caller waits
     * @return this
     */
    public Builder refuseWhenFull(boolean value) {
      refuseWhenFull = value;
      return this;
    }

    /**
     * Sets how many tokens prompt and answer of a request may have together.
     *
     * @param value tokens; 0, the default: as many as the model was made for
     * @return this
     */
    public Builder contextTokens(int value) {
      contextTokens = range("contextTokens", value, 0, Integer.MAX_VALUE);
      return this;
    }

    /**
     * Sets how the audio networks compute with quantised weights.
     *
     * @param value {@link Precision#EXACT} by default
     * @return this
     */
    public Builder precision(Precision value) {
      precision = Objects.requireNonNull(value, "precision");
      return this;
    }

    /**
     * Sets whether all weights are read at the start and refused if one is NaN or infinite.
     *
     * @param value false by default
     * @return this
     */
    public Builder checkFinite(boolean value) {
      checkFinite = value;
      return this;
    }

    /**
     * Sets where futures are completed, audio is read and text is encoded for {@code …Async} methods. While a recording that is longer than a
     * segment is heard, reading it holds a thread.
     *
     * @param value by default daemon threads of the engine's own, as many as requests run at once, and more where stages wait for futures
     * @return this
     */
    public Builder executor(Executor value) {
      executor = Objects.requireNonNull(value, "executor");
      return this;
    }

    /**
     * Opens the model and starts the engine.
     *
     * @return the engine, to be closed by the caller
     * @throws GpaIoException if the file cannot be opened
     * @throws ModelFormatException if it is not well-formed, or lacks or misshapes a tensor
     * @throws UnsupportedModelException if it is beyond this library
     * @throws DeviceException if the device or forced kernel set is not there
     * @throws GpaOutOfMemoryException if there is not enough memory
     */
    public Gpa build() {
      if (device == null) {
        device = Device.auto();
      }
      return new Gpa(this);
    }

    private static int range(String name, int value, int least, int most) {
      if (value < least || value > most) {
        throw new IllegalArgumentException(name + " is " + value + ", expected " + least + " to " + most);
      }
      return value;
    }
  }
}
