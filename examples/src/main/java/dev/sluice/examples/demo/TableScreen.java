package dev.sluice.examples.demo;

import static dev.sluice.examples.demo.Snapshot.count;
import static dev.sluice.examples.demo.Snapshot.megabytes;

import dev.sluice.gateway.netty.ShardManagerStats;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;

/** A table that is drawn again in its place, for terminals. */
public final class TableScreen implements Screen {

  private static final String ESCAPE = "\u001b[";
  private static final String ROW = "  %-13s%-31s%s";
  private static final int BAR = 20;

  private final PrintStream out;
  private final boolean colours;
  private List<String> table = List.of();

  /** Shows on a stream, which stays open. */
  public TableScreen(PrintStream out, boolean colours) {
    this.out = out;
    this.colours = colours;
  }

  @Override
  public Duration interval() {
    return Duration.ofSeconds(1);
  }

  @Override
  public void show(Snapshot now) {
    ShardManagerStats stats = now.stats();
    int filled = now.shards() == 0 ? 0 : BAR * now.ready() / now.shards();
    replace(
        List.of(
            row("phase", now.phase(), now.elapsed() + " elapsed"),
            row("shards", "#".repeat(filled) + "-".repeat(BAR - filled), now.shardsByState()),
            row(
                "events",
                count(now.eventsPerSecond()) + " events/s",
                count(stats.events()) + " events"),
            row(
                "traffic",
                megabytes(now.receivedPerSecond()) + " MB/s before inflation",
                megabytes(now.inflatedPerSecond()) + " MB/s after inflation"),
            row("heartbeats", "p50 " + now.p50Millis() + " ms", "p99 " + now.p99Millis() + " ms"),
            row(
                "connections",
                count(stats.reconnects()) + " reconnects",
                count(stats.resumes()) + " resumes")));
  }

  @Override
  public void print(String... lines) {
    List<String> below = table;
    erase();
    for (String line : lines) {
      out.println(line);
    }
    replace(below);
  }

  @Override
  public void verdict(boolean good, String line, String... findings) {
    for (String finding : findings) {
      out.println(finding);
    }
    out.println(coloured(good ? "1;32" : "1;31", line));
  }

  private void replace(List<String> lines) {
    erase();
    lines.forEach(out::println);
    out.flush();
    table = lines;
  }

  private void erase() {
    if (!table.isEmpty()) {
      out.print(ESCAPE + table.size() + 'A' + ESCAPE + 'J');
    }
    table = List.of();
  }

  private String row(String label, String left, String right) {
    return String.format(ROW, label, left, right).replaceFirst(label, coloured("1", label));
  }

  private String coloured(String code, String text) {
    return colours ? ESCAPE + code + 'm' + text + ESCAPE + "0m" : text;
  }
}
