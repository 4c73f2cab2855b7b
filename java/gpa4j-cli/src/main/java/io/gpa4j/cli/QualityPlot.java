package io.gpa4j.cli;

import io.gpa4j.quality.Figures;
import io.gpa4j.quality.ModelQuality;
import io.gpa4j.quality.ModelQuality.CodecQuality;
import io.gpa4j.quality.QualityReport;
import io.gpa4j.report.PlotAxis;
import io.gpa4j.report.ResultFile;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Draws size against quality, one point a model: the decoder's divergence above, the codec's signal to error below. */
final class QualityPlot {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 260;
  private static final int LEFT = 60;
  private static final int RIGHT = 90;
  private static final int TOP = 32;
  private static final int BOTTOM = 44;
  private static final int DOT = 7;
  private static final int LINE = 13;
  private static final double MB = 1e6;
  private static final Color GRID = new Color(0xE0E0E0);
  private static final Color POINT = new Color(0x1F5FA8);

  /** A model's place; y may be without bound, and NaN has none. */
  private record Point(String label, double x, double y) {}

  private final Graphics2D g;
  private final List<ModelQuality> models;

  private QualityPlot(Graphics2D g, List<ModelQuality> models) {
    this.g = g;
    this.models = models;
  }

  static void write(QualityReport report, Path png) throws IOException {
    System.setProperty("java.awt.headless", "true");
    BufferedImage image = new BufferedImage(WIDTH, 2 * HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, image.getWidth(), image.getHeight());
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    QualityPlot plot = new QualityPlot(g, report.compared());
    plot.panel(0, "decoder: KL divergence from the reference, nats a token (less is better)", true,
        model -> model.decoder().map(decoder -> decoder.answer().meanNats()).orElse(Double.NaN));
    plot.panel(HEIGHT, "codec: signal to error of the waveform, dB (more is better)", false,
        model -> model.codec().map(CodecQuality::snrDecibels).orElse(Double.NaN));
    g.dispose();
    ResultFile.replace(png, image);
  }

  private void panel(int top, String title, boolean logarithmic, ToDoubleFunction<ModelQuality> quality) {
    List<Point> points = models.stream().map(model -> new Point(label(model), model.bytes() / MB, quality.applyAsDouble(model)))
        .filter(point -> !Double.isNaN(point.y())).toList();
    PlotAxis x = PlotAxis.of(points.stream().mapToDouble(Point::x).toArray(), false);
    PlotAxis y = PlotAxis.of(points.stream().mapToDouble(Point::y).toArray(), logarithmic);
    g.setColor(Color.BLACK);
    g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 13));
    g.drawString(points.isEmpty() ? title + ": not measured" : title, LEFT, top + TOP - 12);
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
    frame(top, x, y);
    List<Rectangle> taken = new ArrayList<>();
    points.forEach(point -> taken.add(dot(across(x, point.x()), down(top, y, point.y()))));
    Rectangle panel = new Rectangle(LEFT, top + TOP, WIDTH - LEFT, HEIGHT - TOP - BOTTOM);
    points.forEach(point -> label(point, y, across(x, point.x()), down(top, y, point.y()), panel, taken));
  }

  private static int across(PlotAxis x, double value) {
    return LEFT + (int) Math.round(x.share(value) * (WIDTH - LEFT - RIGHT));
  }

  private static int down(int top, PlotAxis y, double value) {
    return top + HEIGHT - BOTTOM - (int) Math.round(y.share(value) * (HEIGHT - TOP - BOTTOM));
  }

  private void frame(int top, PlotAxis x, PlotAxis y) {
    int bottom = top + HEIGHT - BOTTOM;
    for (double tick : x.ticks()) {
      line(across(x, tick), top + TOP, across(x, tick), bottom);
      g.drawString(PlotAxis.text(tick), across(x, tick) - 8, bottom + 15);
    }
    for (double tick : y.ticks()) {
      line(LEFT, down(top, y, tick), WIDTH - RIGHT, down(top, y, tick));
      String text = PlotAxis.text(tick);
      g.drawString(text, LEFT - 6 - g.getFontMetrics().stringWidth(text), down(top, y, tick) + 4);
    }
    g.drawRect(LEFT, top + TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    g.drawString("size of the model file, MB", LEFT + (WIDTH - LEFT - RIGHT) / 2 - 70, bottom + 32);
  }

  private void line(int x, int y, int toX, int toY) {
    g.setColor(GRID);
    g.setStroke(new BasicStroke(1));
    g.drawLine(x, y, toX, toY);
    g.setColor(Color.BLACK);
  }

  private Rectangle dot(int x, int y) {
    g.setColor(POINT);
    g.fillOval(x - DOT / 2, y - DOT / 2, DOT, DOT);
    g.setColor(Color.BLACK);
    return new Rectangle(x - DOT / 2, y - DOT / 2, DOT, DOT);
  }

  // Beside its point, or as little above or below as the others leave free.
  private void label(Point point, PlotAxis y, int across, int down, Rectangle panel, List<Rectangle> taken) {
    String text = y.holds(point.y()) ? point.label() : point.label() + " (" + Figures.text("%.0f", point.y()) + ")";
    Rectangle place = new Rectangle(across + DOT, down - LINE / 2, g.getFontMetrics().stringWidth(text), LINE);
    int tries = 0;
    while ((taken.stream().anyMatch(place::intersects) || tries > 0 && !panel.contains(place)) && tries < 2 * models.size() + 2) {
      tries++;
      place.y = down - LINE / 2 + (tries % 2 == 0 ? 1 : -1) * (tries + 1) / 2 * LINE;
    }
    g.drawString(text, place.x, place.y + LINE - 3);
    taken.add(place);
  }

  // The type says enough where no other model has it.
  private String label(ModelQuality model) {
    boolean alone = models.stream().filter(other -> other.type().equals(model.type())).count() == 1;
    return alone && !model.type().isEmpty() ? model.type() : String.valueOf(model.model().getFileName());
  }
}
