package io.gpa4j.cli;

import io.gpa4j.AudioChunk;
import io.gpa4j.GpaIoException;
import io.gpa4j.Speech;
import io.gpa4j.SpeechStream;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.LineUnavailableException;
import javax.sound.sampled.SourceDataLine;
import javax.sound.sampled.TargetDataLine;

/** The machine's loudspeaker and microphone, 16 kHz mono. */
final class SoundCard {
  private static final AudioFormat FORMAT = new AudioFormat(Speech.SAMPLE_RATE, 16, 1, true, false);

  private SoundCard() {}

  /** Opens the loudspeaker. A {@link GpaIoException} where there is none. */
  static SourceDataLine loudspeaker() {
    try {
      SourceDataLine line = AudioSystem.getSourceDataLine(FORMAT);
      line.open(FORMAT);
      return line;
    } catch (LineUnavailableException | IllegalArgumentException e) {
      throw new GpaIoException("no sound card plays 16 kHz mono here: leave --play and write a file with -o", e);
    }
  }

  /** Plays speech while it is made, to its end. */
  static void play(SpeechStream speech, SourceDataLine line) {
    line.start();
    for (AudioChunk chunk : speech) {
      line.write(chunk.bytes(), 0, 2 * chunk.samples());
    }
    line.drain();
  }

  /** Opens the microphone, whose sound has no end. A {@link GpaIoException} where there is none. */
  static AudioInputStream microphone() {
    try {
      TargetDataLine line = AudioSystem.getTargetDataLine(FORMAT);
      line.open(FORMAT);
      line.start();
      return new AudioInputStream(line);
    } catch (LineUnavailableException | IllegalArgumentException e) {
      throw new GpaIoException("no microphone gives 16 kHz mono here: name a file, or - for standard input", e);
    }
  }
}
