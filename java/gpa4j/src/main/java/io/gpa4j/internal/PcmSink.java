package io.gpa4j.internal;

import io.gpa4j.AudioFormatException;
import io.gpa4j.EmptyAudioException;

/** Turns interleaved audio of any rate and channel count, block by block, into 16 kHz planes. */
final class PcmSink {
  /** Turns blocks of one rate into blocks of another. Planes are the first channel and, unless mono, the mean. */
  interface Resampler extends AutoCloseable {
    void feed(float[][] planes, int count, Planes out);

    /** Hands out what is left. */
    void finish(Planes out);

    @Override
    void close();
  }

  private static final int MAX_CHANNELS = 64;
  private static final int MIN_RATE = 1000;
  private static final int MAX_RATE = 1_000_000;

  private final String name;
  private final int rate;
  private final int channels;
  private final Planes out;
  private Resampler resampler;
  private long inputFrames;
  private long given;

  PcmSink(String name, int rate, int channels, Planes out) {
    check(name, rate, channels);
    this.out = out;
    this.name = name;
    this.rate = rate;
    this.channels = channels;
  }

  /** Throws where a rate or a number of channels is none that is taken. */
  static void check(String name, int rate, int channels) {
    if (rate < MIN_RATE || rate > MAX_RATE) {
      throw new AudioFormatException(name + ": a sample rate of " + rate + " Hz, expected " + MIN_RATE + " to " + MAX_RATE);
    }
    if (channels < 1 || channels > MAX_CHANNELS) {
      throw new AudioFormatException(name + ": " + channels + " channels, expected 1 to " + MAX_CHANNELS);
    }
  }

  /** About how many frames will come. */
  void expect(long frames) {
    out.expect(Math.round((double) frames * Pcm.SAMPLE_RATE / rate));
  }

  /** Takes frames of interleaved samples. */
  void accept(float[] interleaved, int frames) {
    if (frames == 0) {
      return;
    }
    inputFrames += frames;
    float[][] planes = new float[channels == 1 ? 1 : 2][frames];
    if (channels == 1) {
      System.arraycopy(interleaved, 0, planes[0], 0, frames);
    } else {
      for (int f = 0; f < frames; f++) {
        float sum = 0;
        for (int c = 0; c < channels; c++) {
          sum += interleaved[f * channels + c];
        }
        planes[0][f] = interleaved[f * channels];
        planes[1][f] = sum / channels;
      }
    }
    if (rate == Pcm.SAMPLE_RATE) {
      give(planes, frames);
    } else {
      if (resampler == null) {
        resampler = Ffmpeg.load(name + ": audio at " + rate + " Hz, the model hears 16000 Hz")
            .resampler(rate, Pcm.SAMPLE_RATE, planes.length);
      }
      resampler.feed(planes, frames, this::give);
    }
  }

  private void give(float[][] planes, int count) {
    given += count;
    out.accept(planes, count);
  }

  /** Gives what the resampler still holds: as many samples in all as the input lasts. */
  void finish() {
    if (inputFrames == 0) {
      throw new EmptyAudioException(name + ": no samples in it");
    }
    if (resampler == null) {
      return;
    }
    long want = Math.max(1, Math.round((double) inputFrames * Pcm.SAMPLE_RATE / rate));
    resampler.finish((planes, count) -> give(planes, (int) Math.min(count, want - given)));
    while (given < want) {
      // The resampler may end a sample early.
      int count = (int) Math.min(1024, want - given);
      give(new float[channels == 1 ? 1 : 2][count], count);
    }
  }

  /** Frees the resampler; needed whether or not the audio was finished. */
  void release() {
    if (resampler != null) {
      resampler.close();
    }
  }
}
