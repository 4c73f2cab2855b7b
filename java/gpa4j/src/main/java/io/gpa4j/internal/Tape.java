package io.gpa4j.internal;

import java.util.Arrays;

/** The latest samples of one or two planes, addressed by their place in the whole recording. */
final class Tape {
  private static final int LEAST_CAPACITY = 1 << 16;

  // Of no length until something comes: audio that is read in place needs none.
  private float[][] planes = new float[1][0];
  private long begin;
  private int offset;
  private int length;

  /** Appends the first count samples of each plane. */
  void append(float[][] more, int count) {
    if (more.length > planes.length) {
      planes = new float[][] {planes[0], planes[0].clone()};
    }
    if (offset + length + count > planes[0].length) {
      makeRoom(count);
    }
    for (int p = 0; p < planes.length; p++) {
      System.arraycopy(more[Math.min(p, more.length - 1)], 0, planes[p], offset + length, count);
    }
    length += count;
  }

  private void makeRoom(int count) {
    int capacity = Math.max(LEAST_CAPACITY, planes[0].length);
    while (length + count > capacity) {
      capacity *= 2;
    }
    for (int p = 0; p < planes.length; p++) {
      float[] target = capacity == planes[p].length ? planes[p] : new float[capacity];
      System.arraycopy(planes[p], offset, target, 0, length);
      planes[p] = target;
    }
    offset = 0;
  }

  /** Forgets what lies before a place. Indices of what remains stay as they are. */
  void forget(long before) {
    int count = (int) Math.max(0, Math.min(length, before - begin));
    begin += count;
    offset += count;
    length -= count;
  }

  /** The first place that is there. */
  long begin() {
    return begin;
  }

  /** The place behind the last one. */
  long end() {
    return begin + length;
  }

  /** The mean of the channels; a place is at its {@link #index}. */
  float[] mix() {
    return planes[planes.length - 1];
  }

  int index(long place) {
    return offset + (int) (place - begin);
  }

  /** A copy of a part in native memory. */
  Pcm copy(String name, long from, long to) {
    int first = index(from);
    int count = (int) (to - from);
    boolean differs = !Arrays.equals(planes[0], first, first + count, mix(), first, first + count);
    Pcm pcm = Pcm.allocate(name, count, differs);
    pcm.write(0, Arrays.copyOfRange(planes[0], first, first + count), Arrays.copyOfRange(mix(), first, first + count), count);
    return pcm;
  }
}
