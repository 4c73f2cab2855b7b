package io.gpa4j.quality;

import io.gpa4j.AudioFormatException;
import io.gpa4j.AudioSource;
import io.gpa4j.CancelledException;
import io.gpa4j.Gpa;
import io.gpa4j.Speech;
import io.gpa4j.SpeechOptions;
import io.gpa4j.Voice;
import io.gpa4j.quality.Clips.Clip;
import io.gpa4j.quality.ModelQuality.WordRates;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/** Lets a model listen, speak and convert, and the reference hear what it says. */
final class WordTrial {
  // Half a minute: what does not end by itself is long enough to count as wrong.
  private static final int MAX_TOKENS = 1500;
  // Requests at once, which share the decoder's steps; their answers do not depend on each other.
  private static final int AT_ONCE = 8;

  private final Clips clips;
  private final QualityOptions options;

  WordTrial(Clips clips, QualityOptions options) {
    this.clips = clips;
    this.options = options;
  }

  /** What is understood of a clip; the turn is its number among those that are tried. */
  private interface Ear {
    String hear(Clip clip, int turn);
  }

  /** Whether a model can take part. */
  boolean isFor(OpenModel model) {
    return model.holds("decoder") && model.holds("glm") && model.holds("wav2vec2") && model.holds("codec") && model.holds("speaker");
  }

  /** Steps that one model takes. */
  long steps() {
    return clips.told().size() + 2L * options.seeds() * clips.spoken().size();
  }

  /** Counts the errors of a model that another one hears; the draws are the same each time. */
  WordRates run(OpenModel model, Gpa ear, Steps steps) {
    Gpa gpa = model.gpa();
    WordRates rates = new WordRates(new WordErrors(), new WordErrors(), new WordErrors());
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE, task -> {
      Thread thread = new Thread(task, "gpa-quality");
      thread.setDaemon(true);
      return thread;
    });
    try {
      add(rates.recognition(), clips.told(), threads, (clip, turn) -> gpa.transcribe(AudioSource.of(clip.file())).text());
      clips.told().forEach(clip -> steps.done(model.name() + ": hears " + clip.name()));
      List<Clip> spoken = clips.spoken();
      Map<Path, Voice> voices = enrol(gpa, spoken);
      for (int seed = 0; seed < options.seeds(); seed++) {
        int round = seed;
        add(rates.speech(), spoken, threads, (clip, turn) -> heard(ear,
            gpa.speak(clip.text(), voices.get(clips.voice(clip, turn + round)), speech(gpa, turn + round * spoken.size()))));
        spoken.forEach(clip -> steps.done(model.name() + ": says " + clip.name()));
        add(rates.conversion(), spoken, threads, (clip, turn) -> heard(ear,
            gpa.convert(AudioSource.of(clip.file()), voices.get(clips.voice(clip, turn + round)), speech(gpa, turn + round * spoken.size()))));
        spoken.forEach(clip -> steps.done(model.name() + ": converts " + clip.name()));
      }
      return rates;
    } finally {
      threads.shutdownNow();
    }
  }

  private Map<Path, Voice> enrol(Gpa gpa, List<Clip> spoken) {
    Map<Path, Voice> voices = new HashMap<>();
    for (int turn = 0; turn < options.seeds() * spoken.size(); turn++) {
      Clip clip = spoken.get(turn % spoken.size());
      int seed = turn / spoken.size();
      voices.computeIfAbsent(clips.voice(clip, turn % spoken.size() + seed), file -> gpa.enroll("voice", AudioSource.of(file)));
    }
    return voices;
  }

  private SpeechOptions speech(Gpa gpa, long seed) {
    return SpeechOptions.builder().sampling(options.sampling(gpa)).seed(seed).maxTokens(MAX_TOKENS).build();
  }

  private static String heard(Gpa ear, Speech said) {
    try (said) {
      return said.samples() == 0 ? "" : ear.transcribe(AudioSource.of(said.buffer())).text();
    } catch (AudioFormatException e) {
      // Too short to hear anything in it.
      return "";
    }
  }

  // Tries the clips side by side, and adds them one after the other.
  private static void add(WordErrors errors, List<Clip> clips, ExecutorService threads, Ear ear) {
    List<Callable<String>> tasks = IntStream.range(0, clips.size()).<Callable<String>>mapToObj(i -> () -> ear.hear(clips.get(i), i)).toList();
    try {
      List<Future<String>> texts = threads.invokeAll(tasks);
      for (int i = 0; i < clips.size(); i++) {
        errors.add(clips.get(i).text(), texts.get(i).get());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("the comparison was interrupted");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause();
    }
  }
}
