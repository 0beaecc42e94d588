package dev.sluice.gateway.kafka.internal.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.kafka.internal.node.ClientProperties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntUnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.jspecify.annotations.Nullable;

/**
 * Asks a fleet for another number of shards and follows what becomes of it in the log, or has it
 * give that up. Not thread-safe; confine to the thread of the log.
 */
public final class ReshardRequest {

  private static final int NONE = 0;
  private static final int CANCEL = 0;

  /** Appends to the log of the fleet. */
  @FunctionalInterface
  interface Log {

    /**
     * Appends a record.
     *
     * @param key what it is about
     * @param value what is known of it from now on, null for nothing
     * @return completes when the broker has it
     */
    CompletionStage<Void> append(String key, @Nullable ObjectNode value);
  }

  private final int shards;
  private final IntUnaryOperator unusedGeneration;
  private final Log fleetLog;
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  private int generation; // the present one
  private int generationShards;
  private boolean hasPrevious;
  private int next; // the generation that is to take over
  private int highest; // number of a generation that was ever named
  private int asked;
  private boolean seen;

  private ReshardRequest(int shards, IntUnaryOperator unusedGeneration, Log fleetLog) {
    this.shards = shards;
    this.unusedGeneration = unusedGeneration;
    this.fleetLog = fleetLog;
  }

  /**
   * Makes a request for another number of shards.
   *
   * @param shards how many there are to be, at least 1
   * @param unusedGeneration gives a number of a generation that has no topic, from a least one on
   * @param fleetLog appends
   */
  static ReshardRequest change(int shards, IntUnaryOperator unusedGeneration, Log fleetLog) {
    return new ReshardRequest(shards, unusedGeneration, fleetLog);
  }

  /**
   * Makes a request to give up a change that is under way.
   *
   * @param fleetLog appends
   */
  static ReshardRequest cancel(Log fleetLog) {
    return new ReshardRequest(CANCEL, from -> from, fleetLog);
  }

  /**
   * Sends a request to a fleet.
   *
   * @param application the name of the fleet
   * @param clients connect to the brokers
   * @param shards how many there are to be, 0 to give up a change
   * @return completes as the request does
   */
  public static CompletionStage<Void> send(
      String application, ClientProperties clients, int shards) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try (Admin admin = Admin.create(clients.admin("reshard"))) {
                send(new Topics(admin, application, (short) -1), application, clients, shards)
                    .join();
                done.complete(null);
              } catch (RuntimeException e) {
                done.completeExceptionally(Causes.unwrap(e));
              }
            },
            "sluice-reshard");
    thread.setDaemon(true);
    thread.start();
    return done;
  }

  private static CompletableFuture<Void> send(
      Topics topics, String application, ClientProperties clients, int shards) {
    if (topics.partitions(Topics.fleet(application)) == 0) {
      throw noFleet();
    }
    try (FleetLog fleetLog =
        new FleetLog(
            Topics.fleet(application),
            false,
            () -> new KafkaConsumer<>(clients.consumer("reshard")),
            new KafkaProducer<>(clients.producer("reshard")))) {
      ReshardRequest request =
          new ReshardRequest(shards, topics::unusedGeneration, fleetLog::append);
      fleetLog
          .start(request::onRecord)
          .whenComplete(
              (read, failure) -> {
                if (failure == null) {
                  request.begin();
                } else {
                  request.done.completeExceptionally(failure);
                }
              });
      request.done.handle((changed, failure) -> null).join(); // then the log may be closed
      return request.done;
    }
  }

  /**
   * Checks a number of shards.
   *
   * @param shards how many there are to be
   * @param present how many there are
   * @throws IllegalArgumentException if they are the same
   */
  public static void check(int shards, int present) {
    if (shards == present) {
      throw new IllegalArgumentException(
          "shards: " + shards + " (expected: not " + present + ", which there are)");
    }
  }

  private static IllegalStateException noFleet() {
    return new IllegalStateException("the fleet: none (expected: one that was started)");
  }

  /**
   * {@return completes when what was asked for is done; exceptionally with an {@link
   * IllegalStateException} or {@link IllegalArgumentException} when it will not be}
   */
  CompletionStage<Void> done() {
    return done;
  }

  /** Asks, now that all of the log was read. */
  void begin() {
    try {
      ask();
    } catch (RuntimeException e) {
      done.completeExceptionally(e);
    }
  }

  private void ask() {
    if (generation == NONE) {
      throw noFleet();
    }
    boolean changes = next > generation;
    if (shards == CANCEL) {
      if (!changes) {
        throw new IllegalStateException(
            hasPrevious
                ? "the new shards have taken over already (expected: not yet)"
                : "the number of shards does not change (expected: a change to give up)");
      }
      append(Generations.cancelled(next)).thenRun(() -> done.complete(null));
      return;
    }
    check(shards, generationShards);
    if (hasPrevious || changes) {
      throw new IllegalStateException("the number of shards changes (expected: not yet)");
    }
    asked = unusedGeneration.applyAsInt(Math.max(generation, highest) + 1);
    append(Generations.record(asked, shards));
  }

  private CompletionStage<Void> append(ObjectNode value) {
    return fleetLog
        .append(Generations.NEXT, value)
        .whenComplete(
            (appended, failure) -> {
              if (failure != null) {
                done.completeExceptionally(failure);
              }
            });
  }

  /** Takes a record of the log. */
  void onRecord(String key, @Nullable JsonNode value) {
    if (key.equals(Generations.CURRENT) && value != null) {
      generation = value.path(Generations.GENERATION).asInt();
      generationShards = value.path(Generations.SHARDS).asInt();
      hasPrevious = value.has(Generations.PREVIOUS);
    } else if (key.equals(Generations.NEXT)) {
      int named = value == null ? NONE : value.path(Generations.GENERATION).asInt();
      highest = Math.max(highest, named);
      next = value != null && value.path(Generations.SHARDS).asInt() > 0 ? named : NONE;
      seen |= asked != NONE && next == asked;
    } else {
      return;
    }
    if (asked == NONE) {
      return;
    }
    if (generation >= asked && !hasPrevious) {
      done.complete(null);
    } else if (generation < asked && seen && next != asked) {
      done.completeExceptionally(
          new IllegalStateException(
              "generation " + asked + ": cancelled (expected: to take over)"));
    }
  }
}
