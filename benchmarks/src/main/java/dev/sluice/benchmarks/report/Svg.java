package dev.sluice.benchmarks.report;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A picture as text: a few shapes on white, the same bytes on every machine. */
final class Svg {

  static final String INK = "#24292f";
  static final String FAINT = "#57606a";
  static final String GRID = "#d8dee4";

  /** Okabe and Ito's colours, which people who see few colours can tell apart. */
  static final List<String> COLORS =
      List.of("#0072b2", "#8c959f", "#d55e00", "#e69f00", "#009e73", "#cc79a7");

  /** Where a text stands, seen from its point. */
  enum Anchor {
    START,
    MIDDLE,
    END
  }

  private final List<String> elements = new ArrayList<>();
  private final int width;
  private final int height;

  Svg(int width, int height) {
    this.width = width;
    this.height = height;
  }

  void text(double x, double y, Anchor anchor, String color, String content) {
    text(x, y, anchor, color, "", content);
  }

  void title(double x, double y, String content) {
    text(x, y, Anchor.START, INK, " font-size=\"15\" font-weight=\"bold\"", content);
  }

  /** Text that reads from the bottom to the top. */
  void verticalText(double x, double y, String content) {
    String turn = " transform=\"rotate(-90 " + number(x) + ' ' + number(y) + ")\"";
    text(x, y, Anchor.MIDDLE, FAINT, turn, content);
  }

  private void text(double x, double y, Anchor anchor, String color, String more, String content) {
    elements.add(
        String.format(
            Locale.ROOT,
            "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" fill=\"%s\"%s>%s</text>",
            number(x),
            number(y),
            anchor.name().toLowerCase(Locale.ROOT),
            color,
            more,
            content.replace("&", "&amp;").replace("<", "&lt;")));
  }

  void rectangle(double x, double y, double width, double height, String color) {
    elements.add(
        String.format(
            Locale.ROOT,
            "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>",
            number(x),
            number(y),
            number(width),
            number(height),
            color));
  }

  void line(double x1, double y1, double x2, double y2, String color) {
    elements.add(
        String.format(
            Locale.ROOT,
            "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" stroke=\"%s\"/>",
            number(x1),
            number(y1),
            number(x2),
            number(y2),
            color));
  }

  void circle(double x, double y, double radius, String color) {
    elements.add(
        String.format(
            Locale.ROOT,
            "<circle cx=\"%s\" cy=\"%s\" r=\"%s\" fill=\"%s\"/>",
            number(x),
            number(y),
            number(radius),
            color));
  }

  void path(List<double[]> points, String color) {
    StringBuilder text = new StringBuilder();
    for (double[] point : points) {
      text.append(text.isEmpty() ? "" : " ");
      text.append(number(point[0])).append(',').append(number(point[1]));
    }
    elements.add(
        String.format(
            Locale.ROOT,
            "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>",
            text,
            color));
  }

  /** {@return the whole picture} */
  String draw() {
    return String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
                + " viewBox=\"0 0 %d %d\" font-family=\"Helvetica, Arial, sans-serif\""
                + " font-size=\"12\">\n",
            width,
            height,
            width,
            height)
        + "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
        + String.join("\n", elements)
        + "\n</svg>\n";
  }

  private static String number(double value) {
    return BigDecimal.valueOf(value)
        .setScale(1, RoundingMode.HALF_UP)
        .stripTrailingZeros()
        .toPlainString();
  }
}
