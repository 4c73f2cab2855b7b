package io.gpa4j.cli;

import io.gpa4j.report.PlotAxis;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Figures of a load test over the streams at once, a panel each. */
final class LoadPlot {
  private record Panel(String title, ToDoubleFunction<LoadTest.Level> value) {}

  private static final List<Panel> PANELS = List.of(
      new Panel("first audio, 95th percentile, ms", LoadTest.Level::firstAudioP95),
      new Panel("seconds a second of speech (RTF)", LoadTest.Level::rtf),
      new Panel("streams without a gap, %", LoadTest.Level::continuous),
      new Panel("longest gap, 95th percentile, ms", LoadTest.Level::longestGapP95));
  private static final int WIDTH = 640;
  private static final int PANEL = 190;
  private static final int LEFT = 70;
  private static final int RIGHT = 20;
  private static final int TOP = 30;
  private static final int BOTTOM = 30;
  private static final Color INK = new Color(0x1F4E9E);

  private final List<LoadTest.Level> levels;

  LoadPlot(List<LoadTest.Level> levels) {
    this.levels = levels;
  }

  BufferedImage draw() {
    BufferedImage image = new BufferedImage(WIDTH, PANELS.size() * PANEL, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    try {
      g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      g.setColor(Color.WHITE);
      g.fillRect(0, 0, image.getWidth(), image.getHeight());
      for (int i = 0; i < PANELS.size(); i++) {
        panel(g, PANELS.get(i), i * PANEL);
      }
    } finally {
      g.dispose();
    }
    return image;
  }

  private void panel(Graphics2D g, Panel panel, int top) {
    PlotAxis x = PlotAxis.of(levels.stream().mapToDouble(LoadTest.Level::streams).toArray(), true);
    PlotAxis y = PlotAxis.fromZero(levels.stream().mapToDouble(panel.value()).toArray());
    g.setColor(Color.BLACK);
    g.drawString(panel.title(), LEFT, top + TOP - 10);
    for (double tick : y.ticks()) {
      int at = down(top, y, tick);
      g.setColor(Color.LIGHT_GRAY);
      g.drawLine(LEFT, at, WIDTH - RIGHT, at);
      g.setColor(Color.BLACK);
      String text = PlotAxis.text(tick);
      g.drawString(text, LEFT - 8 - g.getFontMetrics().stringWidth(text), at + 4);
    }
    g.setColor(INK);
    g.setStroke(new BasicStroke(2));
    for (int i = 0; i < levels.size(); i++) {
      int across = across(x, levels.get(i));
      int down = down(top, y, panel.value().applyAsDouble(levels.get(i)));
      g.fillOval(across - 4, down - 4, 8, 8);
      g.drawString(String.valueOf(levels.get(i).streams()), across - 4, top + PANEL - BOTTOM + 16);
      if (i > 0) {
        g.drawLine(across(x, levels.get(i - 1)), down(top, y, panel.value().applyAsDouble(levels.get(i - 1))), across, down);
      }
    }
    g.setStroke(new BasicStroke(1));
  }

  private static int across(PlotAxis x, LoadTest.Level level) {
    return LEFT + (int) (x.share(level.streams()) * (WIDTH - LEFT - RIGHT));
  }

  private static int down(int top, PlotAxis y, double value) {
    return top + PANEL - BOTTOM - (int) (y.share(value) * (PANEL - TOP - BOTTOM));
  }
}
