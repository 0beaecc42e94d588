package dev.sluice.gateway.netty;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Reconnect;

/**
 * What was counted on one event loop. That loop alone writes, except where a method says otherwise;
 * any thread reads.
 */
final class LoopFigures {

  /** Dispatches received. */
  final EnumCounters<EventType> events = new EnumCounters<>(EventType.class);

  /** Transports that ended and are to be replaced. */
  final EnumCounters<Reconnect.Cause> reconnects = new EnumCounters<>(Reconnect.Cause.class);

  /** What ended transports before RESUMED came. */
  final EnumCounters<Reconnect.Cause> resumeFailures = new EnumCounters<>(Reconnect.Cause.class);

  /** Close frames received. */
  final EnumCounters<CloseCode> receivedCloseCodes = new EnumCounters<>(CloseCode.class);

  final LatencyRecorder heartbeatLatency = LatencyRecorder.fine();
  final LatencyRecorder identifyWait = LatencyRecorder.coarse();
  final LatencyRecorder lag = LatencyRecorder.coarse();

  private final EnumCounters<Figure> figures = new EnumCounters<>(Figure.class);
  private final EnumCounters<Figure> shared = new EnumCounters<>(Figure.class);

  /** Counts a close frame of ours; on the event loop only. */
  void closed(int closeCode) {
    add(
        closeCode == CloseCode.CLOSE_FOR_GOOD ? Figure.CLOSES_FOR_GOOD : Figure.CLOSES_TO_RESUME,
        1);
  }

  /** Adds to a figure; on the event loop only. */
  void add(Figure figure, long amount) {
    figures.add(figure, amount);
  }

  /** Adds to a figure that is rarely added to; on any thread. */
  void addFromAnyThread(Figure figure, long amount) {
    shared.addFromAnyThread(figure, amount);
  }

  long get(Figure figure) {
    return figures.get(figure) + shared.get(figure);
  }
}
