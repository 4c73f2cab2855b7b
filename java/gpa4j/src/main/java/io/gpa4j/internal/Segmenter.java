package io.gpa4j.internal;

import io.gpa4j.EmptyAudioException;
import io.gpa4j.Segmentation;
import io.gpa4j.VoiceActivityDetector;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/**
 * Cuts audio that comes in pieces at its pauses, and, where there are none for too long, at the quietest point. It holds one segment and
 * the piece that comes, no more.
 */
public final class Segmenter implements Planes {
  /** A part of a recording, in samples from its beginning; who takes it closes its audio. */
  public record Segment(Pcm pcm, long begin, long end) {}

  private static final int FRAME = VoiceActivityDetector.FRAME_SAMPLES;
  private static final int LOOK = 1600;
  // What is kept of the pause before speech; of the one behind it, what the detector holds on for.
  private static final int MARGIN = 800;
  // Over which a point's loudness is taken.
  private static final int QUIET_FRAMES = 10;

  private final String name;
  private final int longest;
  private final int pause;
  private final Consumer<Segment> taker;
  private LongConsumer length = samples -> {};
  private final Tape tape = new Tape();
  private VoiceActivityDetector detector;  // where cutting
  private boolean cutting;
  private boolean speaking;
  private long begin;
  private long speechEnd;
  private long frames;
  private long looked;

  /** Audio that is no longer than a segment is one, as it is, unless it is live. */
  public Segmenter(String name, Segmentation segmentation, boolean live, Consumer<Segment> taker) {
    this.name = name;
    this.longest = segmentation.longestSamples();
    this.pause = segmentation.pauseSamples();
    this.taker = taker;
    this.cutting = live;
  }

  /** Tells how many samples will come, as soon as that is known. */
  public Segmenter telling(LongConsumer expected) {
    length = expected;
    return this;
  }

  @Override
  public void expect(long samples) {
    length.accept(samples);
  }

  /** Samples of the longest segment. */
  public int longest() {
    return longest;
  }

  /** Samples taken so far. */
  public long samples() {
    return tape.end();
  }

  /** Takes audio that is one segment, in place of all other calls. */
  public void whole(Pcm pcm) {
    expect(pcm.samples());
    taker.accept(new Segment(pcm, 0, pcm.samples()));
  }

  @Override
  public void accept(float[][] planes, int count) {
    tape.append(planes, count);
    cutting |= tape.end() > longest;
    if (cutting) {
      look();
    }
  }

  /** Whether somebody speaks, or has just spoken, in the segment that is not complete. */
  public boolean isSpeaking() {
    return speaking;
  }

  /** A copy of the segment that is not complete, while {@link #isSpeaking()}. */
  public Segment current() {
    return new Segment(tape.copy(name, begin, tape.end()), begin, tape.end());
  }

  /** Gives what is left. */
  public void finish() {
    if (tape.end() == 0) {
      throw new EmptyAudioException(name + ": no samples in it");
    }
    expect(tape.end());
    if (!cutting) {
      give(0, tape.end());
    } else if (speaking) {
      give(begin, speechEnd);
    }
  }

  private void look() {
    if (detector == null) {
      detector = new VoiceActivityDetector();
    }
    while (looked < tape.end()) {
      int from = tape.index(looked);
      int count = (int) Math.min(LOOK, tape.end() - looked);
      looked += count;
      detector.push(tape.mix(), from, from + count, this::frame);
    }
  }

  private void frame(boolean speech) {
    long end = ++frames * FRAME;
    if (speech) {
      speechEnd = end;
      if (!speaking) {
        speaking = true;
        begin = Math.max(tape.begin(), end - FRAME - MARGIN);
      }
    }
    if (!speaking) {
      tape.forget(end - MARGIN);
    } else if (end - speechEnd >= pause) {
      speaking = false;
      give(begin, speechEnd);
    } else if (end - begin >= longest) {
      split(end);
    }
  }

  private void split(long end) {
    long at = quietest(begin + longest / 2, end);
    give(begin, at);
    begin = at;
    speaking = speechEnd > at;
  }

  private long quietest(long from, long to) {
    float[] samples = tape.mix();
    double[] power = new double[(int) ((to - from) / FRAME)];
    int at = tape.index(from);
    for (int f = 0; f < power.length; f++) {
      for (int i = 0; i < FRAME; i++, at++) {
        power[f] += samples[at] * samples[at];
      }
    }
    double sum = 0;
    double least = Double.MAX_VALUE;
    int best = power.length;
    for (int f = 0; f < power.length; f++) {
      sum += power[f] - (f < QUIET_FRAMES ? 0 : power[f - QUIET_FRAMES]);
      if (f >= QUIET_FRAMES - 1 && sum < least) {
        least = sum;
        best = f + 1 - QUIET_FRAMES / 2;
      }
    }
    return from + (long) best * FRAME;
  }

  private void give(long from, long to) {
    Pcm pcm = tape.copy(name, from, to);
    tape.forget(to);
    taker.accept(new Segment(pcm, from, to));
  }
}
