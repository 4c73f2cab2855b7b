package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gpa4j.CancelledException;
import io.gpa4j.GenerateOptions;
import io.gpa4j.Gpa;
import io.gpa4j.Sampling;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.StreamOptions;
import io.gpa4j.Voice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/**
 * Many rounds of what must never crash, on the smallest model. The environment variable GPA_ENDURANCE=N runs N times as many: 20 for
 * 10,000 callbacks that throw and 1,000 rounds of closing.
 */
class EnduranceIT {
  private static final int FACTOR = Math.max(1, Integer.parseInt(System.getenv().getOrDefault("GPA_ENDURANCE", "1")));
  private static final Sampling WARM = new Sampling(2, 0, 1, 1);
  private static final GenerateOptions LONG = GenerateOptions.builder().sampling(WARM).seed(1).maxTokens(500).build();

  @Test
  void callbacksThatThrow_reachTheirCallers_andHarmNobody() throws Exception {
    Voice voice = voice();
    SpeechOptions early = SpeechOptions.builder().sampling(WARM).seed(3).maxTokens(30).stream(new StreamOptions(10, 1, 4, 1)).build();
    try (Gpa gpa = Gpa.builder(Models.goldens("f32")).maxConcurrency(4).build()) {
      float[] want = spoken(gpa, voice, early);
      AtomicBoolean over = new AtomicBoolean();
      CompletableFuture<Integer> others = CompletableFuture.supplyAsync(() -> {
        int unharmed = 0;
        for (; !over.get(); unharmed++) {
          assertThat(spoken(gpa, voice, early)).isEqualTo(want);
        }
        return unharmed;
      });
      int rounds = 500 * FACTOR;
      for (int i = 0; i < rounds; i++) {
        Throwable thrown = i % 3 == 0 ? new AssertionError("no " + i) : new IllegalStateException("no " + i, new Exception("why"));
        assertThatThrownBy(() -> gpa.speak("a", voice, early, chunk -> {
          throw unchecked(thrown);
        })).isSameAs(thrown);
      }
      over.set(true);
      System.out.printf("%d callbacks threw, %d others were unharmed%n", rounds, others.get(60, TimeUnit.SECONDS));
    }
  }

  @Test
  void closing_with64RequestsInFlight_endsThemAll() throws Exception {
    Voice voice = voice();
    Random random = new Random(5);
    SpeechOptions options = SpeechOptions.builder().sampling(WARM).seed(3).maxTokens(200).build();
    int cancelled = 0;
    int rounds = 50 * FACTOR;
    for (int round = 0; round < rounds; round++) {
      List<CompletableFuture<?>> futures = new ArrayList<>();
      Gpa gpa = Gpa.builder(Models.goldens("f32")).maxConcurrency(1 + random.nextInt(16)).maxQueue(64).build();
      for (int i = 0; i < 64; i++) {
        futures.add(i % 2 == 0 ? gpa.generateAsync(new int[] {1, 2, i}, LONG) : gpa.speakAsync("a", voice, options));
      }
      Thread.sleep(random.nextInt(round % 5 == 0 ? 300 : 10));
      gpa.close();
      for (CompletableFuture<?> future : futures) {
        try {
          if (future.get(60, TimeUnit.SECONDS) instanceof Speech speech) {
            speech.close();
          }
        } catch (ExecutionException e) {
          // Those that had not begun yet find the engine closed.
          assertThat(e.getCause()).isInstanceOfAny(CancelledException.class, IllegalStateException.class);
          cancelled++;
        }
      }
    }
    System.out.printf("%d rounds of closing: %d of %d requests cancelled%n", rounds, cancelled, 64 * rounds);
    assertThat(cancelled).isPositive();
  }

  private static float[] spoken(Gpa gpa, Voice voice, SpeechOptions options) {
    try (Speech speech = gpa.speak("a", voice, options)) {
      return speech.floats();
    }
  }

  private static Voice voice() {
    int[] tokens = new int[Voice.TOKENS];
    Arrays.fill(tokens, 7);
    return Voice.of("seven", tokens);
  }

  private static RuntimeException unchecked(Throwable thrown) {
    if (thrown instanceof Error e) {
      throw e;
    }
    return (RuntimeException) thrown;
  }
}
