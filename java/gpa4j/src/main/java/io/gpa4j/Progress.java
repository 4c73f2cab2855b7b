package io.gpa4j;

import java.time.Duration;
import java.util.Objects;

/**
 * How far a request is, as a {@link ProgressListener} is told.
 *
 * <pre>{@code
 * ProgressListener bar = progress -> System.out.printf("%3.0f %% %s, %d of %d parts, %d s%n", 100 * progress.fraction(), progress.phase(),
 *     progress.partsDone(), progress.parts(), progress.audio().toSeconds());
 * gpa.transcribe(AudioSource.of(Path.of("talk.wav")), TranscribeOptions.defaults().withProgress(bar));
 * }</pre>
 *
 * @param phase what is done now; of long audio and text, for the first part that has not ended
 * @param fraction of the whole, 0 to 1, an estimate that never goes back: the share of the audio or text that is done; of a part that is
 *     being worked on, what its finished phases usually take. 0 for as long as nobody knows how long the audio is, as of some streams
 * @param partsDone segments of audio or pieces of text that are done
 * @param parts how many there are: of text, in all; of audio, as far as it has been read
 * @param audio for transcriptions, how much audio was heard; for speech and conversions, how much speech was made
 */
public record Progress(Phase phase, double fraction, int partsDone, int parts, Duration audio) {
  /** What a request does. */
  public enum Phase {
    /** Waits for its turn, for audio to be read, or for text to be encoded. */
    WAITING,
    /** The audio encoders hear the input. */
    ENCODING,
    /** The decoder answers, token by token; speech that streams is heard meanwhile. */
    GENERATING,
    /** The codec makes speech of the last tokens. */
    DECODING,
    /** The result is there. Told once, last, of a request that ends well. */
    DONE
  }

  /** Checks for nulls and ranges. */
  public Progress {
    Objects.requireNonNull(phase, "phase");
    Objects.requireNonNull(audio, "audio");
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new IllegalArgumentException("fraction is " + fraction + ", expected 0 to 1");
    }
  }
}
