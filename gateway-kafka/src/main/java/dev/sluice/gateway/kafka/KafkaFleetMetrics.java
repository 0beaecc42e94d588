package dev.sluice.gateway.kafka;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.BaseUnits;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * Binds the figures of a {@link KafkaFleet} to a meter registry. Needs Micrometer, which this
 * module does not bring along. The managers of the fleet have figures of their own.
 *
 * <table>
 *   <caption>Meters</caption>
 *   <tr><th>name</th><th>is</th></tr>
 *   <tr><td>{@code sluice.fleet.generation}</td><td>the present generation of shards</td></tr>
 *   <tr><td>{@code sluice.fleet.shards}</td><td>shards of the fleet</td></tr>
 *   <tr><td>{@code sluice.fleet.shards.owned}</td><td>shards that run on this node</td></tr>
 *   <tr><td>{@code sluice.fleet.brokers.away}</td>
 *       <td>1 while no broker has answered for the session time-out</td></tr>
 *   <tr><td>{@code sluice.fleet.moves}</td>
 *       <td>shards by {@code kind}: {@code assigned}, {@code revoked}, {@code lost}</td></tr>
 *   <tr><td>{@code sluice.fleet.takeover}</td>
 *       <td>how long shards took from their assignment to READY or RESUMED here</td></tr>
 *   <tr><td>{@code sluice.fleet.takeover.slowest}</td>
 *       <td>the slowest of the last assignment</td></tr>
 *   <tr><td>{@code sluice.fleet.checkpoints}</td>
 *       <td>sessions by {@code outcome}: {@code written}, {@code fenced}</td></tr>
 *   <tr><td>{@code sluice.fleet.checkpoint.retries}</td>
 *       <td>commits that failed and were tried again</td></tr>
 *   <tr><td>{@code sluice.fleet.checkpoint.lag}</td>
 *       <td>for how long the oldest session waits to be written</td></tr>
 *   <tr><td>{@code sluice.fleet.commands}</td>
 *       <td>commands of other processes by {@code outcome}: {@code sent}, {@code dropped}</td></tr>
 *   <tr><td>{@code sluice.fleet.identify.claims}</td>
 *       <td>claims to identify by {@code outcome}: {@code granted}, {@code void}</td></tr>
 *   <tr><td>{@code sluice.fleet.events.published}</td>
 *       <td>events that a broker acknowledged</td></tr>
 *   <tr><td>{@code sluice.fleet.events.published.bytes}</td><td>bytes of these</td></tr>
 *   <tr><td>{@code sluice.fleet.events.left.out}</td>
 *       <td>events by {@code reason}: {@code too_large} for the topic, {@code moved} with their
 *           shard, whose new owner publishes them, {@code not_open}, of a generation that has not
 *           taken over</td></tr>
 *   <tr><td>{@code sluice.fleet.events.in.flight}</td>
 *       <td>events that wait for the broker</td></tr>
 *   <tr><td>{@code sluice.fleet.events.in.flight.bytes}</td><td>bytes of these</td></tr>
 *   <tr><td>{@code sluice.fleet.publish.failures}</td>
 *       <td>tries to publish that failed, and were repeated</td></tr>
 *   <tr><td>{@code sluice.fleet.transactions}</td>
 *       <td>transactions by {@code outcome}: {@code committed}, {@code aborted}</td></tr>
 * </table>
 */
public final class KafkaFleetMetrics {

  private static final String OUTCOME = "outcome";

  private KafkaFleetMetrics() {}

  /**
   * Binds the figures of a node, without tags of its own.
   *
   * @param fleet the node; reachable from the registry as long as the meters are
   * @param registry where to
   */
  public static void bindTo(KafkaFleet fleet, MeterRegistry registry) {
    bindTo(fleet, registry, Tags.empty());
  }

  /**
   * Binds the figures of a node.
   *
   * @param fleet the node; reachable from the registry as long as the meters are
   * @param registry where to
   * @param tags of every meter, which tell several nodes in one registry apart
   */
  public static void bindTo(KafkaFleet fleet, MeterRegistry registry, Tags tags) {
    new Binding(fleet, registry, tags).bind();
  }

  private record Binding(KafkaFleet fleet, MeterRegistry registry, Tags tags) {

