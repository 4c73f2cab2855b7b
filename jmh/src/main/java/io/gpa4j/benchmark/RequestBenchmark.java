package io.gpa4j.benchmark;

import io.gpa4j.AudioSource;
import io.gpa4j.Sampling;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.TranscribeOptions;
import io.gpa4j.Voice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Whole requests, alone on the engine. */
public class RequestBenchmark {
  private static final Sampling WARM = new Sampling(0.9f, 50, 1, 1);

  /** A clip, and the longest answers. */
  @State(Scope.Benchmark)
  public static class Clip {
    /** Length of the clip, and of speech at most. */
    @Param({"1", "5", "10"})
    public int seconds;

    FloatBuffer pcm;
    SpeechOptions speech;
    TranscribeOptions words;

    /** Makes the clip in native memory: it is read in place. */
    @Setup(Level.Trial)
    public void prepare() {
      float[] clip = BenchmarkModel.clip(seconds);
      pcm = ByteBuffer.allocateDirect(clip.length * Float.BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer().put(clip).flip();
      speech = SpeechOptions.builder().sampling(WARM).seed(1).maxTokens(50 * seconds).build();
      words = TranscribeOptions.builder().sampling(WARM).seed(1).maxTokens(4 * seconds).build();
    }

    AudioSource audio() {
      return AudioSource.of(pcm.duplicate());
    }
  }

  /** A clip to text. */
  @Benchmark
  public String transcribe(BenchmarkModel model, Clip clip) {
    return model.gpa.transcribe(clip.audio(), clip.words).text();
  }

  /** A clip to a voice. */
  @Benchmark
  public Voice enroll(BenchmarkModel model, Clip clip) {
    return model.gpa.enroll("v", clip.audio());
  }

  /** A sentence to speech. */
  @Benchmark
  public int speak(BenchmarkModel model, Clip clip) {
    try (Speech speech = model.gpa.speak(BenchmarkModel.TEXT, model.voice, clip.speech)) {
      return speech.samples();
    }
  }

  /** A clip to another voice. */
  @Benchmark
  public int convert(BenchmarkModel model, Clip clip) {
    try (Speech speech = model.gpa.convert(clip.audio(), model.voice, clip.speech)) {
      return speech.samples();
    }
  }
}
