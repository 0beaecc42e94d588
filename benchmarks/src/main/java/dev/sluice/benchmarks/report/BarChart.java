package dev.sluice.benchmarks.report;

import dev.sluice.benchmarks.report.Svg.Anchor;
import java.util.List;

/**
 * Bars from left to right in groups, from zero on a linear scale, for the length of a bar on any
 * other says nothing. Each has its median as text and its range as a thin line.
 */
final class BarChart {

  private static final int WIDTH = 860;
  private static final int LEFT = 170;
  private static final int RIGHT = 90;
  private static final int TOP = 58;
  private static final int BOTTOM = 14;
  private static final int GROUP_TITLE = 20;
  private static final int ROW = 19;
  private static final int THICK = 13;
  private static final int GAP = 10;

  /**
   * One bar.
   *
   * @param label the text at its left
   * @param spread its length and range
   * @param color its colour
   */
  record Bar(String label, Spread spread, String color) {}

  /**
   * Bars that belong together.
   *
   * @param title the text above them
   * @param bars the bars
   */
  record Group(String title, List<Bar> bars) {}

  private BarChart() {}

  /**
   * {@return the chart as SVG}
   *
   * @param title what it shows
   * @param unit the unit of the lengths
   * @param groups the groups, each with a bar at least
   */
  static String draw(String title, String unit, List<Group> groups) {
    double longest = 0;
    int height = TOP + BOTTOM;
    for (Group group : groups) {
      height += GROUP_TITLE + ROW * group.bars().size() + GAP;
      for (Bar bar : group.bars()) {
        longest = Math.max(longest, bar.spread().max());
      }
    }
    double scale = longest <= 0 ? 0 : (WIDTH - LEFT - RIGHT) / longest;
    Svg svg = new Svg(WIDTH, height);
    svg.title(16, 26, title);
    svg.text(16, 44, Anchor.START, Svg.FAINT, unit + "; median, and the range of the rounds");
    double y = TOP;
    for (Group group : groups) {
      svg.text(16, y + 14, Anchor.START, Svg.FAINT, group.title());
      y += GROUP_TITLE;
      double begin = y;
      for (Bar bar : group.bars()) {
        double middle = y + ROW / 2.0;
        double end = LEFT + Math.max(0, bar.spread().median()) * scale;
        double min = LEFT + Math.max(0, bar.spread().min()) * scale;
        double max = LEFT + Math.max(0, bar.spread().max()) * scale;
        svg.text(LEFT - 8, middle + 4, Anchor.END, Svg.INK, bar.label());
        svg.rectangle(LEFT, middle - THICK / 2.0, end - LEFT, THICK, bar.color());
        svg.line(min, middle, max, middle, Svg.INK);
        svg.text(
            Math.max(end, max) + 6,
            middle + 4,
            Anchor.START,
            Svg.INK,
            Figures.of(bar.spread().median()));
        y += ROW;
      }
      svg.line(LEFT, begin, LEFT, y, Svg.FAINT);
      y += GAP;
    }
    return svg.draw();
  }
}