    void bind() {
      gauge("generation", "Present generation of shards", KafkaFleetStats::generation);
      gauge("shards", "Shards of the fleet", KafkaFleetStats::shards);
      gauge("shards.owned", "Shards that run on this node", KafkaFleetStats::owned);
      gauge("brokers.away", "1 while no broker answers", stats -> stats.brokersAway() ? 1 : 0);
      counter("moves", "Shards that moved", KafkaFleetStats::assignments, "kind", "assigned");
      counter("moves", "Shards that moved", KafkaFleetStats::revocations, "kind", "revoked");
      counter("moves", "Shards that moved", KafkaFleetStats::losses, "kind", "lost");
      takeOvers();
      checkpoints();
      commands();
      events();
    }

    private void takeOvers() {
      FunctionTimer.builder(
              "sluice.fleet.takeover",
              fleet,
              node -> node.stats().takeOvers(),
              node -> node.stats().takeOverTime().toNanos(),
              TimeUnit.NANOSECONDS)
          .description("How long shards took from their assignment to READY or RESUMED")
          .tags(tags)
          .register(registry);
      TimeGauge.builder(
              "sluice.fleet.takeover.slowest",
              fleet,
              TimeUnit.NANOSECONDS,
              node -> node.stats().slowestTakeOver().toNanos())
          .description("How long the slowest shard of the last assignment took so far")
          .tags(tags)
          .register(registry);
    }

    private void checkpoints() {
      String sessions = "Sessions that were to be written";
      counter("checkpoints", sessions, KafkaFleetStats::checkpoints, OUTCOME, "written");
      counter("checkpoints", sessions, KafkaFleetStats::fencedCheckpoints, OUTCOME, "fenced");
      counter(
          "checkpoint.retries",
          "Commits that failed and were tried again",
          KafkaFleetStats::commitRetries);
      TimeGauge.builder(
              "sluice.fleet.checkpoint.lag",
              fleet,
              TimeUnit.NANOSECONDS,
              node -> node.stats().checkpointLag().toNanos())
          .description("For how long the oldest session waits to be written")
          .tags(tags)
          .register(registry);
    }

    private void commands() {
      String commands = "Commands of other processes";
      counter("commands", commands, KafkaFleetStats::commandsHandled, OUTCOME, "sent");
      counter("commands", commands, KafkaFleetStats::commandsDropped, OUTCOME, "dropped");
      String claims = "Claims to identify";
      counter("identify.claims", claims, KafkaFleetStats::grants, OUTCOME, "granted");
      counter("identify.claims", claims, KafkaFleetStats::voidClaims, OUTCOME, "void");
    }

    private void events() {
      counter(
          "events.published",
          "Events that a broker acknowledged",
          KafkaFleetStats::publishedEvents);
      bytes(
          "events.published.bytes",
          "Bytes of events that a broker acknowledged",
          KafkaFleetStats::publishedBytes);
      String leftOut = "Events that were not published by this node";
      String name = "events.left.out";
      counter(name, leftOut, KafkaFleetStats::rejectedEvents, "reason", "too_large");
      counter(name, leftOut, KafkaFleetStats::droppedEvents, "reason", "moved");
      counter(name, leftOut, KafkaFleetStats::gatedEvents, "reason", "not_open");
      gauge("events.in.flight", "Events that wait for the broker", KafkaFleetStats::eventsInFlight);
      Gauge.builder(
              "sluice.fleet.events.in.flight.bytes", fleet, node -> node.stats().bytesInFlight())
          .description("Bytes of events that wait for the broker")
          .baseUnit(BaseUnits.BYTES)
          .tags(tags)
          .register(registry);
      counter(
          "publish.failures",
          "Tries to publish that failed, and were repeated",
          KafkaFleetStats::publishFailures);
      String transactions = "Transactions";
      counter("transactions", transactions, KafkaFleetStats::transactions, OUTCOME, "committed");
      counter(
          "transactions", transactions, KafkaFleetStats::abortedTransactions, OUTCOME, "aborted");
    }

    private void gauge(String name, String description, ToDoubleFunction<KafkaFleetStats> value) {
      Gauge.builder("sluice.fleet." + name, fleet, node -> value.applyAsDouble(node.stats()))
          .description(description)
          .tags(tags)
          .register(registry);
    }

    private void counter(
        String name, String description, ToDoubleFunction<KafkaFleetStats> value, String... more) {
      FunctionCounter.builder(
              "sluice.fleet." + name, fleet, node -> value.applyAsDouble(node.stats()))
          .description(description)
          .tags(tags.and(more))
          .register(registry);
    }

    private void bytes(String name, String description, ToDoubleFunction<KafkaFleetStats> value) {
      FunctionCounter.builder(
              "sluice.fleet." + name, fleet, node -> value.applyAsDouble(node.stats()))
          .description(description)
          .baseUnit(BaseUnits.BYTES)
          .tags(tags)
          .register(registry);
    }
  }
}
