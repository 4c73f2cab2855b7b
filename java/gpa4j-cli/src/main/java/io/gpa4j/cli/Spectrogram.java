package io.gpa4j.cli;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;

/** Draws sounds as spectrograms under each other on one time axis: 0 to 8 kHz upwards, 80 dB of range. */
final class Spectrogram {
  /** A titled sound at 16 kHz. */
  record Panel(String title, float[] samples) {}

  private static final int RATE = 16_000;
  private static final int WINDOW = 512;
  private static final int HOP = 80;
  private static final int BINS = WINDOW / 2;
  private static final double RANGE_DB = 80;
  private static final int LEFT = 56;
  private static final int TOP = 26;
  private static final int BOTTOM = 22;

  private Spectrogram() {}

  static void write(List<Panel> panels, Path png) throws IOException {
    System.setProperty("java.awt.headless", "true");
    int frames = panels.stream().mapToInt(p -> frames(p.samples)).max().orElse(1);
    int height = TOP + BINS + BOTTOM;
    BufferedImage image = new BufferedImage(LEFT + frames + 12, height * panels.size(), BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, image.getWidth(), image.getHeight());
    g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    for (int i = 0; i < panels.size(); i++) {
      draw(image, g, panels.get(i), i * height + TOP, frames);
    }
    g.dispose();
    Outputs.replace(png, file -> {
      if (!ImageIO.write(image, "png", file.toFile())) {
        throw new IOException("this JDK has no PNG writer");
      }
    });
  }

  private static void draw(BufferedImage image, Graphics2D g, Panel panel, int top, int axisFrames) {
    int frames = frames(panel.samples);
    float[][] decibels = new float[frames][];
    float peak = Float.NEGATIVE_INFINITY;
    for (int f = 0; f < frames; f++) {
      decibels[f] = powerDb(panel.samples, f * HOP);
      for (float db : decibels[f]) {
        peak = Math.max(peak, db);
      }
    }
    for (int f = 0; f < frames; f++) {
      for (int bin = 0; bin < BINS; bin++) {
        image.setRGB(LEFT + f, top + BINS - 1 - bin, colour(1 + (decibels[f][bin] - peak) / RANGE_DB));
      }
    }
    labels(g, panel, top, axisFrames);
  }

  private static void labels(Graphics2D g, Panel panel, int top, int axisFrames) {
    g.setColor(Color.BLACK);
    g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 13));
    g.drawString(panel.title, LEFT, top - 8);
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
    for (int kilohertz = 0; kilohertz <= 8; kilohertz += 2) {
      int y = top + BINS - kilohertz * BINS / 8;
      g.drawLine(LEFT - 4, y, LEFT - 1, y);
      g.drawString(kilohertz + " kHz", 12, Math.max(top + 10, y + 4));
    }
    for (int tenths = 0; tenths * RATE / 10 / HOP <= axisFrames; tenths += 5) {
      int x = LEFT + tenths * RATE / 10 / HOP;
      g.drawLine(x, top + BINS, x, top + BINS + 4);
      g.drawString(tenths / 10 + "." + tenths % 10 + " s", x + 2, top + BINS + 15);
    }
  }

  private static int frames(float[] samples) {
    return Math.max(1, samples.length / HOP);
  }

  // Power spectrum in dB of the Hann window that begins at `begin`, BINS values.
  private static float[] powerDb(float[] samples, int begin) {
    double[] re = new double[WINDOW];
    double[] im = new double[WINDOW];
    for (int i = 0; i < WINDOW && begin + i < samples.length; i++) {
      re[i] = samples[begin + i] * (0.5 - 0.5 * Math.cos(2 * Math.PI * i / WINDOW));
    }
    fft(re, im);
    float[] db = new float[BINS];
    for (int i = 0; i < BINS; i++) {
      db[i] = (float) (10 * Math.log10(re[i] * re[i] + im[i] * im[i] + 1e-12));
    }
    return db;
  }

  // Radix 2 in place; the length is a power of two.
  private static void fft(double[] re, double[] im) {
    int n = re.length;
    int bits = Integer.numberOfTrailingZeros(n);
    for (int i = 0; i < n; i++) {
      int j = Integer.reverse(i) >>> (32 - bits);
      if (i < j) {
        double r = re[i];
        re[i] = re[j];
        re[j] = r;
      }
    }
    for (int half = 1; half < n; half *= 2) {
      for (int k = 0; k < half; k++) {
        double c = Math.cos(Math.PI * k / half);
        double s = -Math.sin(Math.PI * k / half);
        for (int i = k; i < n; i += 2 * half) {
          double r = re[i + half] * c - im[i + half] * s;
          double q = re[i + half] * s + im[i + half] * c;
          re[i + half] = re[i] - r;
          im[i + half] = im[i] - q;
          re[i] += r;
          im[i] += q;
        }
      }
    }
  }

  // Black over violet and orange to pale yellow for 0 … 1.
  private static int colour(double level) {
    double x = Math.min(1, Math.max(0, level));
    int red = (int) (255 * Math.min(1, 1.6 * x));
    int green = (int) (255 * Math.max(0, Math.min(1, 2.2 * x - 1.0)));
    int blue = (int) (255 * (x < 0.45 ? x * 1.1 : x > 0.8 ? (x - 0.8) * 3.5 : Math.max(0, 0.5 - (x - 0.45) * 1.4)));
    return red << 16 | green << 8 | Math.min(255, blue);
  }
}
