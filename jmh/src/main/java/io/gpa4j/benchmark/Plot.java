package io.gpa4j.benchmark;

import io.gpa4j.report.PlotAxis;
import io.gpa4j.report.ResultFile;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

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
    PlotAxis x = axis(Line::x);
    PlotAxis y = axis(Line::y);
    axes(g, x, y);
    for (int i = 0; i < lines.size(); i++) {
      draw(g, lines.get(i), i, x, y);
    }
    g.dispose();
    ResultFile.replace(png, image);
  }

  private PlotAxis axis(Function<Line, double[]> values) {
    return PlotAxis.fromZero(lines.stream().map(values).flatMapToDouble(Arrays::stream).toArray());
  }

  private void axes(Graphics2D g, PlotAxis x, PlotAxis y) {
    g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 15));
    g.setColor(Color.BLACK);
    g.drawString(title, LEFT, TOP - 18);
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    for (double tick : y.ticks()) {
      g.setColor(new Color(0xdddddd));
      g.drawLine(LEFT, down(y, tick), WIDTH - RIGHT, down(y, tick));
      g.setColor(Color.BLACK);
      g.drawString(PlotAxis.text(tick), 22, down(y, tick) + 4);
    }
    for (double tick : x.ticks()) {
      g.drawString(PlotAxis.text(tick), across(x, tick) - 8, HEIGHT - BOTTOM + 18);
    }
    g.drawLine(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
    g.drawLine(LEFT, TOP, LEFT, HEIGHT - BOTTOM);
    g.drawString(xTitle, (LEFT + WIDTH - RIGHT) / 2 - 60, HEIGHT - 18);
    g.drawString(yTitle, 10, TOP - 12);
  }

  private static void draw(Graphics2D g, Line line, int index, PlotAxis x, PlotAxis y) {
    g.setColor(COLORS[index % COLORS.length]);
    g.setStroke(new BasicStroke(2));
    for (int i = 0; i < line.x.length; i++) {
      int across = across(x, line.x[i]);
      int down = down(y, line.y[i]);
      g.fillOval(across - 3, down - 3, 6, 6);
      if (i > 0) {
        g.drawLine(across(x, line.x[i - 1]), down(y, line.y[i - 1]), across, down);
      }
    }
    g.fillRect(WIDTH - RIGHT + 14, TOP + 20 * index, 12, 4);
    g.setColor(Color.BLACK);
    g.drawString(line.title, WIDTH - RIGHT + 32, TOP + 20 * index + 7);
  }

  private static int across(PlotAxis x, double value) {
    return LEFT + (int) Math.round((WIDTH - RIGHT - LEFT) * x.share(value));
  }

  private static int down(PlotAxis y, double value) {
    return HEIGHT - BOTTOM - (int) Math.round((HEIGHT - BOTTOM - TOP) * y.share(value));
  }
}
