package io.gpa4j.cli;

import io.gpa4j.quality.PowerSpectrum;
import io.gpa4j.report.ResultFile;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

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
  private static final PowerSpectrum SPECTRUM = new PowerSpectrum(WINDOW);

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
    ResultFile.replace(png, image);
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

  // Power spectrum in dB of the window that begins at `begin`, BINS values.
  private static float[] powerDb(float[] samples, int begin) {
    double[] power = SPECTRUM.at(samples, begin);
    float[] db = new float[BINS];
    for (int i = 0; i < BINS; i++) {
      db[i] = (float) (10 * Math.log10(power[i] + 1e-12));
    }
    return db;
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
