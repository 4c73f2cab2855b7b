package io.gpa4j.tests;

import io.gpa4j.AudioSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** The demo's clips in one long recording, with pauses between them and noise under all. */
final class Recording {
  /** What is under the speech. */
  enum Noise { WHITE, PINK }

  /** A clip's place. */
  record Place(Demo.Clip clip, int begin, int end) {}

  static final int RATE = 16_000;
  private static final int FRAME = 160;
  // A frame of a clip is speech where it is not quieter than this below the clip's loudest one.
  private static final double SPEECH_DB = -35;
  private static final int SHORTEST_PAUSE_FRAMES = 20;

  private final float[] samples;
  private final boolean[] speech;
  private final List<Place> places = new ArrayList<>();
  private double speechPower;

  /** The clips in order, with pauses of 0.6 to 1.4 s before, between and after them. */
  Recording(List<Demo.Clip> clips) {
    Random random = new Random(5);
    List<float[]> parts = new ArrayList<>();
    int length = 0;
    for (Demo.Clip clip : clips) {
      float[] pause = new float[pause(random)];
      float[] said = AudioSource.of(clip.file()).samples();
      places.add(new Place(clip, length + pause.length, length + pause.length + said.length));
      length += pause.length + said.length;
      parts.addAll(List.of(pause, said));
    }
    samples = new float[length + pause(random)];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, samples, at, part.length);
      at += part.length;
    }
    speech = new boolean[samples.length / FRAME];
    places.forEach(this::mark);
    speechPower = speechPower();
  }

  private static int pause(Random random) {
    return (int) (RATE * (0.6 + 0.8 * random.nextDouble()));
  }

  private void mark(Place place) {
    int first = (place.begin() + FRAME - 1) / FRAME;
    int last = place.end() / FRAME;
    double loudest = 0;
    for (int f = first; f < last; f++) {
      loudest = Math.max(loudest, power(f));
    }
    for (int f = first; f < last; f++) {
      speech[f] = power(f) > loudest * Math.pow(10, SPEECH_DB / 10);
    }
    closeGaps(first, last);
  }

  // The closure of a stop is part of its word.
  private void closeGaps(int first, int last) {
    int since = Integer.MIN_VALUE / 2;
    for (int f = first; f < last; f++) {
      if (speech[f]) {
        if (f - since <= SHORTEST_PAUSE_FRAMES) {
          Arrays.fill(speech, since, f, true);
        }
        since = f;
      }
    }
  }

  private double power(int frame) {
    double sum = 0;
    for (int i = frame * FRAME; i < (frame + 1) * FRAME; i++) {
      sum += samples[i] * samples[i];
    }
    return sum / FRAME;
  }

  private double speechPower() {
    double sum = 0;
    int count = 0;
    for (int f = 0; f < speech.length; f++) {
      if (speech[f]) {
        sum += power(f);
        count++;
      }
    }
    return sum / count;
  }

  /** A copy of the samples. */
  float[] samples() {
    return samples.clone();
  }

  /** The samples with noise so many dB below the mean power of the speech. */
  float[] noisy(Noise kind, double snrDb) {
    float[] noise = noise(kind, samples.length);
    double power = 0;
    for (float n : noise) {
      power += n * n;
    }
    double gain = Math.sqrt(speechPower * Math.pow(10, -snrDb / 10) / (power / noise.length));
    float[] out = new float[samples.length];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (samples[i] + gain * noise[i]);
    }
    return out;
  }

  private static float[] noise(Noise kind, int count) {
    Random random = new Random(11);
    float[] out = new float[count];
    // Pink: white noise through three poles, 3 dB an octave within 0.05 dB from 10 Hz on (Kellet's "economy" filter).
    double a = 0;
    double b = 0;
    double c = 0;
    for (int i = 0; i < count; i++) {
      double white = random.nextGaussian();
      a = 0.99765 * a + white * 0.0990460;
      b = 0.96300 * b + white * 0.2965164;
      c = 0.57000 * c + white * 1.0526913;
      out[i] = (float) (kind == Noise.WHITE ? white : a + b + c + white * 0.1848);
    }
    return out;
  }

  /** Whether frames of 10 ms are speech. */
  boolean[] speech() {
    return speech.clone();
  }

  /** Where the clips are. */
  List<Place> places() {
    return places;
  }
}
