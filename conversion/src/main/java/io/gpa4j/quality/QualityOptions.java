package io.gpa4j.quality;

import io.gpa4j.Gpa;
import io.gpa4j.Precision;
import io.gpa4j.Sampling;
import java.nio.file.Path;
import java.util.Objects;

/**
 * What models are compared on.
 *
 * @param clips folder of recordings, with clips.json if their texts are known; null: no audio
 * @param seeds how many times, with other random draws, every text is spoken and every clip converted, at least 1
 * @param repetitionPenalty of the draws for speech, as {@link io.gpa4j.Sampling} has it; 0: the model's
 * @param precision of the models' audio networks; the reference's compute exactly
 * @param threads compute threads; 0: one per core
 */
public record QualityOptions(Path clips, int seeds, float repetitionPenalty, Precision precision, int threads) {
  /** Checks the ranges. */
  public QualityOptions {
    Objects.requireNonNull(precision, "precision");
    if (seeds < 1 || threads < 0 || !(repetitionPenalty >= 0) || Float.isInfinite(repetitionPenalty)) {
      throw new IllegalArgumentException("seeds is " + seeds + ", expected 1 or more, repetition penalty " + repetitionPenalty + " and threads "
          + threads + ", expected 0 or more");
    }
  }

  /** No audio, three seeds, the model's repetition penalty, exact, a thread per core. */
  public static QualityOptions defaults() {
    return new QualityOptions(null, 3, 0, Precision.EXACT, 0);
  }

  /** The draws for speech of a model. */
  Sampling sampling(Gpa model) {
    Sampling sampling = model.speechSampling();
    return repetitionPenalty == 0 ? sampling : sampling.withRepetitionPenalty(repetitionPenalty);
  }

  /** The same with clips. */
  public QualityOptions withClips(Path folder) {
    return new QualityOptions(folder, seeds, repetitionPenalty, precision, threads);
  }
}
