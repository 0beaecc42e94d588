package dev.sluice.benchmarks.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** A table of Markdown: columns of text at the left, columns of figures at the right. */
final class MarkdownTable {

  private final int columns;
  private final List<String> lines = new ArrayList<>();

  /**
   * Begins a table.
   *
   * @param textColumns how many of the first columns are text
   * @param titles the titles of the columns
   */
  MarkdownTable(int textColumns, List<String> titles) {
    columns = titles.size();
    lines.add(line(titles));
    List<String> alignments = new ArrayList<>(Collections.nCopies(columns, "---:"));
    Collections.fill(alignments.subList(0, textColumns), "---");
    lines.add(line(alignments));
  }

  MarkdownTable(int textColumns, String... titles) {
    this(textColumns, Arrays.asList(titles));
  }

  /**
   * Adds a row.
   *
   * @param cells one cell a column
   */
  void add(List<String> cells) {
    if (cells.size() != columns) {
      throw new IllegalArgumentException("cells: " + cells + " (expected: " + columns + ')');
    }
    lines.add(line(cells));
  }

  void add(String... cells) {
    add(Arrays.asList(cells));
  }

  /** {@return the table, each line ended} */
  String text() {
    return String.join("\n", lines) + '\n';
  }

  private static String line(List<String> cells) {
    return "| " + String.join(" | ", cells) + " |";
  }
}
