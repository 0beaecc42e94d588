package dev.sluice.gateway.console;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.console.Happening.Kind;
import dev.sluice.gateway.console.Happening.Level;
import dev.sluice.gateway.netty.ReshardSettings;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reconnects, restarts and reshards, and keeps a record of it. Confined to the console's thread,
 * which is the executor.
 */
final class Operations {

  /** How long a restart waits for each shard before it stops. */
  static final Duration SHARD_TIMEOUT = Duration.ofSeconds(60);

  static final int MAX_AT_A_TIME = 100;

  private static final Logger log = LoggerFactory.getLogger(Operations.class);
  private static final int KEPT = 16;

  private final ShardManager manager;
  private final ReshardSettings reshardSettings;
  private final Timeline timeline;
  private final Executor executor;
  private final InstantSource clock;
  private final Deque<Operation> operations = new ArrayDeque<>();
  private int lastId;
  private long version;

  Operations(ConsoleBuilder settings, Timeline timeline, Executor executor, InstantSource clock) {
    this.manager = settings.manager;
    this.reshardSettings = settings.reshardSettings;
    this.timeline = timeline;
    this.executor = executor;
    this.clock = clock;
  }

  /** {@return a number that grows with every change of any operation} */
  long version() {
    return version;
  }

  /** Reconnects one shard. */
  Operation reconnect(Shard shard, String who) {
    refuseWhileExclusive();
    Operation operation =
        begin(Operation.Kind.RECONNECT, 1, "reconnect of shard " + shard.id().id(), who);
    bounded(shard.reconnect())
        .whenCompleteAsync(
            (ready, failure) -> {
              if (failure == null) {
                operation.done = 1;
                end(operation, false, "shard " + shard.id().id() + " reconnected");
              } else {
                end(operation, true, "reconnect failed: " + describe(failure));
              }
            },
            executor);
    return operation;
  }

  /** Reconnects all shards, some at a time, each when the one before is READY again. */
  Operation restart(List<Shard> shards, int atATime, String who) {
    refuseWhileExclusive();
    if (shards.isEmpty()) {
      throw new Refusal(409, "shards: none run here (expected: some)");
    }
    Operation operation =
        begin(
            Operation.Kind.RESTART,
            shards.size(),
            String.format(
                Locale.ROOT, "rolling restart of %,d shards, %d at a time", shards.size(), atATime),
            who);
    new Restart(operation, new ArrayDeque<>(shards)).start(atATime);
    return operation;
  }

  /** Changes the number of shards from what it is now. */
  Operation reshard(int currentCount, int shardCount, String who) {
    refuseWhileExclusive();
    CompletionStage<?> resharded;
    try {
      resharded = manager.reshard(shardCount, reshardSettings);
    } catch (IllegalArgumentException e) {
      throw new Refusal(400, message(e));
    } catch (IllegalStateException e) {
      throw new Refusal(409, message(e));
    }
    Operation operation =
        begin(
            Operation.Kind.RESHARD,
            shardCount,
            String.format(Locale.ROOT, "reshard from %,d to %,d shards", currentCount, shardCount),
            who);
    resharded.whenCompleteAsync(
        (result, failure) -> {
          if (failure == null) {
            operation.done = shardCount;
            end(
                operation,
                false,
                String.format(
                    Locale.ROOT, "resharded from %,d to %,d shards", currentCount, shardCount));
          } else {
            end(operation, true, "reshard failed, the old shards go on: " + describe(failure));
          }
        },
        executor);
    return operation;
  }

  private void refuseWhileExclusive() {
    for (Operation operation : operations) {
      if (operation.isRunning() && operation.kind.isExclusive()) {
        throw new Refusal(
            409,
            "operation: "
                + operation.id
                + ' '
                + operation.kind.label
                + " is under way (expected: none)");
      }
    }
  }

  private Operation begin(Operation.Kind kind, int total, String text, String who) {
    Operation operation = new Operation("op-" + ++lastId, kind, total, text, clock.millis());
    operations.addLast(operation);
    forgetOld();
    log.atInfo()
        .addKeyValue("operation", operation.id)
        .addKeyValue("from", who)
        .log("console: {}, asked for by {}", text, who);
    tell(operation, Level.INFO, text + " began");
    return operation;
  }

  /** Those that still run are kept, however many they are. */
  private void forgetOld() {
    Iterator<Operation> oldestFirst = operations.iterator();
    while (operations.size() > KEPT && oldestFirst.hasNext()) {
      if (!oldestFirst.next().isRunning()) {
        oldestFirst.remove();
      }
    }
  }

  private void end(Operation operation, boolean failed, String text) {
    operation.end(failed, text, clock.millis());
    (failed ? log.atWarn() : log.atInfo())
        .addKeyValue("operation", operation.id)
        .log("console: {}", text);
    tell(operation, failed ? Level.ERROR : Level.INFO, text);
  }

  private void tell(Operation operation, Level level, String text) {
    version++;
    timeline.add(Happening.ofBot(Kind.OPERATION, level, clock.millis(), text), operation.id);
  }

  private static CompletionStage<Void> bounded(CompletionStage<Void> reconnect) {
    return reconnect.toCompletableFuture().orTimeout(SHARD_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
  }

  private static String describe(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof TimeoutException
        ? "not READY again within " + SHARD_TIMEOUT.toSeconds() + " s"
        : message(cause);
  }

  private static String message(Throwable failure) {
    @Nullable String message = failure.getMessage();
    return message == null ? failure.toString() : message;
  }

  /** Writes them, the newest last. */
  void write(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("operations");
    for (Operation operation : operations) {
      operation.write(json);
    }
    json.writeEndArray();
  }

  /** A rolling restart. A shard that was not up is passed over: it is dialling already. */
  private final class Restart {

    private final Operation operation;
    private final Deque<Shard> rest;
    private int underWay;
    private int passedOver;

    Restart(Operation operation, Deque<Shard> rest) {
      this.operation = operation;
      this.rest = rest;
    }

    void start(int atATime) {
      for (int i = 0; i < atATime; i++) {
        next();
      }
    }

    private void next() {
      Shard shard = operation.isRunning() ? rest.poll() : null;
      if (shard == null) {
        if (underWay == 0 && operation.isRunning()) {
          finish();
        }
        return;
      }
      underWay++;
      boolean up = shard.state() == GatewayState.READY;
      CompletionStage<Void> reconnected =
          up ? bounded(shard.reconnect()) : CompletableFuture.completedStage(null);
      reconnected.whenCompleteAsync((ready, failure) -> ended(shard, up, failure), executor);
    }

    private void ended(Shard shard, boolean up, @Nullable Throwable failure) {
      underWay--;
      if (!operation.isRunning()) {
        return;
      }
      if (failure != null) {
        end(
            operation,
            true,
            String.format(
                Locale.ROOT,
                "rolling restart stopped after %,d of %,d shards: shard %d: %s",
                operation.done,
                operation.total,
                shard.id().id(),
                describe(failure)));
        return;
      }
      operation.done++;
      version++;
      if (!up) {
        passedOver++;
      }
      next();
    }

    private void finish() {
      end(
          operation,
          false,
          String.format(
              Locale.ROOT,
              "rolling restart of %,d shards is done%s",
              operation.total,
              passedOver == 0 ? "" : ", " + passedOver + " were not up and were passed over"));
    }
  }
}
