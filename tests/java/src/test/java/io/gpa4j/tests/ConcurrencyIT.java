package io.gpa4j.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.gpa4j.AudioSource;
import io.gpa4j.GenerateOptions;
import io.gpa4j.Gpa;
import io.gpa4j.Sampling;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.Voice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What eight threads ask at once is answered as if each had asked alone. */
class ConcurrencyIT {
  private static final int THREADS = 8;
  private static final int ROUNDS = 2;

  @Test
  void mixedRequests_ofManyThreads_areAnsweredAsAlone() throws Exception {
    try (Gpa gpa = Gpa.builder(Project.demoModel()).maxConcurrency(4).build()) {
      List<Callable<String>> tasks = tasks(gpa);
      List<String> alone = new ArrayList<>();
      for (Callable<String> task : tasks) {
        alone.add(task.call());
      }
      ExecutorService pool = Executors.newFixedThreadPool(THREADS);
      List<Future<List<String>>> together = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        int first = t;
        together.add(pool.submit(() -> {
          String[] answers = new String[tasks.size()];
          for (int i = 0; i < ROUNDS * tasks.size() / 2; i++) {
            int task = (first + i) % tasks.size();
            answers[task] = tasks.get(task).call();
          }
          return Arrays.asList(answers);
        }));
      }
      for (Future<List<String>> answers : together) {
        List<String> got = answers.get(300, TimeUnit.SECONDS);
        for (int i = 0; i < tasks.size(); i++) {
          assertThat(got.get(i)).as("task %d", i).isIn(alone.get(i), null);
        }
      }
      pool.shutdown();
    }
  }

  private static List<Callable<String>> tasks(Gpa gpa) {
    Voice emil = gpa.enroll("emil", AudioSource.of(Demo.voice("emil")));
    Voice dora = gpa.enroll("dora", AudioSource.of(Demo.voice("dora")));
    // Greedy: a batch rounds otherwise than a single row, which may turn a draw that falls between two tokens.
    SpeechOptions options = SpeechOptions.builder().sampling(Sampling.greedy()).maxTokens(60).build();
    return List.of(
        () -> gpa.transcribe(AudioSource.of(Project.clip(0))).text(),
        () -> gpa.transcribe(AudioSource.of(Project.clip(5))).text(),
        () -> Arrays.toString(gpa.enroll("a", AudioSource.of(Demo.voice("adam"))).tokens()),
        () -> wave(gpa.speak("play some jazz", emil, options)),
        () -> wave(gpa.speak("what is the temperature in rome", dora, options)),
        () -> wave(gpa.convert(AudioSource.of(Project.clip(3)), dora, options)),
        () -> Arrays.toString(gpa.generate(new int[] {5, 6, 7}, GenerateOptions.builder().maxTokens(20).build()).ids()));
  }

  private static String wave(Speech speech) {
    try (speech) {
      return Arrays.toString(speech.tokens()) + " " + Arrays.hashCode(speech.floats());
    }
  }
}
