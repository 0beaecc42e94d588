package dev.sluice.gateway.kafka.internal.group;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.CommandOutcome;
import dev.sluice.gateway.netty.CommandSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The commands of one shard on their way from its partition to the manager: oldest first, a few at
 * a time. Confined to the group's thread.
 */
final class CommandLane {

  private static final Logger log = LoggerFactory.getLogger(CommandLane.class);

  /** So few that a shard which is not ready does not fill its queue with them. */
  static final int MAX_IN_FLIGHT = 16;

  /** Records that wait here before the partition is paused. */
  static final int HIGH_WATERMARK = 64;

  private static final int LOW_WATERMARK = MAX_IN_FLIGHT;

  /** What the lanes of a group have in common. Confined to the group's thread. */
  static final class Shared {

    private static final long LOG_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final long maxAgeMillis;
    private final LongSupplier wallMillis;
    private final LongSupplier nanoTime;
    private final Executor thread;
    private final FleetCounters counters;
    private CommandSource.@Nullable Sink sink;
    private long loggedAtNanos;
    private long unlogged;

    /**
     * Makes what they share.
     *
     * @param maxAgeMillis older commands are dropped
     * @param wallMillis the wall clock, which the broker's are compared with
     * @param nanoTime the monotonic clock
     * @param thread runs tasks on the group's thread
     * @param counters count what became of the commands
     */
    Shared(
        long maxAgeMillis,
        LongSupplier wallMillis,
        LongSupplier nanoTime,
        Executor thread,
        FleetCounters counters) {
      this.maxAgeMillis = maxAgeMillis;
      this.wallMillis = wallMillis;
      this.nanoTime = nanoTime;
      this.thread = thread;
      this.counters = counters;
      this.loggedAtNanos = nanoTime.getAsLong() - LOG_INTERVAL_NANOS;
    }

    void sink(CommandSource.@Nullable Sink sink) {
      this.sink = sink;
    }

    boolean hasSink() {
      return sink != null;
    }

    private void dropped(ConsumerRecord<byte[], byte[]> command, String why) {
      counters.commandsDropped.increment();
      unlogged++;
      long now = nanoTime.getAsLong();
      if (now - loggedAtNanos < LOG_INTERVAL_NANOS) {
        return;
      }
      log.atWarn()
          .addKeyValue("partition", command.partition())
          .addKeyValue("offset", command.offset())
          .log(
              "the command at offset {} of {}-{} was dropped: {}; {} like it since the last line",
              command.offset(),
              command.topic(),
              command.partition(),
              why,
              unlogged - 1);
      loggedAtNanos = now;
      unlogged = 0;
    }
  }

  private static final class InFlight {

    final long offset;
    boolean done;

    InFlight(long offset) {
      this.offset = offset;
    }
  }

  private final OwnedShard owned;
  private final Shared shared;
  private final Deque<ConsumerRecord<byte[], byte[]>> waiting = new ArrayDeque<>();
  private final Deque<InFlight> inFlight = new ArrayDeque<>();
  private boolean paused = true;
  private boolean ended;

  CommandLane(OwnedShard owned, Shared shared) {
    this.owned = owned;
    this.shared = shared;
  }

  /** Takes a record, behind those it has. */
  void add(ConsumerRecord<byte[], byte[]> command) {
    if (!ended) {
      waiting.add(command);
    }
  }

  /** Hands over what may go now. */
  void pump() {
    CommandSource.Sink sink = shared.sink;
    while (sink != null && !ended && inFlight.size() < MAX_IN_FLIGHT && !waiting.isEmpty()) {
      ConsumerRecord<byte[], byte[]> command = waiting.remove();
      InFlight entry = new InFlight(command.offset());
      inFlight.add(entry);
      send(sink, command, entry);
    }
    advance();
  }

  private void send(
      CommandSource.Sink sink, ConsumerRecord<byte[], byte[]> command, InFlight entry) {
    long ageMillis = shared.wallMillis.getAsLong() - command.timestamp();
    if (ageMillis > shared.maxAgeMillis) {
      drop(command, entry, "it is " + ageMillis + " ms old (max " + shared.maxAgeMillis + ')');
      return;
    }
    CompletionStage<CommandOutcome> sent;
    try {
      byte[] value = command.value();
      if (value == null) {
        throw new IllegalArgumentException("command: no value");
      }
      sent = sink.send(owned.shard, GatewayCommand.fromJson(new String(value, UTF_8)));
    } catch (RuntimeException e) { // one that is no command must not stop those behind it
      drop(command, entry, String.valueOf(e.getMessage()));
      return;
    }
    sent.whenComplete(
        (outcome, failure) ->
            shared.thread.execute(() -> completed(command, entry, outcome, failure)));
  }

  private void completed(
      ConsumerRecord<byte[], byte[]> command,
      InFlight entry,
      @Nullable CommandOutcome outcome,
      @Nullable Throwable failure) {
    if (failure != null) {
      drop(command, entry, String.valueOf(failure.getMessage()));
    } else if (outcome == CommandOutcome.SENT || outcome == CommandOutcome.OVERWRITTEN) {
      shared.counters.commandsHandled.increment();
      entry.done = true;
    } else if (!ended && outcome != CommandOutcome.NOT_HERE) {
      drop(command, entry, "the shard answered " + outcome);
    } // otherwise it is the next owner's
    pump();
  }

  private void drop(ConsumerRecord<byte[], byte[]> command, InFlight entry, String why) {
    shared.dropped(command, why);
    entry.done = true;
  }

  private void advance() {
    for (InFlight first = inFlight.peek(); first != null && first.done; first = inFlight.peek()) {
      inFlight.remove();
      owned.nextCommand = first.offset + 1;
    }
  }

  /** {@return whether the partition's records are wanted, and that has changed} */
  boolean startsReading() {
    if (paused && !ended && shared.sink != null && waiting.size() <= LOW_WATERMARK) {
      paused = false;
      return true;
    }
    return false;
  }

  /** {@return whether no more of the partition's records are wanted, and that has changed} */
  boolean stopsReading() {
    if (!paused && waiting.size() >= HIGH_WATERMARK) {
      paused = true;
      return true;
    }
    return false;
  }

  /** The shard stops here: what was not sent is the next owner's. */
  void end() {
    ended = true;
    waiting.clear();
  }

  /** The shard starts here, again perhaps, with the command that it is said to have next. */
  void begin() {
    ended = false;
    paused = true;
    waiting.clear();
    inFlight.clear();
  }
}
