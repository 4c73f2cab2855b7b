package io.gpa4j.cli;

import io.gpa4j.AudioFormatException;
import io.gpa4j.Gpa;
import io.gpa4j.TranscribeOptions;
import io.gpa4j.Transcription;
import io.gpa4j.TranscriptionStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;

/** Prints what is said while it is said: a line a segment, and on a terminal the words of the one that goes on. */
final class LiveTranscript implements TranscriptionStream.Listener {
  private static final int BLOCK_FRAMES = 1600;
  private static final int MAGIC_BYTES = 12;
  private static final String ERASE_LINE = "\r\u001b[K";

  private final PrintWriter out;
  private final boolean terminal;

  LiveTranscript(PrintWriter out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Hears it to its end. */
  void print(Gpa gpa, AudioInputStream audio) throws IOException {
    AudioFormat format = audio.getFormat();
    int channels = format.getChannels();
    byte[] bytes = new byte[2 * channels * BLOCK_FRAMES];
    try (TranscriptionStream stream = gpa.transcriptionStream(Math.round(format.getSampleRate()), TranscribeOptions.defaults(), this)) {
      for (int read; !Thread.currentThread().isInterrupted() && (read = audio.read(bytes)) >= 0; ) {
        stream.push(mixed(bytes, read / (2 * channels), channels));
      }
      stream.finish();
    }
  }

  private static float[] mixed(byte[] bytes, int frames, int channels) {
    ByteBuffer samples = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    float[] mix = new float[frames];
    for (int f = 0; f < frames; f++) {
      for (int c = 0; c < channels; c++) {
        mix[f] += samples.getShort() / 32768f / channels;
      }
    }
    return mix;
  }

  /** A WAV file, or mono samples of 16 bits at a rate, as signed little-endian samples of 16 bits. */
  static AudioInputStream open(InputStream given, int rawRate) throws IOException {
    InputStream in = new BufferedInputStream(given);
    in.mark(MAGIC_BYTES);
    String magic = new String(in.readNBytes(MAGIC_BYTES), StandardCharsets.ISO_8859_1);
    in.reset();
    if (!magic.startsWith("RIFF")) {
      return new AudioInputStream(in, new AudioFormat(rawRate, 16, 1, true, false), AudioSystem.NOT_SPECIFIED);
    }
    try {
      AudioInputStream wav = AudioSystem.getAudioInputStream(in);
      AudioFormat format = wav.getFormat();
      return AudioSystem.getAudioInputStream(new AudioFormat(format.getSampleRate(), 16, format.getChannels(), true, false), wav);
    } catch (UnsupportedAudioFileException | IllegalArgumentException e) {
      throw new AudioFormatException("the WAV file cannot be read while it comes: " + e.getMessage(), e);
    }
  }

  @Override
  public void partial(String kept, String likely) {
    if (terminal) {
      out.print(ERASE_LINE + AsrCommand.plain(kept + " " + likely));
      out.flush();
    }
  }

  @Override
  public void completed(Transcription.Segment segment) {
    String text = AsrCommand.plain(segment.text());
    if (terminal) {
      out.print(ERASE_LINE);
    }
    if (!text.isEmpty()) {
      out.println(text);
    }
    out.flush();
  }
}
