package io.gpa4j.internal;

import io.gpa4j.AudioFormatException;
import io.gpa4j.EmptyAudioException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Collects interleaved audio of any rate and channel count, block by block, as 16 kHz {@link Pcm}. */
final class PcmSink {
  /** Turns blocks of one rate into blocks of another. Planes are the first channel and, unless mono, the mean. */
  interface Resampler extends AutoCloseable {
    void feed(float[][] planes, int count, Planes out);

    /** Hands out what is left. */
    void finish(Planes out);

    @Override
    void close();
  }

  /** Takes blocks of planes. */
  interface Planes {
    void accept(float[][] planes, int count);
  }

  private static final int MAX_SECONDS = 4 * 3600;
  private static final int MAX_CHANNELS = 64;
  private static final int MIN_RATE = 1000;
  private static final int MAX_RATE = 1_000_000;

  private final String name;
  private final int rate;
  private final int channels;
  private final List<float[][]> blocks = new ArrayList<>();
  private Resampler resampler;
  private long inputFrames;
  private boolean differs;

  PcmSink(String name, int rate, int channels) {
    check(name, rate, channels);
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

  /** Takes frames of interleaved samples. */
  void accept(float[] interleaved, int frames) {
    if (frames == 0) {
      return;
    }
    inputFrames += frames;
    // A few bytes of a compressed format can stand for hours.
    if (inputFrames / rate > MAX_SECONDS) {
      throw new AudioFormatException(name + ": longer than " + MAX_SECONDS / 3600 + " hours; split it");
    }
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
        differs |= planes[0][f] != planes[1][f];
      }
    }
    if (rate == Pcm.SAMPLE_RATE) {
      blocks.add(planes);
    } else {
      if (resampler == null) {
        resampler = Ffmpeg.load(name + ": audio at " + rate + " Hz, the model hears 16000 Hz")
            .resampler(rate, Pcm.SAMPLE_RATE, planes.length);
      }
      resampler.feed(planes, frames, this::keep);
    }
  }

  private void keep(float[][] planes, int count) {
    float[][] copy = new float[planes.length][];
    for (int p = 0; p < planes.length; p++) {
      copy[p] = Arrays.copyOf(planes[p], count);
    }
    blocks.add(copy);
  }

  /** Everything taken so far, as native memory; the sink is used up. */
  Pcm finish() {
    if (inputFrames == 0) {
      throw new EmptyAudioException(name + ": no samples in it");
    }
    if (resampler != null) {
      resampler.finish(this::keep);
    }
    long have = 0;
    for (float[][] block : blocks) {
      have += block[0].length;
    }
    long want = rate == Pcm.SAMPLE_RATE ? have : Math.max(1, Math.round((double) inputFrames * Pcm.SAMPLE_RATE / rate));
    Pcm pcm = Pcm.allocate(name, want, differs);
    long at = 0;
    for (int b = 0; b < blocks.size() && at < want; b++) {
      float[][] block = blocks.set(b, null);
      int count = (int) Math.min(block[0].length, want - at);
      pcm.write(at, block[0], block[block.length - 1], count);
      at += count;
    }
    while (at < want) {
      // The resampler may end a sample early.
      int count = (int) Math.min(1024, want - at);
      float[] zeros = new float[count];
      pcm.write(at, zeros, zeros, count);
      at += count;
    }
    return pcm;
  }

  /** Frees the resampler; needed whether or not the audio was finished. */
  void release() {
    if (resampler != null) {
      resampler.close();
    }
  }
}
