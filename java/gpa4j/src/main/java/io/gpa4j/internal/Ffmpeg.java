package io.gpa4j.internal;

import io.gpa4j.AudioFormatException;
import java.nio.file.Path;

/** What FFmpeg does for us; behind an interface, as its classes need not be there. */
interface Ffmpeg {
  /** FFmpeg, or an exception that begins with what it was needed for and says which artifact to add. */
  static Ffmpeg load(String neededFor) {
    try {
      return FfmpegAudio.instance();
    } catch (LinkageError e) {
      throw new AudioFormatException(neededFor + "; that needs FFmpeg: add org.bytedeco:ffmpeg (the version of gpa4j's pom) "
          + "with the classifier of this machine, e.g. linux-x86_64, to the class path", e);
    }
  }

  /** Decodes the best audio stream of a file of any usual format. */
  void decode(Path file, String name, Planes out);

  /** A high-quality resampler for one or two planes. */
  PcmSink.Resampler resampler(int fromRate, int toRate, int planes);
}
