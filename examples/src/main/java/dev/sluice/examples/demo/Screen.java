package dev.sluice.examples.demo;

import java.time.Duration;

/** Where the demo shows what it does. */
public interface Screen {

  /** {@return how often {@link #show} is worth its while} */
  Duration interval();

  /** Shows the figures, in place of those before where that is possible. */
  void show(Snapshot snapshot);

  /** Prints lines that stay. */
  void print(String... lines);

  /** Prints what was found and, last, what it means. The figures stay as they were shown. */
  void verdict(boolean good, String line, String... findings);

  /** {@return the screen for this process: a table on a terminal, else plain lines} */
  static Screen system() {
    boolean dumb = "dumb".equals(System.getenv("TERM"));
    boolean colours = System.getenv().getOrDefault("NO_COLOR", "").isEmpty();
    return hasTerminal() && !dumb
        ? new TableScreen(System.out, colours)
        : new LineScreen(System.out);
  }

  private static boolean hasTerminal() {
    if (System.console() == null) {
      return false;
    }
    try { // JDK 22 and later have a console even where there is no terminal
      return (boolean) java.io.Console.class.getMethod("isTerminal").invoke(System.console());
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }
}
