package dev.sluice.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A page of Markdown that people write, with parts between {@code <!-- generated: name -->} and
 * {@code <!-- end -->} that are generated.
 */
final class Page {

  private static final String BEGIN = "<!-- generated: ";
  private static final String BEGIN_END = " -->";
  private static final String END = "<!-- end -->";

  private Page() {}

  /**
   * {@return the text of a page with its generated parts replaced}
   *
   * @param text the text of the page
   * @param parts all parts of the page by name, each line ended
   */
  static String filled(String text, Map<String, String> parts) {
    List<String> lines = new ArrayList<>();
    Set<String> missing = new TreeSet<>(parts.keySet());
    String within = null;
    for (String line : text.lines().toList()) {
      if (line.startsWith(BEGIN) && line.endsWith(BEGIN_END)) {
        if (within != null) {
          throw new IllegalArgumentException("line: " + line + " (expected: " + END + ')');
        }
        within = line.substring(BEGIN.length(), line.length() - BEGIN_END.length());
        String part = parts.get(within);
        if (part == null) {
          throw new IllegalArgumentException("part: " + within + " (expected: " + missing + ')');
        }
        missing.remove(within);
        lines.add(line);
        lines.add(""); // without it a table is no table
        lines.addAll(part.lines().toList());
        lines.add("");
      } else if (line.equals(END)) {
        within = null;
        lines.add(line);
      } else if (within == null) {
        lines.add(line);
      }
    }
    if (within != null) {
      throw new IllegalArgumentException("part: " + within + " (expected: an end)");
    }
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException("page: without " + missing + " (expected: all parts)");
    }
    return String.join("\n", lines) + '\n';
  }

  /**
   * Replaces the generated parts of a page.
   *
   * @param page the page
   * @param parts all parts of the page by name, each line ended
   * @throws IOException if it cannot be read or written
   */
  static void fill(Path page, Map<String, String> parts) throws IOException {
    Files.writeString(page, filled(Files.readString(page), parts));
  }
}
