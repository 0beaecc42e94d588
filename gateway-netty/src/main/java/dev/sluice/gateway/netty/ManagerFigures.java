package dev.sluice.gateway.netty;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Reconnect;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Adds up what the event loops of a manager counted. Thread-safe. */
final class ManagerFigures {

  private final List<LoopContext> loops;

  ManagerFigures(List<LoopContext> loops) {
    this.loops = loops;
  }

  ShardManagerStats stats(
      Collection<Shard> shards, int sessionStartsLeft, SessionStoreStats sessionStore) {
    Map<GatewayState, Integer> states = new EnumMap<>(GatewayState.class);
    Map<LoopContext, Integer> shardsOfLoops = new HashMap<>();
    long unhandledEvents = 0;
    int pausedShards = 0;
    long pausedNanos = get(Figure.PAUSED_NANOS);
    long nowNanos = System.nanoTime();
    for (Shard shard : shards) {
      states.merge(shard.state(), 1, Integer::sum);
      shardsOfLoops.merge(shard.context(), 1, Integer::sum);
      unhandledEvents += shard.unhandledEvents();
      long pausedFor = shard.figures().pausedForNanos(nowNanos);
      if (pausedFor > 0) {
        pausedShards++;
        pausedNanos += pausedFor;
      }
    }
    return new ShardManagerStats(
        states,
        traffic(),
        connections(),
        sessions(sessionStartsLeft),
        new ShardManagerStats.Handling(
            get(Figure.HANDLER_FAILURES),
            get(Figure.FILTERED_EVENTS),
            unhandledEvents,
            pausedShards,
            get(Figure.PAUSES),
            pausedNanos,
            get(Figure.COMMANDS_REFUSED),
            get(Figure.COMMANDS_DROPPED)),
        sessionStore,
        loops(shardsOfLoops));
  }

  private ShardManagerStats.Traffic traffic() {
    return new ShardManagerStats.Traffic(
        sum(EventType.class, figures -> figures.events),
        get(Figure.RECEIVED_BYTES),
        get(Figure.PAYLOAD_BYTES),
        get(Figure.SENT_MESSAGES),
        get(Figure.SENT_BYTES));
  }

  private ShardManagerStats.Connections connections() {
    return new ShardManagerStats.Connections(
        sum(Reconnect.Cause.class, figures -> figures.reconnects),
        sum(CloseCode.class, figures -> figures.receivedCloseCodes),
        get(Figure.CLOSES_TO_RESUME),
        get(Figure.CLOSES_FOR_GOOD),
        get(Figure.DIAL_FAILURES),
        latencies(figures -> figures.heartbeatLatency));
  }

  private ShardManagerStats.Sessions sessions(int startsLeft) {
    int identifiesWaiting = 0;
    for (LoopContext loop : loops) {
      identifiesWaiting += loop.identifyWaits.size();
    }
    return new ShardManagerStats.Sessions(
        get(Figure.IDENTIFIES),
        get(Figure.RESUMES),
        sum(Reconnect.Cause.class, figures -> figures.resumeFailures),
        get(Figure.SESSIONS_LOST),
        get(Figure.STORE_FAILURES),
        identifiesWaiting,
        latencies(figures -> figures.identifyWait),
        startsLeft);
  }

  private List<ShardManagerStats.Loop> loops(Map<LoopContext, Integer> shards) {
    List<ShardManagerStats.Loop> each = new ArrayList<>(loops.size());
    for (LoopContext loop : loops) {
      each.add(
          new ShardManagerStats.Loop(
              shards.getOrDefault(loop, 0),
              loop.figures.events.sum(),
              loop.lagNanos(),
              LatencyStats.of(List.of(loop.figures.lag))));
    }
    return each;
  }

  private long get(Figure figure) {
    long sum = 0;
    for (LoopContext loop : loops) {
      sum += loop.figures.get(figure);
    }
    return sum;
  }

  private <E extends Enum<E>> Map<E, Long> sum(
      Class<E> type, Function<LoopFigures, EnumCounters<E>> counters) {
    Map<E, Long> sums = new EnumMap<>(type);
    for (LoopContext loop : loops) {
      counters.apply(loop.figures).addTo(sums);
    }
    return sums;
  }

  private LatencyStats latencies(Function<LoopFigures, LatencyRecorder> recorder) {
    return LatencyStats.of(loops.stream().map(loop -> recorder.apply(loop.figures)).toList());
  }
}
