package dev.sluice.examples.fleet;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.Locale;

/** Prints the demo: a line when something has changed. Not thread-safe. */
final class Screen {

  private static final long SETTLE_NANOS = 500_000_000;

  private final PrintStream out;
  private final boolean colours;
  private final long startNanos = System.nanoTime();
  private final int width;
  private String shown = "";
  private long changedNanos = Long.MIN_VALUE; // of what is not shown yet

  /**
   * @param shards how many, which the table leaves room for
   */
  Screen(PrintStream out, boolean colours, int shards) {
    this.out = out;
    this.colours = colours;
    this.width = Math.max("which node runs it".length(), shards);
  }

  void print(String... lines) {
    Arrays.stream(lines).forEach(out::println);
  }

  void heading() {
    row("time", "shards", "events/s", "");
  }

  /** Prints a line once something has changed and a remark has had its time to come first. */
  void show(String shards, long eventsPerSecond) {
    long now = System.nanoTime();
    if (shards.equals(shown)) {
      changedNanos = Long.MIN_VALUE;
    } else if (changedNanos == Long.MIN_VALUE) {
      changedNanos = now;
    } else if (now - changedNanos >= SETTLE_NANOS) {
      event(shards, eventsPerSecond, "");
    }
  }

  /** Prints a line with a remark. */
  void event(String shards, long eventsPerSecond, String remark) {
    shown = shards;
    changedNanos = Long.MIN_VALUE;
    long seconds = (System.nanoTime() - startNanos) / 1_000_000_000;
    row(seconds + " s", shards, String.format(Locale.ROOT, "%,d", eventsPerSecond), remark);
  }

  /** Prints what a figure is. */
  void figure(String label, String figure, String remark) {
    out.println(String.format("  %-30s%12s  %s", label, figure, remark).stripTrailing());
  }

  void verdict(boolean good, String line) {
    out.println();
    out.println(colours ? "\u001b[1;" + (good ? 32 : 31) + 'm' + line + "\u001b[0m" : line);
  }

  private void row(String time, String shards, String rate, String remark) {
    out.println(
        String.format("  %5s   %-" + width + "s  %9s   %s", time, shards, rate, remark)
            .stripTrailing());
  }
}
