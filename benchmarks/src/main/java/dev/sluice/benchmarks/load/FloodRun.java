package dev.sluice.benchmarks.load;

import java.io.IOException;

/**
 * Floods of one client, each of them checked: the count of each shard, and, of a client that knows
 * sequences, that the last event of each shard is the last one sent.
 */
final class FloodRun {

  /** What one flood came to. */
  record Outcome(long prepared, ClientProcess.Measured measured, GatewayProcess.Sent sent) {

    long events() {
      return measured.receivedInAll();
    }

    /** From the moment at which the first event was due. */
    long nanos() {
      return measured.endNanos() - sent.startNanos();
    }

    double seconds() {
      return nanos() / 1e9;
    }
  }

  /** How late the events of one flood came. */
  record Late(ClientProcess.Latencies latencies, GatewayProcess.Sent sent) {}

  private final GatewayProcess gateway;
  private final ClientProcess client;
  private final int shards;

  FloodRun(GatewayProcess gateway, ClientProcess client, int shards) {
    this.gateway = gateway;
    this.client = client;
    this.shards = shards;
  }

  /**
   * Sends one flood.
   *
   * @param events of all shards
   * @param ratePerSecond of all shards, 0 for batches
   * @param seed of the traffic
   */
  Outcome send(int events, long ratePerSecond, long seed) throws IOException, InterruptedException {
    int eventsPerShard = Math.max(1, events / shards);
    GatewayProcess.Prepared prepared = gateway.prepare(shards, eventsPerShard, seed);
    client.begin();
    return send(prepared, eventsPerShard, ratePerSecond);
  }

  /** Sends one flood at a rate, and takes the time of each event. */
  Late sendAndTime(int events, long ratePerSecond, long seed)
      throws IOException, InterruptedException {
    int eventsPerShard = Math.max(1, events / shards);
    GatewayProcess.Prepared prepared = gateway.prepare(shards, eventsPerShard, seed);
    client.beginWithArrivals(eventsPerShard);
    Outcome outcome = send(prepared, eventsPerShard, ratePerSecond);
    ClientProcess.Latencies latencies =
        client.latencies(outcome.sent().startNanos(), ratePerSecond, eventsPerShard);
    return new Late(latencies, outcome.sent());
  }

  private Outcome send(GatewayProcess.Prepared prepared, int eventsPerShard, long ratePerSecond)
      throws IOException, InterruptedException {
    client.endAfter(prepared.events());
    GatewayProcess.Sent sent = gateway.send(ratePerSecond);
    ClientProcess.Measured measured = client.measured();
    check(shards, eventsPerShard, prepared, measured);
    return new Outcome(prepared.events(), measured, sent);
  }

  static void check(
      int shards,
      int eventsPerShard,
      GatewayProcess.Prepared prepared,
      ClientProcess.Measured measured) {
    for (int shard = 0; shard < shards; shard++) {
      if (measured.received().get(shard) != eventsPerShard) {
        throw new IllegalStateException(
            "shard "
                + shard
                + ": "
                + measured.received().get(shard)
                + " events (expected: "
                + eventsPerShard
                + ')');
      }
    }
    if (measured.lastSequences() != null
        && !measured.lastSequences().equals(prepared.lastSequences())) {
      throw new IllegalStateException(
          "last sequences: "
              + measured.lastSequences()
              + " (expected: "
              + prepared.lastSequences()
              + ')');
    }
  }
}
