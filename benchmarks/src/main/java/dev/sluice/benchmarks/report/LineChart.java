package dev.sluice.benchmarks.report;

import dev.sluice.benchmarks.report.Svg.Anchor;
import java.util.ArrayList;
import java.util.List;

/**
 * Lines over given places of the horizontal axis; the vertical axis is logarithmic. Logarithms are
 * strict, for the same bytes on every machine.
 */
final class LineChart {

  private static final int WIDTH = 860;
  private static final int HEIGHT = 400;
  private static final int LEFT = 100;
  private static final int RIGHT = 50;
  private static final int TOP = 74;
  private static final int BOTTOM = 56;
  private static final double LETTER = 7; // about the mean width of one at this size

  /**
   * A place of the horizontal axis that has a name.
   *
   * @param at where
   * @param label the name
   */
  record Tick(double at, String label) {}

  /**
   * One line.
   *
   * @param label what it is
   * @param color its colour
   * @param points its points, of two numbers each; the second is above zero
   */
  record Line(String label, String color, List<double[]> points) {}

  private LineChart() {}

  /**
   * {@return the chart as SVG}
   *
   * @param title what it shows
   * @param unit the unit of the vertical axis
   * @param across what the horizontal axis is
   * @param ticks the places of the horizontal axis, at least two, from left to right
   * @param lines the lines, each with a point at least
   */
  static String draw(String title, String unit, String across, List<Tick> ticks, List<Line> lines) {
    double lowest = Double.POSITIVE_INFINITY;
    double highest = Double.NEGATIVE_INFINITY;
    for (Line line : lines) {
      for (double[] point : line.points()) {
        if (!(point[1] > 0)) {
          throw new IllegalArgumentException(
              line.label() + ": " + point[1] + " (expected: > 0, on a logarithmic axis)");
        }
        lowest = Math.min(lowest, StrictMath.log10(point[1]));
        highest = Math.max(highest, StrictMath.log10(point[1]));
      }
    }
    int bottomDecade = (int) Math.floor(lowest);
    int topDecade = Math.max(bottomDecade + 1, (int) Math.ceil(highest));
    double firstTick = ticks.get(0).at();
    double perX = (WIDTH - LEFT - RIGHT) / (ticks.get(ticks.size() - 1).at() - firstTick);
    double perDecade = (HEIGHT - TOP - BOTTOM) / (double) (topDecade - bottomDecade);

    Svg svg = new Svg(WIDTH, HEIGHT);
    svg.title(16, 26, title);
    drawLegend(svg, lines);
    for (int decade = bottomDecade; decade <= topDecade; decade++) {
      double y = HEIGHT - BOTTOM - (decade - bottomDecade) * perDecade;
      svg.line(LEFT, y, WIDTH - RIGHT, y, Svg.GRID);
      svg.text(LEFT - 8, y + 4, Anchor.END, Svg.INK, decade(decade));
    }
    for (Tick tick : ticks) {
      double x = LEFT + (tick.at() - firstTick) * perX;
      svg.line(x, TOP, x, HEIGHT - BOTTOM, Svg.GRID);
      svg.text(x, HEIGHT - BOTTOM + 18, Anchor.MIDDLE, Svg.INK, tick.label());
    }
    svg.text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 12, Anchor.MIDDLE, Svg.FAINT, across);
    svg.verticalText(18, (TOP + HEIGHT - BOTTOM) / 2.0, unit);
    for (Line line : lines) {
      List<double[]> points = new ArrayList<>();
      for (double[] point : line.points()) {
        points.add(
            new double[] {
              LEFT + (point[0] - firstTick) * perX,
              HEIGHT - BOTTOM - (StrictMath.log10(point[1]) - bottomDecade) * perDecade
            });
      }
      svg.path(points, line.color());
      points.forEach(point -> svg.circle(point[0], point[1], 3.5, line.color()));
    }
    return svg.draw();
  }

  private static String decade(int decade) {
    double value = StrictMath.pow(10, decade);
    return decade >= 0 ? Figures.whole((long) value) : Figures.of(value);
  }

  private static void drawLegend(Svg svg, List<Line> lines) {
    double x = LEFT;
    for (Line line : lines) {
      svg.rectangle(x, 44, 14, 10, line.color());
      svg.text(x + 20, 53, Anchor.START, Svg.INK, line.label());
      x += 20 + LETTER * line.label().length() + 20;
    }
  }
}
