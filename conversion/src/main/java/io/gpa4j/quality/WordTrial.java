package io.gpa4j.quality;

import io.gpa4j.AudioFormatException;
import io.gpa4j.AudioSource;
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

/** Lets a model listen, speak and convert, and the reference hear what it says. */
final class WordTrial {
  // Half a minute: what does not end by itself is long enough to count as wrong.
  private static final int MAX_TOKENS = 1500;

  private final Clips clips;
  private final int seeds;

  WordTrial(Clips clips, int seeds) {
    this.clips = clips;
    this.seeds = seeds;
  }

  /** Whether a model can take part. */
  boolean isFor(OpenModel model) {
    return model.holds("decoder") && model.holds("glm") && model.holds("wav2vec2") && model.holds("codec") && model.holds("speaker");
  }

  /** Steps that one model takes. */
  long steps() {
    return clips.told().size() + 2L * seeds * clips.spoken().size();
  }

  /** Counts the errors of a model that another one hears; the draws are the same each time. */
  WordRates run(OpenModel model, Gpa ear, Steps steps) {
    Gpa gpa = model.gpa();
    WordErrors recognition = new WordErrors();
    for (Clip clip : clips.told()) {
      recognition.add(clip.text(), gpa.transcribe(AudioSource.of(clip.file())).text());
      steps.done(model.name() + ": hears " + clip.name());
    }
    WordErrors speech = new WordErrors();
    WordErrors conversion = new WordErrors();
    Map<Path, Voice> voices = new HashMap<>();
    List<Clip> spoken = clips.spoken();
    for (int turn = 0; turn < seeds * spoken.size(); turn++) {
      Clip clip = spoken.get(turn % spoken.size());
      Voice voice = voices.computeIfAbsent(clips.voice(clip, turn % spoken.size()), file -> gpa.enroll("voice", AudioSource.of(file)));
      SpeechOptions options = SpeechOptions.builder().sampling(gpa.speechSampling()).seed(turn).maxTokens(MAX_TOKENS).build();
      try (Speech said = gpa.speak(clip.text(), voice, options)) {
        speech.add(clip.text(), heard(ear, said));
      }
      steps.done(model.name() + ": says " + clip.name());
      try (Speech said = gpa.convert(AudioSource.of(clip.file()), voice, options)) {
        conversion.add(clip.text(), heard(ear, said));
      }
      steps.done(model.name() + ": converts " + clip.name());
    }
    return new WordRates(recognition, speech, conversion);
  }

  private static String heard(Gpa ear, Speech speech) {
    try {
      return speech.samples() == 0 ? "" : ear.transcribe(AudioSource.of(speech.buffer())).text();
    } catch (AudioFormatException e) {
      // Too short to hear anything in it.
      return "";
    }
  }
}
