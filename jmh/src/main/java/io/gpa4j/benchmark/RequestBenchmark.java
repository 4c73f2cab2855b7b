package io.gpa4j.benchmark;

import io.gpa4j.AudioSource;
import io.gpa4j.GenerateOptions;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.Voice;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** Whole requests, alone on the engine. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
public class RequestBenchmark {
  private static final SpeechOptions SEEDED = SpeechOptions.builder().seed(1).build();
  private static final GenerateOptions TOKENS = GenerateOptions.builder().maxTokens(32).build();
  private static final int[] PROMPT = {1, 2, 3, 4, 5, 6, 7, 8};

  /** A clip to text. */
  @Benchmark
  public String transcribe(DemoModel model) {
    return model.gpa.transcribe(AudioSource.of(model.clip)).text();
  }

  /** A clip to a voice. */
  @Benchmark
  public Voice enroll(DemoModel model) {
    return model.gpa.enroll("v", AudioSource.of(model.clip));
  }

  /** A sentence to speech. */
  @Benchmark
  public int speak(DemoModel model) {
    try (Speech speech = model.gpa.speak("turn on the light in the kitchen", model.voice, SEEDED)) {
      return speech.samples();
    }
  }

  /** A clip to another voice. */
  @Benchmark
  public int convert(DemoModel model) {
    try (Speech speech = model.gpa.convert(AudioSource.of(model.clip), model.voice, SEEDED)) {
      return speech.samples();
    }
  }

  /** At most 32 tokens of the bare decoder. */
  @Benchmark
  public int generate(DemoModel model) {
    return model.gpa.generate(PROMPT, TOKENS).ids().length;
  }
}
