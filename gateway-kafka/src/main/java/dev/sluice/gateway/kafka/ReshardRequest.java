package dev.sluice.gateway.kafka;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.jspecify.annotations.Nullable;

/**
 * Asks a fleet for another number of shards, and follows what becomes of it in the log. Everything
 * happens on the thread of the log.
 */
final class ReshardRequest {

  private final Topics topics;
  private final FleetLog fleetLog;
  private final int shards;
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  private int generation; // the present one, 0 for none
  private int generationShards;
  private boolean hasPrevious;
  private int next; // 0 for none
  private int asked; // 0 before
  private boolean seen;

  ReshardRequest(Topics topics, FleetLog fleetLog, int shards) {
    this.topics = topics;
    this.fleetLog = fleetLog;
    this.shards = shards;
  }

  /**
   * Asks.
   *
   * @param application the name of the fleet
   * @param clients connect to the brokers
   * @param shards how many there are to be
   * @return as {@link KafkaFleet#reshard(String, java.util.Map, int)}
   */
  static CompletionStage<Void> start(String application, ClientProperties clients, int shards) {
    Admin admin = Admin.create(clients.admin("reshard"));
    FleetLog fleetLog =
        new FleetLog(
            Topics.fleet(application),
            () -> new KafkaConsumer<>(clients.consumer("reshard")),
            new KafkaProducer<>(clients.producer("reshard")));
    ReshardRequest request =
        new ReshardRequest(new Topics(admin, application, (short) -1), fleetLog, shards);
    request.start();
    request.done.whenComplete(
        (changed, failure) ->
            new Thread(
                    () -> {
                      fleetLog.close();
                      admin.close();
                    },
                    "sluice-reshard-close")
                .start());
    return request.done;
  }

  CompletionStage<Void> start() {
    fleetLog
        .start(this::onRecord)
        .whenComplete(
            (read, failure) -> {
              if (failure != null) {
                done.completeExceptionally(failure);
                return;
              }
              try {
                ask();
              } catch (RuntimeException e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }

  /**
   * Checks a number of shards.
   *
   * @param shards how many there are to be
   * @param present how many there are
   * @throws IllegalArgumentException if they are the same
   */
  static void check(int shards, int present) {
    if (shards == present) {
      throw new IllegalArgumentException(
          "shards: " + shards + " (expected: not " + present + ", which there are)");
    }
  }

  private void ask() {
    if (generation == 0) {
      throw new IllegalStateException("the fleet: none (expected: one that was started)");
    }
    check(shards, generationShards);
    if (hasPrevious || next > generation) {
      throw new IllegalStateException("the number of shards changes (expected: not yet)");
    }
    asked = topics.unusedGeneration(Math.max(generation, next) + 1);
    fleetLog
        .append(Generations.NEXT, Generations.record(asked, shards))
        .whenComplete(
            (appended, failure) -> {
              if (failure != null) {
                done.completeExceptionally(failure);
              }
            });
  }

  private void onRecord(String key, @Nullable JsonNode value) {
    if (key.equals(Generations.CURRENT) && value != null) {
      generation = value.path(Generations.GENERATION).asInt();
      generationShards = value.path(Generations.SHARDS).asInt();
      hasPrevious = value.has(Generations.PREVIOUS);
    } else if (key.equals(Generations.NEXT)) {
      next = value == null ? 0 : value.path(Generations.GENERATION).asInt();
      seen |= asked > 0 && next == asked;
    } else {
      return;
    }
    if (asked == 0) {
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
