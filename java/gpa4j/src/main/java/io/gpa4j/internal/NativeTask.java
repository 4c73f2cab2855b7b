package io.gpa4j.internal;

import io.gpa4j.bindings.global.gpa;
import io.gpa4j.bindings.gpa_request_params;
import org.bytedeco.javacpp.IntPointer;

/** What a request asks for. The audio is owned by the task until the request has ended. */
public final class NativeTask {
  final int kind;
  Pcm pcm;
  int[] ids = {};
  int[] voice;
  float temperature;
  int topK;
  float topP = 1;
  float repetitionPenalty = 1;
  long seed;
  int allowed = gpa.GPA_ALLOWED_TASK;
  int maxTokens;
  NativeRequest.Chunks chunks;
  long units;
  // Null where nobody listens.
  JobProgress.Part progress;
  private int lookAhead;
  private int firstChunk;
  private int maxChunk;
  private float chunkGrowth;

  private NativeTask(int kind) {
    this.kind = kind;
  }

  /** Audio to text ids. */
  public static NativeTask transcribe(Pcm pcm) {
    return new NativeTask(gpa.GPA_TASK_TRANSCRIBE).pcm(pcm);
  }

  /** Audio to voice ids. */
  public static NativeTask enroll(Pcm pcm) {
    return new NativeTask(gpa.GPA_TASK_ENROLL).pcm(pcm);
  }

  /** Text ids and a voice to audio. */
  public static NativeTask speak(int[] textIds, int[] voice) {
    NativeTask task = new NativeTask(gpa.GPA_TASK_SPEAK);
    task.ids = textIds;
    task.voice = voice;
    return task;
  }

  /** Audio and a voice to audio. */
  public static NativeTask convert(Pcm pcm, int[] voice) {
    NativeTask task = new NativeTask(gpa.GPA_TASK_CONVERT).pcm(pcm);
    task.voice = voice;
    return task;
  }

  /** Prompt ids to answer ids. */
  public static NativeTask generate(int[] prompt) {
    NativeTask task = new NativeTask(gpa.GPA_TASK_GENERATE);
    task.ids = prompt;
    return task;
  }

  private NativeTask pcm(Pcm samples) {
    this.pcm = samples;
    return this;
  }

  /** Sets how answers are drawn; a temperature of 0 takes the best. */
  public NativeTask sampling(float temperature, int topK, float topP, float repetitionPenalty, long seed) {
    this.temperature = temperature;
    this.topK = topK;
    this.topP = topP;
    this.repetitionPenalty = repetitionPenalty;
    this.seed = seed;
    return this;
  }

  /** Sets which ids may be answered: 0 those of the task, 1 all, 2 text, 3 semantic. */
  public NativeTask allowed(int which) {
    this.allowed = which;
    return this;
  }

  /** Sets the longest answer; 0: what the context leaves. */
  public NativeTask maxTokens(int tokens) {
    this.maxTokens = tokens;
    return this;
  }

  /** Lets speech go to a taker while it is made; a 0 stands for the default. */
  public NativeTask stream(NativeRequest.Chunks taker, int lookAheadTokens, int firstChunkTokens, int maxChunkTokens, float growth) {
    this.chunks = taker;
    this.lookAhead = lookAheadTokens;
    this.firstChunk = firstChunkTokens;
    this.maxChunk = maxChunkTokens;
    this.chunkGrowth = growth;
    return this;
  }

  /** Sets how much of its job's input it covers, in the units of {@link JobProgress}. */
  public NativeTask covers(long count) {
    this.units = count;
    return this;
  }

  /** Frees the audio. */
  void release() {
    if (pcm != null) {
      pcm.close();
    }
  }

  /** The native form; the id arrays it points to are those given, which must live until it has been submitted. */
  gpa_request_params params(IntPointer idMemory, IntPointer voiceMemory) {
    gpa_request_params params = new gpa_request_params();
    params.task(kind);
    if (pcm != null) {
      params.pcm(pcm.first()).pcm_mix(pcm.mix()).samples(pcm.samples());
    }
    params.ids(idMemory).id_count(ids.length).voice(voiceMemory);
    params.sampling().temperature(temperature).top_k(topK).top_p(topP)
        .repetition_penalty(repetitionPenalty).seed(seed);
    params.allowed(allowed).max_tokens(maxTokens);
    if (chunks != null) {
      params.chunk(NativeRequest.CHUNK);
      params.stream().look_ahead_tokens(lookAhead).first_chunk_tokens(firstChunk).max_chunk_tokens(maxChunk).chunk_growth(chunkGrowth);
    }
    return params;
  }
}
