package dev.sluice.gateway.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.kafka.internal.fleet.Causes;
import dev.sluice.gateway.kafka.internal.fleet.FleetLog;
import dev.sluice.gateway.kafka.internal.fleet.Generations;
import dev.sluice.gateway.kafka.internal.fleet.Topics;
import dev.sluice.gateway.kafka.internal.node.ClientProperties;
import dev.sluice.gateway.sharding.ShardPlan;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Sends gateway commands to the shards of a fleet from any process, a node or not: each goes to the
 * partition of its shard, and the node that runs the shard sends it on.
 *
 * <pre>{@code
 * try (ShardCommands commands =
 *     ShardCommands.create("my-bot", Map.of("bootstrap.servers", "kafka:9092"))) {
 *   commands.send(UpdateVoiceState.join(guildId, channelId));
 *   commands.updatePresence(Presence.online(Activity.playing("chess")));
 * }
 * }</pre>
 *
 * <p>A command is delivered at least once: after the death of a node the last few of a shard can be
 * sent again. What a shard does not send within minutes, five by default, it drops.
 *
 * <p>Thread-safe. No method blocks, but for {@link #close}.
 */
public final class ShardCommands implements AutoCloseable {

  /** The key of the presence in the log of the fleet; its value is the payload. */
  static final String PRESENCE_KEY = "presence";

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

  private record Current(int generation, int shards) {}

  private final String application;
  private final Producer<byte[], byte[]> producer;
  private final FleetLog fleet;
  private final Duration closeTimeout;
  private final ThreadPoolExecutor sender; // of one thread: a send may block
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private volatile @Nullable Current current;

  ShardCommands(
      String application,
      Producer<byte[], byte[]> producer,
      Supplier<Consumer<byte[], byte[]>> consumers,
      Producer<byte[], byte[]> fleetProducer,
      Duration closeTimeout) {
    this.application = application;
    this.producer = producer;
    this.closeTimeout = closeTimeout;
    this.sender =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "sluice-commands");
              thread.setDaemon(true);
              return thread;
            });
    this.sender.execute(this::awaitReady);
    this.fleet = new FleetLog(Topics.fleet(application), true, consumers, fleetProducer);
    fleet
        .start(this::onRecord)
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                ready.completeExceptionally(failure);
              }
            });
  }

  /**
   * Connects to the brokers. Commands that are sent before that is done wait for it.
   *
   * @param application the application name of the fleet
   * @param properties properties of Kafka clients, at least {@code bootstrap.servers}
   * @return the sender, to be closed
   * @throws IllegalArgumentException if the name or a property is not one that a fleet takes
   */
  public static ShardCommands create(String application, Map<String, ?> properties) {
    KafkaFleetBuilder.checkApplication(application);
    ClientProperties clients = new ClientProperties(properties);
    Map<String, Object> producer = clients.producer("commands");
    producer.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    return new ShardCommands(
        application,
        new KafkaProducer<>(producer),
        () -> new KafkaConsumer<>(clients.consumer("commands-fleet")),
        new KafkaProducer<>(clients.producer("commands-fleet")),
        CLOSE_TIMEOUT);
  }

  /** Commands that are sent before are sent in their order, for they wait behind this. */
  private void awaitReady() {
    ready.handle((done, failure) -> failure).join();
  }

  private void onRecord(String key, @Nullable JsonNode value) {
    if (key.equals(Generations.CURRENT) && value != null) {
      current =
          new Current(
              value.path(Generations.GENERATION).asInt(), value.path(Generations.SHARDS).asInt());
      ready.complete(null);
    }
  }

  /**
   * {@return completes when the fleet's shard count is known; exceptionally when it cannot be read,
   * or this is closed before} If the fleet was never started that is when it is; brokers that are
   * away are waited for.
   */
  public CompletionStage<Void> ready() {
    return ready.minimalCompletionStage();
  }

  /** {@return the fleet's shard count, 0 while it is not known} */
  public int shards() {
    Current known = current;
    return known == null ? 0 : known.shards;
  }

  /**
   * Sends a command on the shard of the guild that it names.
   *
   * @param command the command
   * @return completes when the broker has it; exceptionally when it does not take it
   * @throws IllegalArgumentException if it names no guild, or has over 4096 bytes
   */
  public CompletionStage<Void> send(GatewayCommand command) {
    String json = command.toJson();
    long guildId = guildOf(json);
    return send(json, shards -> ShardPlan.shardOf(guildId, shards));
  }

  /**
   * Sends a command on the shard of a guild.
   *
   * @param guildId the guild, an unsigned snowflake
   * @param command the command
   * @return completes when the broker has it; exceptionally when it does not take it
   * @throws IllegalArgumentException if it has over 4096 bytes
   */
  public CompletionStage<Void> send(long guildId, GatewayCommand command) {
    return send(command.toJson(), shards -> ShardPlan.shardOf(guildId, shards));
  }

  /**
   * Sends a command on one shard.
   *
   * @param shard its id in the present generation of shards
   * @param command the command
   * @return completes when the broker has it; exceptionally when it does not take it, or with an
   *     {@link IllegalArgumentException} when there is no such shard
   * @throws IllegalArgumentException if the id is negative, or the command has over 4096 bytes
   */
  public CompletionStage<Void> send(int shard, GatewayCommand command) {
    if (shard < 0) {
      throw new IllegalArgumentException("shard: " + shard + " (expected: >= 0)");
    }
    return send(
        command.toJson(),
        shards -> {
          if (shard >= shards) {
            throw new IllegalArgumentException(
                "shard: " + shard + " (expected: 0.." + (shards - 1) + ')');
          }
          return shard;
        });
  }

  /**
   * Sets the presence of the whole fleet, shards and nodes that start later included. The newest
   * counts.
   *
   * @param presence the presence
   * @return completes when the broker has it; exceptionally when it does not take it
   * @throws IllegalArgumentException if it has over 4096 bytes
   */
  public CompletionStage<Void> updatePresence(Presence presence) {
    String json = new UpdatePresence(presence).toJson();
    return fleet.append(PRESENCE_KEY, (ObjectNode) read(json));
  }

  private CompletionStage<Void> send(String json, IntUnaryOperator shardOf) {
    CompletableFuture<Void> sent = new CompletableFuture<>();
    try {
      sender.execute(
          () -> {
            try {
              ready.join(); // it is, or it failed
              send(json, shardOf, sent);
            } catch (RuntimeException e) {
              sent.completeExceptionally(Causes.unwrap(e));
            }
          });
    } catch (RejectedExecutionException e) {
      sent.completeExceptionally(closed());
    }
    return sent.minimalCompletionStage();
  }

  private void send(String json, IntUnaryOperator shardOf, CompletableFuture<Void> sent) {
    Current to = requireNonNull(current);
    ProducerRecord<byte[], byte[]> command =
        new ProducerRecord<>(
            Topics.shards(application, to.generation),
            shardOf.applyAsInt(to.shards),
            null,
            json.getBytes(UTF_8));
    producer.send(
        command,
        (metadata, failure) -> {
          if (failure == null) {
            sent.complete(null);
          } else {
            sent.completeExceptionally(failure);
          }
        });
  }

  private static IllegalStateException closed() {
    return new IllegalStateException("shard commands: closed (expected: open)");
  }

  private static long guildOf(String json) {
    String id = read(json).path("d").path("guild_id").asText();
    try {
      return Long.parseUnsignedLong(id);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "guild_id of a command: "
              + (id.isEmpty() ? "none" : "no snowflake")
              + " (expected: that of the guild whose shard sends it)",
          e);
    }
  }

  private static JsonNode read(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a command was not written as JSON", e);
    }
  }

  /** Waits for what was sent, at most 10 s, and disconnects. What still waits then fails. */
  @Override
  public void close() {
    sender.shutdown();
    if (sender.getQueue().isEmpty()) {
      ready.completeExceptionally(closed()); // nothing waits for it
    }
    try {
      if (!sender.awaitTermination(closeTimeout.toMillis(), TimeUnit.MILLISECONDS)) {
        ready.completeExceptionally(closed());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    producer.close(closeTimeout); // which ends a send that waits for a broker
    fleet.close();
  }
}
