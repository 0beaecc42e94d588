package dev.sluice.benchmarks.load;

import dev.sluice.benchmarks.results.Environment;
import dev.sluice.benchmarks.results.Measured;
import dev.sluice.benchmarks.results.Result;
import dev.sluice.benchmarks.results.ResultFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Measures every setting once a round, in an order that rotates, and appends the results to a file.
 * A setting that fails is told and counted, has no result in that round, and the rest goes on.
 *
 * <p>Its options: {@code --rounds=}, {@code --heap=} the flags of the clients (-Xmx1g -XX:+UseG1GC)
 * and {@code --out=} the file to append to (none).
 */
final class Rounds {

  /** Measures one setting in one round, prints and returns what it came to. */
  interface Step<C> {
    List<? extends Measured> measure(C cell, int round) throws IOException, InterruptedException;
  }

  private final int rounds;
  private final List<String> heapFlags;
  private final String out;
  private final String command;

  /**
   * Reads the options.
   *
   * @param name of the command
   * @param args its arguments
   */
  Rounds(Options options, int defaultRounds, String name, String[] args) {
    this.rounds = options.number("rounds", defaultRounds);
    this.heapFlags = List.of(options.text("heap", "-Xmx1g -XX:+UseG1GC").split(" "));
    this.out = options.text("out", "");
    this.command = Label.command(name, args);
  }

  /** {@return the options of a command: its own, and these} */
  static Set<String> options(String... own) {
    Set<String> options = new HashSet<>(List.of(own));
    options.addAll(List.of("rounds", "heap", "out"));
    return Set.copyOf(options);
  }

  /** {@return the flags of every client} */
  List<String> heapFlags() {
    return heapFlags;
  }

  /**
   * {@return how many measurements failed}
   *
   * @throws IOException if the file cannot be written
   */
  <C> int run(List<C> cells, Step<C> step) throws IOException, InterruptedException {
    append(Environment.current(String.join(" ", heapFlags), command));
    int failures = 0;
    for (int round = 1; round <= rounds; round++) {
      for (C cell : inOrderOf(round, cells)) {
        List<? extends Measured> results;
        try {
          results = step.measure(cell, round);
        } catch (IOException | RuntimeException e) {
          failures++;
          System.err.println("FAILED, no result: round " + round + ", " + cell + ": " + e);
          continue;
        }
        for (Measured result : results) {
          append(result);
        }
      }
    }
    return failures;
  }

  /** {@return the settings in the order of a round, so that none is always first} */
  static <C> List<C> inOrderOf(int round, List<C> cells) {
    List<C> order = new ArrayList<>(cells);
    Collections.rotate(order, 1 - round);
    return order;
  }

  private void append(Result result) throws IOException {
    if (!out.isEmpty()) {
      ResultFile.append(Path.of(out), result);
    }
  }
}
