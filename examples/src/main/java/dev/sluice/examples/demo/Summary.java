package dev.sluice.examples.demo;

import static dev.sluice.examples.demo.Snapshot.count;
import static dev.sluice.examples.demo.Snapshot.megabytes;
import static dev.sluice.examples.demo.Snapshot.millis;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.netty.ShardManagerStats;
import dev.sluice.gateway.testkit.DeliveryReport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects what the demo found, and pronounces the verdict. */
final class Summary {

  private final DemoOptions options;
  private @Nullable ShardManagerStats end;
  private double events;
  private double receivedBytes;
  private double inflatedBytes;
  private double seconds = 1;
  private int cut;

  Summary(DemoOptions options) {
    this.options = options;
  }

  /** Some shards did not become ready. */
  void notReady(ShardManagerStats stats) {
    end = stats;
  }

  void traffic(ShardManagerStats before, ShardManagerStats after, long nanos, int cut) {
    events = after.events() - before.events();
    receivedBytes = after.receivedBytes() - before.receivedBytes();
    inflatedBytes = after.payloadBytes() - before.payloadBytes();
    seconds = nanos / 1e9;
    this.cut = cut;
  }

  void end(ShardManagerStats stats) {
    end = stats;
  }

  /** Prints all of it; {@return the exit code} */
  int print(Screen screen, DeliveryReport report) {
    ShardManagerStats stats = end;
    if (stats == null) {
      throw new IllegalStateException("summary before the end");
    }
    List<String> findings = new ArrayList<>();
    Collections.addAll(
        findings,
        "",
        "Summary",
        row("events sent by the gateway", count(report.sent()), ""),
        row("events handled", count(report.handled()), ""),
        row("missing", count(report.missing()), ""),
        row("duplicated", count(report.duplicated()), ""),
        row("corrupted", count(report.corrupted()), ""),
        row("unexpected", count(report.unexpected()), ""),
        row("connections cut", count(cut), ""),
        row("reconnects", count(stats.reconnects()), ""),
        row("resumes", count(stats.resumes()), ""),
        row("identifies", count(stats.identifies()), ""),
        row("heartbeat latency, p50", millis(stats.heartbeatLatency().p50Nanos()), "ms"),
        row("heartbeat latency, p99", millis(stats.heartbeatLatency().p99Nanos()), "ms"),
        row("under traffic", count(events / seconds), "events/s"),
        row("before inflation", megabytes(receivedBytes / seconds), "MB/s"),
        row("after inflation", megabytes(inflatedBytes / seconds), "MB/s"),
        "");
    report.examples().forEach(example -> findings.add("  " + example));
    int ready = stats.shards(GatewayState.READY);
    boolean good = report.isClean() && ready == options.shards() && cut > 0;
    screen.verdict(
        good, good ? passed(ready) : failed(report, ready), findings.toArray(String[]::new));
    return good ? 0 : 1;
  }

  private String passed(int ready) {
    return "PASSED: every event was handled exactly once and unaltered, and all "
        + ready
        + " shards are ready.";
  }

  private String failed(DeliveryReport report, int ready) {
    return "FAILED: missing "
        + report.missing()
        + ", duplicated "
        + report.duplicated()
        + ", corrupted "
        + report.corrupted()
        + ", unexpected "
        + report.unexpected()
        + "; "
        + ready
        + " of "
        + options.shards()
        + " shards are ready.";
  }

  private static String row(String label, String figure, String unit) {
    return String.format("  %-28s%14s %s", label, figure, unit).stripTrailing();
  }
}
