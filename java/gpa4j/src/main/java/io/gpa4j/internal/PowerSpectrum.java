package io.gpa4j.internal;

/** Power of real windows of a fixed length: Hann window, FFT of radix 2 in place. Not thread-safe. */
public final class PowerSpectrum {
  private final int size;
  private final float[] window;
  private final float[] cosines;
  private final float[] sines;
  private final float[] real;
  private final float[] imaginary;

  /** Of windows of size samples, a power of two. */
  public PowerSpectrum(int size) {
    this.size = size;
    window = new float[size];
    cosines = new float[size / 2];
    sines = new float[size / 2];
    real = new float[size];
    imaginary = new float[size];
    for (int i = 0; i < size; i++) {
      window[i] = (float) (0.5 - 0.5 * Math.cos(2 * Math.PI * i / size));
    }
    for (int i = 0; i < size / 2; i++) {
      cosines[i] = (float) Math.cos(2 * Math.PI * i / size);
      sines[i] = (float) -Math.sin(2 * Math.PI * i / size);
    }
  }

  /** Power of bins 0 to size / 2 - 1, for the size samples of a ring that begin at an index. */
  public void of(float[] ring, int begin, float[] power) {
    int bits = Integer.numberOfTrailingZeros(size);
    for (int i = 0; i < size; i++) {
      int at = begin + i;
      int turned = Integer.reverse(i) >>> (Integer.SIZE - bits);
      real[turned] = window[i] * ring[at < ring.length ? at : at - ring.length];
      imaginary[turned] = 0;
    }
    for (int half = 1; half < size; half *= 2) {
      butterflies(half);
    }
    for (int i = 0; i < size / 2; i++) {
      power[i] = real[i] * real[i] + imaginary[i] * imaginary[i];
    }
  }

  private void butterflies(int half) {
    int step = size / (2 * half);
    for (int begin = 0; begin < size; begin += 2 * half) {
      for (int i = 0; i < half; i++) {
        int a = begin + i;
        int b = a + half;
        float c = cosines[i * step];
        float s = sines[i * step];
        float r = real[b] * c - imaginary[b] * s;
        float m = real[b] * s + imaginary[b] * c;
        real[b] = real[a] - r;
        imaginary[b] = imaginary[a] - m;
        real[a] += r;
        imaginary[a] += m;
      }
    }
  }
}
