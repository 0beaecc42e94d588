package dev.sluice.gateway.kafka;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.kafka.internal.fleet.FleetSettings;
import dev.sluice.gateway.kafka.internal.fleet.Generation;
import dev.sluice.gateway.kafka.internal.fleet.ReshardRequest;
import dev.sluice.gateway.kafka.internal.node.ClientProperties;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.FleetHealth;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node of a fleet that shares the shards of a bot by Apache Kafka. Every node runs the same
 * code; the group coordinator of the brokers decides which shards it runs. When a node dies or
 * stops, its shards resume on the others from the last event whose handling was noted.
 *
 * <pre>{@code
 * KafkaFleet fleet =
 *     KafkaFleet.builder("my-bot", Map.of("bootstrap.servers", "kafka:9092")).shards(64).build();
 * fleet.start(() -> ShardManager.builder(token, intents)).toCompletableFuture().join();
 * ...
 * fleet.close();
 * }</pre>
 *
 * <p>The fleet sets the assignment, the session store, the identify limiter, the command source and
 * the event sink of the manager's builder; the rest is the application's.
 *
 * <p>Thread-safe.
 */
public final class KafkaFleet implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KafkaFleet.class);

  private static final Duration CLOSE_MARGIN = Duration.ofSeconds(15);

  private final FleetSettings settings;
  private final FleetCounters counters = new FleetCounters();
  private final CompletableFuture<Void> started = new CompletableFuture<>();
  private final CompletableFuture<Void> terminated = new CompletableFuture<>();
  private final NodeControl control;

  private enum Phase {
    NEW,
    STARTED,
    STOPPED
  }

  private Phase phase = Phase.NEW; // guarded by this
  private @Nullable CompletableFuture<Void> stopping; // guarded by this

  KafkaFleet(FleetSettings settings) {
    this.settings = settings;
    this.control = new NodeControl(settings, counters, started, this::hasToStop);
  }

  /**
   * Starts the settings of a node.
   *
   * @param application the name of the bot's fleet, the same on every node: the topics and groups
   *     of the fleet start with it
   * @param properties properties of Kafka clients, at least {@code bootstrap.servers}; for all
   *     clients of the node, each of which gets those that it knows
   * @return a builder with the defaults for everything else
   * @throws IllegalArgumentException if the name or a property is not one that a fleet takes
   */
  public static KafkaFleetBuilder builder(String application, Map<String, ?> properties) {
    KafkaFleetBuilder.checkApplication(application);
    return new KafkaFleetBuilder(application, new ClientProperties(properties));
  }

  /**
   * Creates the topics that are missing, joins the fleet and starts the manager.
   *
   * @param managers makes a manager's settings, with the token and whatever the application sets;
   *     called whenever a generation of shards starts here, on a thread of the fleet
   * @return completes when the manager has started and this node is a member of the group, with
   *     shards or without; exceptionally when a broker, the gateway's API or a setting is in the
   *     way, and then it is of no use but to be closed
   * @throws IllegalStateException if called twice, or after {@link #close}
   */
  public CompletionStage<Void> start(Supplier<ShardManagerBuilder> managers) {
    requireNonNull(managers, "managers");
    synchronized (this) {
      if (phase != Phase.NEW) {
        throw new IllegalStateException("start() when " + phase + " (expected: NEW)");
      }
      phase = Phase.STARTED;
    }
    control.join(managers);
    return started.minimalCompletionStage();
  }

  /** {@return the manager of the present generation of shards; null before the start} */
  public @Nullable ShardManager manager() {
    Generation generation = control.current();
    return generation == null ? null : generation.manager();
  }

  /**
   * {@return completes when the node has stopped; exceptionally when it had to, for another node
   * uses its instance id, or because of an unexpected failure that was logged}
   */
  public CompletionStage<Void> terminated() {
    return terminated.minimalCompletionStage();
  }

  /**
   * {@return whether this node works} It is ready when it is a member of the group and enough of
   * the shards that it was given are READY, be that none.
   */
  public FleetHealth health() {
    Generation generation = control.current();
    if (generation == null) {
      return new FleetHealth(true, false, List.of("not started"));
    }
    FleetHealth manager = generation.manager().health();
    List<String> reasons = new ArrayList<>();
    boolean member = generation.isMember();
    if (!member) {
      reasons.add("no member of the group " + generation.group().topic() + " yet");
    }
    if (generation.group().areBrokersAway()) {
      reasons.add("no broker answers");
    }
    reasons.addAll(manager.reasons());
    return new FleetHealth(manager.live(), manager.ready() && member, reasons);
  }

  /** {@return what this node did so far, and what it has now} */
  public KafkaFleetStats stats() {
    return KafkaFleetStats.of(counters, control.current());
  }

  /**
   * Changes the number of shards of the whole fleet while it runs. Every node starts the new shards
   * beside the old ones; when all of them are READY their events are published, and some seconds
   * later the old ones are stopped. No event is lost; those of the time between come twice, from a
   * shard of each generation, which the header {@code generation} tells.
   *
   * <p>The new shards identify, so it takes the time of a start and as many session starts as there
   * are new shards. A command that waits on an old shard when it stops is dropped, and a voice
   * connection has to be made anew.
   *
   * @param shards the new number of shards, at least 1 and not that of now
   * @return completes when the old shards are gone; exceptionally with an {@link
   *     IllegalStateException} when the node has not started, another change is under way, too few
   *     session starts are left, or the change is cancelled
   * @throws IllegalArgumentException if it is below 1
   */
  public CompletionStage<Void> reshard(int shards) {
    if (shards < 1) {
      throw new IllegalArgumentException("shards: " + shards + " (expected: >= 1)");
    }
    return control.reshard(shards).minimalCompletionStage();
  }

  /**
   * Gives up a change of the number of shards, unless the new shards have taken over already: they
   * are stopped, the old ones go on.
   */
  public void cancelReshard() {
    control.cancelReshard();
  }

  /**
   * Asks a fleet for another number of shards, as {@link #reshard(int)} does, from a process that
   * is no node.
   *
   * @param application the application name of the fleet
   * @param properties properties of Kafka clients, at least {@code bootstrap.servers}
   * @param shards the new number of shards, at least 1 and not that of now
   * @return completes when the old shards are gone; exceptionally with an {@link
   *     IllegalStateException} when there is no fleet of that name, another change is under way or
   *     the change is cancelled. Cancelling its future ends the waiting, not the change
   * @throws IllegalArgumentException if the number is below 1, or the name or a property is not one
   *     that a fleet takes
   */
  public static CompletionStage<Void> reshard(
      String application, Map<String, ?> properties, int shards) {
    if (shards < 1) {
      throw new IllegalArgumentException("shards: " + shards + " (expected: >= 1)");
    }
    KafkaFleetBuilder.checkApplication(application);
    return ReshardRequest.send(application, new ClientProperties(properties), shards);
  }

  /**
   * Gives up a change of the number of shards, as {@link #cancelReshard()} does, from a process
   * that is no node.
   *
   * @param application the application name of the fleet
   * @param properties properties of Kafka clients, at least {@code bootstrap.servers}
   * @return completes when the fleet is told; exceptionally with an {@link IllegalStateException}
   *     when there is no fleet of that name, no change is under way, or the new shards have taken
   *     over already
   * @throws IllegalArgumentException if the name or a property is not one that a fleet takes
   */
  public static CompletionStage<Void> cancelReshard(String application, Map<String, ?> properties) {
    KafkaFleetBuilder.checkApplication(application);
    return ReshardRequest.send(application, new ClientProperties(properties), 0);
  }

  /**
   * Stops this node's shards in good order: what came is handled, their sessions are stored, their
   * transports closed so that the sessions live on. The other nodes take over at once; if the node
   * has an instance id, they wait for it to come back until the session time-out is over.
   *
   * @return completes when that is done, and everything of this node is closed
   */
  public CompletionStage<Void> stop() {
    return stop(GroupMembershipOperation.DEFAULT);
  }

  /**
   * Stops as {@link #stop} does, and lets the other nodes take over at once though this one has an
   * instance id: for a node that is not to come back.
   *
   * @return as for {@link #stop}
   */
  public CompletionStage<Void> leave() {
    return stop(GroupMembershipOperation.LEAVE_GROUP);
  }

  private CompletionStage<Void> stop(GroupMembershipOperation onClose) {
    CompletableFuture<Void> stop;
    synchronized (this) {
      if (stopping != null) {
        return stopping.minimalCompletionStage();
      }
      phase = Phase.STOPPED;
      stop = new CompletableFuture<>();
      stopping = stop;
    }
    started.completeExceptionally(new IllegalStateException("stopped before it started"));
    control
        .leave(onClose)
        .whenComplete(
            (done, failure) -> {
              terminated.complete(null);
              stop.complete(null);
            });
    return stop.minimalCompletionStage();
  }

  /** What runs here cannot run any more. */
  private void hasToStop(Throwable failure) {
    terminated.completeExceptionally(failure);
    stop();
  }

  /** Stops as {@link #stop} does and waits for it, for as long as shards may take to be stopped. */
  @Override
  public void close() {
    Duration timeout = settings.handOverTimeout().plus(CLOSE_MARGIN);
    try {
      stop().toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.warn("{}: the node did not stop within {}", settings.application(), timeout, e);
    }
  }

  /** {@return the node without the client properties} */
  @Override
  public String toString() {
    return "KafkaFleet["
        + settings.application()
        + (settings.instanceId() == null ? "" : ", instanceId=" + settings.instanceId())
        + ']';
  }

  FleetSettings settings() {
    return settings;
  }

  FleetCounters counters() {
    return counters;
  }
}
