package io.gpa4j.internal;

import io.gpa4j.AudioFormatException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Collects planes as {@link Pcm}. */
final class PcmCollector implements Planes {
  private static final int MAX_HOURS = 4;

  private final String name;
  private final List<float[][]> blocks = new ArrayList<>();
  private long samples;
  private boolean differs;

  private PcmCollector(String name) {
    this.name = name;
  }

  /** All that is given to planes, as native memory. */
  static Pcm collect(String name, Consumer<Planes> audio) {
    PcmCollector collector = new PcmCollector(name);
    audio.accept(collector);
    return collector.finish();
  }

  @Override
  public void accept(float[][] planes, int count) {
    samples += count;
    // A few bytes of a compressed format can stand for hours.
    if (samples > MAX_HOURS * 3600L * Pcm.SAMPLE_RATE) {
      throw new AudioFormatException(name + ": longer than " + MAX_HOURS + " hours; split it");
    }
    float[][] copy = new float[planes.length][];
    for (int p = 0; p < planes.length; p++) {
      copy[p] = Arrays.copyOf(planes[p], count);
    }
    differs |= !Arrays.equals(copy[0], copy[copy.length - 1]);
    blocks.add(copy);
  }

  private Pcm finish() {
    Pcm pcm = Pcm.allocate(name, samples, differs);
    long at = 0;
    for (int b = 0; b < blocks.size(); b++) {
      float[][] block = blocks.set(b, null);
      pcm.write(at, block[0], block[block.length - 1], block[0].length);
      at += block[0].length;
    }
    return pcm;
  }
}
