package io.gpa4j.benchmark;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/** Lines over two axes that begin at zero, as PNG. */
final class Plot {
  /** A line: points in order. */
  record Line(String title, double[] x, double[] y) {}

  private static final int WIDTH = 900;
  private static final int HEIGHT = 520;
  private static final int LEFT = 80;
  private static final int RIGHT = 210;
  private static final int TOP = 44;
  private static final int BOTTOM = 60;
  private static final int STEPS = 5;
  private static final Color[] COLORS = {
    new Color(0x1f77b4), new Color(0xd62728), new Color(0x2ca02c), new Color(0xff7f0e), new Color(0x9467bd), new Color(0x8c564b), new Color(0x17becf),
    new Color(0x7f7f7f)
  };

  private final String title;
  private final String xTitle;
  private final String yTitle;
  private final List<Line> lines = new ArrayList<>();

  Plot(String title, String xTitle, String yTitle) {
    this.title = title;
    this.xTitle = xTitle;
    this.yTitle = yTitle;
  }

  void add(String name, double[] x, double[] y) {
    lines.add(new Line(name, x, y));
  }

  boolean isEmpty() {
    return lines.isEmpty();
  }

  void write(Path png) throws IOException {
    System.setProperty("java.awt.headless", "true");
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, WIDTH, HEIGHT);
    double right = largest(true);
    double top = largest(false);
    axes(g, right, top);
    for (int i = 0; i < lines.size(); i++) {
      draw(g, lines.get(i), i, right, top);
    }
    g.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    if (!ImageIO.write(image, "png", bytes)) {
      throw new IOException("this JDK has no PNG writer");
    }
    Outputs.replace(png, bytes.toByteArray());
  }

  // The end of an axis: a round number that is not below any point.
  private double largest(boolean x) {
    double most = 0;
    for (Line line : lines) {
      for (double value : x ? line.x : line.y) {
        most = Math.max(most, value);
      }
    }
    double unit = Math.pow(10, Math.floor(Math.log10(Math.max(most, 1e-9))));
    return Math.ceil(most / unit * 2) / 2 * unit;
  }

  private void axes(Graphics2D g, double right, double top) {
    g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 15));
    g.setColor(Color.BLACK);
    g.drawString(title, LEFT, TOP - 18);
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    for (int i = 0; i <= STEPS; i++) {
      int x = x(right * i / STEPS, right);
      int y = y(top * i / STEPS, top);
      g.setColor(new Color(0xdddddd));
      g.drawLine(LEFT, y, WIDTH - RIGHT, y);
      g.setColor(Color.BLACK);
      g.drawString(label(right * i / STEPS), x - 8, HEIGHT - BOTTOM + 18);
      g.drawString(label(top * i / STEPS), 22, y + 4);
    }
    g.drawLine(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
    g.drawLine(LEFT, TOP, LEFT, HEIGHT - BOTTOM);
    g.drawString(xTitle, (LEFT + WIDTH - RIGHT) / 2 - 60, HEIGHT - 18);
    g.drawString(yTitle, 10, TOP - 12);
  }

  private static void draw(Graphics2D g, Line line, int index, double right, double top) {
    g.setColor(COLORS[index % COLORS.length]);
    g.setStroke(new BasicStroke(2));
    for (int i = 0; i < line.x.length; i++) {
      int x = x(line.x[i], right);
      int y = y(line.y[i], top);
      g.fillOval(x - 3, y - 3, 6, 6);
      if (i > 0) {
        g.drawLine(x(line.x[i - 1], right), y(line.y[i - 1], top), x, y);
      }
    }
    g.fillRect(WIDTH - RIGHT + 14, TOP + 20 * index, 12, 4);
    g.setColor(Color.BLACK);
    g.drawString(line.title, WIDTH - RIGHT + 32, TOP + 20 * index + 7);
  }

  private static int x(double value, double right) {
    return LEFT + (int) Math.round((WIDTH - RIGHT - LEFT) * value / right);
  }

  private static int y(double value, double top) {
    return HEIGHT - BOTTOM - (int) Math.round((HEIGHT - BOTTOM - TOP) * value / top);
  }

  private static String label(double value) {
    return value == Math.rint(value) ? String.format(Locale.ROOT, "%.0f", value) : String.format(Locale.ROOT, "%.3g", value);
  }
}
