package dev.sluice.examples.demo;

import static dev.sluice.examples.demo.Snapshot.count;
import static dev.sluice.examples.demo.Snapshot.megabytes;

import java.io.PrintStream;
import java.time.Duration;

/** One line every five seconds, for pipes and files. */
public final class LineScreen implements Screen {

  private static final String FORMAT = "%-5s  %-13s %9s %9s %9s %8s %8s %10s %8s  %s";

  private final PrintStream out;
  private boolean titled;

  /** Shows on a stream, which stays open. */
  public LineScreen(PrintStream out) {
    this.out = out;
  }

  @Override
  public Duration interval() {
    return Duration.ofSeconds(5);
  }

  @Override
  public void show(Snapshot now) {
    if (!titled) {
      titled = true;
      line("", "", "", "MB/s", "MB/s", "heartb.", "heartb.", "", "", "");
      line(
          "time",
          "phase",
          "events/s",
          "received",
          "inflated",
          "p50 ms",
          "p99 ms",
          "reconnects",
          "resumes",
          "shards");
    }
    line(
        now.elapsed(),
        now.phase(),
        count(now.eventsPerSecond()),
        megabytes(now.receivedPerSecond()),
        megabytes(now.inflatedPerSecond()),
        now.p50Millis(),
        now.p99Millis(),
        count(now.stats().reconnects()),
        count(now.stats().resumes()),
        now.shardsByState());
  }

  @Override
  public void print(String... lines) {
    for (String line : lines) {
      out.println(line);
    }
  }

  @Override
  public void verdict(boolean good, String line, String... findings) {
    print(findings);
    out.println(line);
  }

  private void line(Object... columns) {
    out.println(String.format(FORMAT, columns).stripTrailing());
  }
}
