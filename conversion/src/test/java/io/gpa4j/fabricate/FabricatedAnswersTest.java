package io.gpa4j.fabricate;

import static org.assertj.core.api.Assertions.assertThat;

import io.gpa4j.AudioSource;
import io.gpa4j.Gpa;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.Voice;
import io.gpa4j.conversion.ConversionListener;
import io.gpa4j.conversion.Recipe;
import io.gpa4j.conversion.WeightTypes;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a fabricated model answers is meaningless, but neither constant nor silent nor overdriven. */
class FabricatedAnswersTest {
  private static final int SECOND = 16_000;

  @TempDir Path folder;

  @Test
  void tiny_inTheEngine_answersVary() {
    Path model = folder.resolve("tiny.gguf");
    Fabricator.writeModel(new FabricatedCheckpoint(ModelShape.TINY, 5), model, WeightTypes.of(Recipe.F32), ConversionListener.NONE);
    try (Gpa gpa = Gpa.builder(model).threads(2).build()) {
      Voice low = gpa.enroll("low", AudioSource.of(tone(120)));
      Voice high = gpa.enroll("high", AudioSource.of(tone(900)));
      assertThat(low.tokens()).isNotEqualTo(high.tokens());
      assertThat(Arrays.stream(low.tokens()).distinct().count()).isGreaterThan(16);

      int[] first = spoken(gpa, low, 1);
      assertThat(Arrays.stream(first).distinct().count()).isGreaterThan(10);
      assertThat(spoken(gpa, low, 1)).isEqualTo(first);
      assertThat(spoken(gpa, low, 2)).isNotEqualTo(first);
      gpa.transcribe(AudioSource.of(tone(300)));
    }
  }

  private static int[] spoken(Gpa gpa, Voice voice, long seed) {
    try (Speech speech = gpa.speak("a few words to say", voice, SpeechOptions.builder().seed(seed).maxTokens(60).build())) {
      float[] samples = speech.floats();
      double peak = IntStream.range(0, samples.length).mapToDouble(i -> Math.abs(samples[i])).max().orElse(0);
      double square = IntStream.range(0, samples.length).mapToDouble(i -> samples[i] * (double) samples[i]).average().orElse(0);
      assertThat(peak).isBetween(0.05, 0.98);
      assertThat(Math.sqrt(square)).isBetween(0.01, 0.5);
      return speech.tokens();
    }
  }

  private static float[] tone(double hertz) {
    Random noise = new Random(1);
    float[] samples = new float[SECOND];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (float) (0.3 * Math.sin(2 * Math.PI * hertz * i / SECOND) + 0.02 * noise.nextGaussian());
    }
    return samples;
  }
}
