package dev.sluice.examples.demo;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.netty.ShardManagerStats;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What the table shows: the figures of a manager, and what they grew by in a second.
 *
 * @param phase what goes on
 * @param elapsedSeconds since the start
 * @param stats the figures
 * @param eventsPerSecond since the last snapshot
 * @param receivedPerSecond bytes before inflation
 * @param inflatedPerSecond bytes after inflation
 */
public record Snapshot(
    String phase,
    long elapsedSeconds,
    ShardManagerStats stats,
    double eventsPerSecond,
    double receivedPerSecond,
    double inflatedPerSecond) {

  /** {@return the time since the start, as minutes and seconds} */
  public String elapsed() {
    return String.format("%02d:%02d", elapsedSeconds / 60, elapsedSeconds % 60);
  }

  /** {@return the number of shards} */
  public int shards() {
    return stats.shards().values().stream().mapToInt(Integer::intValue).sum();
  }

  /** {@return how many shards are ready} */
  public int ready() {
    return stats.shards(GatewayState.READY);
  }

  /** {@return the shards by state, as in {@code 43 ready, 21 resuming}} */
  public String shardsByState() {
    Map<String, Integer> counts = new LinkedHashMap<>();
    counts.put("ready", ready());
    for (GatewayState state : GatewayState.values()) {
      if (stats.shards(state) > 0) {
        counts.merge(
            label(state), state == GatewayState.READY ? 0 : stats.shards(state), Integer::sum);
      }
    }
    return counts.entrySet().stream()
        .map(count -> count.getValue() + " " + count.getKey())
        .collect(Collectors.joining(", "));
  }

  /** {@return the median latency of heartbeats in milliseconds, a hyphen before the first} */
  public String p50Millis() {
    return heartbeats() == 0 ? "-" : millis(stats.heartbeatLatency().p50Nanos());
  }

  /** {@return their 99th percentile, likewise} */
  public String p99Millis() {
    return heartbeats() == 0 ? "-" : millis(stats.heartbeatLatency().p99Nanos());
  }

  private long heartbeats() {
    return stats.heartbeatLatency().count();
  }

  /** {@return a number with its thousands apart} */
  public static String count(double number) {
    return String.format(Locale.ROOT, "%,.0f", number);
  }

  /** {@return bytes as megabytes, of a million bytes each} */
  public static String megabytes(double bytes) {
    return String.format(Locale.ROOT, "%.2f", bytes / 1e6);
  }

  /** {@return nanoseconds as milliseconds} */
  public static String millis(long nanos) {
    return String.format(Locale.ROOT, "%.2f", nanos / 1e6);
  }

  private static String label(GatewayState state) {
    return switch (state) {
      case IDLE -> "to dial";
      case CONNECTING, WAIT_HELLO -> "connecting";
      case WAIT_PERMIT -> "to identify";
      case IDENTIFYING -> "identifying";
      case READY -> "ready";
      case RESUMING -> "resuming";
      case BACKOFF -> "to redial";
      case CLOSING, STOPPED -> "stopped";
      case FATAL -> "given up";
    };
  }
}
