package dev.sluice.gateway.testkit.junit;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;

/** The last things that happened, one a line, for the messages of failures. Not thread-safe. */
final class Journal {

  private static final int MAX_LINES = 40;
  private static final double NANOS_PER_SECOND = 1e9;

  private final Deque<String> lines = new ArrayDeque<>();
  private final long startNanos = System.nanoTime();
  private int dropped;

  void add(String what) {
    if (lines.size() == MAX_LINES) {
      lines.remove();
      dropped++;
    }
    double seconds = (System.nanoTime() - startNanos) / NANOS_PER_SECOND;
    lines.add(String.format(Locale.ROOT, "%8.3f s  %s", seconds, what));
  }

  boolean isEmpty() {
    return lines.isEmpty();
  }

  /** {@return the lines, each on one of its own} */
  @Override
  public String toString() {
    String all = String.join("\n", lines);
    return dropped == 0 ? all : "  (" + dropped + " lines before)\n" + all;
  }
}
