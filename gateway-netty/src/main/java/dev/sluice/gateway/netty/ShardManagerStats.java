package dev.sluice.gateway.netty;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Reconnect;
import java.util.List;
import java.util.Map;

/**
 * What a manager's shards did since its start. The figures of several event loops are read one
 * after another, so they may be an instant apart. Counts only grow, those of shards that have left
 * included. Immutable.
 *
 * @param shards how many shards are in each state; states without a shard are absent
 * @param traffic what went over the wire
 * @param connections how transports ended
 * @param sessions how sessions were started and kept
 * @param handling how the application keeps up
 * @param sessionStore what the session store did; {@link SessionStoreStats#NONE} unless it is a
 *     {@link DirectorySessionStore}
 * @param loops the event loops, always in the same order
 */
public record ShardManagerStats(
    Map<GatewayState, Integer> shards,
    Traffic traffic,
    Connections connections,
    Sessions sessions,
    Handling handling,
    SessionStoreStats sessionStore,
    List<Loop> loops) {

  /**
   * Copies the map and the list.
   *
   * @param shards how many shards are in each state; states without a shard are absent
   * @param traffic what went over the wire
   * @param connections how transports ended
   * @param sessions how sessions were started and kept
   * @param handling how the application keeps up
   * @param sessionStore what the session store did; {@link SessionStoreStats#NONE} unless it is a
   *     {@link DirectorySessionStore}
   * @param loops the event loops, always in the same order
   */
  public ShardManagerStats {
    shards = Map.copyOf(shards);
    loops = List.copyOf(loops);
  }

  /**
   * {@return how many shards are in a state}
   *
   * @param state the state
   */
  public int shards(GatewayState state) {
    return shards.getOrDefault(state, 0);
  }

  /** {@return dispatches received} */
  public long events() {
    return traffic.events();
  }

  /** {@return bytes of WebSocket messages received, before inflation} */
  public long receivedBytes() {
    return traffic.receivedBytes();
  }

  /** {@return bytes of payloads, after inflation} */
  public long payloadBytes() {
    return traffic.payloadBytes();
  }

  /** {@return transports that ended and are to be replaced, and dials that failed} */
  public long reconnects() {
    return connections.reconnects().values().stream().mapToLong(Long::longValue).sum();
  }

  /** {@return sessions resumed} */
  public long resumes() {
    return sessions.resumes();
  }

  /** {@return sessions started} */
  public long identifies() {
    return sessions.identifies();
  }

  /** {@return events whose handling threw} */
  public long handlerFailures() {
    return handling.handlerFailures();
  }

  /** {@return latencies of heartbeats} */
  public LatencyStats heartbeatLatency() {
    return connections.heartbeatLatency();
  }

  /**
   * What went over the wire, in WebSocket messages of the gateway's protocol. Frame headers, TLS
   * and TCP are not counted, nor pings and close frames.
   *
   * @param eventsByType dispatches received by type; types that never came are absent, names
   *     without a constant are {@link EventType#UNKNOWN}
   * @param receivedBytes bytes of messages received, before inflation
   * @param payloadBytes bytes of payloads received, after inflation
   * @param sentMessages payloads written: heartbeats, identifies, resumes and commands
   * @param sentBytes bytes of the payloads written
   */
  public record Traffic(
      Map<EventType, Long> eventsByType,
      long receivedBytes,
      long payloadBytes,
      long sentMessages,
      long sentBytes) {
    /**
     * Copies the map.
     *
     * @param eventsByType dispatches received by type; types that never came are absent, names
     *     without a constant are {@link EventType#UNKNOWN}
     * @param receivedBytes bytes of messages received, before inflation
     * @param payloadBytes bytes of payloads received, after inflation
     * @param sentMessages payloads written: heartbeats, identifies, resumes and commands
     * @param sentBytes bytes of the payloads written
     */
    public Traffic {
      eventsByType = Map.copyOf(eventsByType);
    }

    /** {@return dispatches received} */
    public long events() {
      return eventsByType.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  /**
   * How transports ended, and how their heartbeats did.
   *
   * @param reconnects transports that ended and are to be replaced, and dials that failed, by
   *     cause; causes that never were are absent
   * @param receivedCloseCodes close frames of the gateway by code; codes that never came are
   *     absent, numbers without a constant are {@link CloseCode#UNKNOWN}
   * @param closesToResume transports that we closed with {@link CloseCode#CLOSE_TO_RESUME}
   * @param closesForGood transports that we closed with {@link CloseCode#CLOSE_FOR_GOOD}
   * @param dialFailures dials that led to no WebSocket: no such host, refused, TLS, an HTTP answer,
   *     no answer in time
   * @param heartbeatLatency from the write of a heartbeat to its ACK
   */
  public record Connections(
      Map<Reconnect.Cause, Long> reconnects,
      Map<CloseCode, Long> receivedCloseCodes,
      long closesToResume,
      long closesForGood,
      long dialFailures,
      LatencyStats heartbeatLatency) {
    /**
     * Copies the maps.
     *
     * @param reconnects transports that ended and are to be replaced, and dials that failed, by
     *     cause; causes that never were are absent
     * @param receivedCloseCodes close frames of the gateway by code; codes that never came are
     *     absent, numbers without a constant are {@link CloseCode#UNKNOWN}
     * @param closesToResume transports that we closed with {@link CloseCode#CLOSE_TO_RESUME}
     * @param closesForGood transports that we closed with {@link CloseCode#CLOSE_FOR_GOOD}
     * @param dialFailures dials that led to no WebSocket: no such host, refused, TLS, an HTTP
     *     answer, no answer in time
     * @param heartbeatLatency from the write of a heartbeat to its ACK
     */
    public Connections {
      reconnects = Map.copyOf(reconnects);
      receivedCloseCodes = Map.copyOf(receivedCloseCodes);
    }
  }

  /**
   * How sessions were started and kept.
   *
   * @param identifies sessions started
   * @param resumes sessions resumed
   * @param resumeFailures transports that ended while a session was being resumed, by cause; causes
   *     that never were are absent
   * @param lost sessions that could not be resumed any more, so that events may be missing
   * @param storeFailures sessions that the store failed to load, to store or to remove
   * @param identifiesWaiting shards without a session that want to identify now and have not yet
   * @param identifyWait accurate to 10 %, from when a shard without a session wanted to dial to the
   *     write of its IDENTIFY
   * @param startsLeft session starts that are left in the window of now, -1 when that is not known
   *     here
   */
  public record Sessions(
      long identifies,
      long resumes,
      Map<Reconnect.Cause, Long> resumeFailures,
      long lost,
      long storeFailures,
      int identifiesWaiting,
      LatencyStats identifyWait,
      int startsLeft) {
    /**
     * Copies the map.
     *
     * @param identifies sessions started
     * @param resumes sessions resumed
     * @param resumeFailures transports that ended while a session was being resumed, by cause;
     *     causes that never were are absent
     * @param lost sessions that could not be resumed any more, so that events may be missing
     * @param storeFailures sessions that the store failed to load, to store or to remove
     * @param identifiesWaiting shards without a session that want to identify now and have not yet
     * @param identifyWait accurate to 10 %, from when a shard without a session wanted to dial to
     *     the write of its IDENTIFY
     * @param startsLeft session starts that are left in the window of now, -1 when that is not
     *     known here
     */
    public Sessions {
      resumeFailures = Map.copyOf(resumeFailures);
    }
  }

  /**
   * How the application keeps up with the events.
   *
   * @param handlerFailures events whose handling threw
   * @param filteredEvents events that the filter kept from the application
   * @param unhandledEvents events that were received and wait to be acknowledged now
   * @param pausedShards shards whose reading is paused now
   * @param pauses pauses of a shard's reading so far
   * @param pausedNanos how long shards were paused in all, in nanoseconds, pauses of now included
   * @param commandsRefused commands refused, for too many waited
   * @param commandsDropped commands dropped by a new session or a failed write
   */
  public record Handling(
      long handlerFailures,
      long filteredEvents,
      long unhandledEvents,
      int pausedShards,
      long pauses,
      long pausedNanos,
      long commandsRefused,
      long commandsDropped) {}

  /**
   * One event loop.
   *
   * @param shards the shards that run on it
   * @param events dispatches received on it
   * @param lagNanos how late it is now with what is due, in nanoseconds
   * @param lag how late it was, measured every 100 ms, accurate to 10 %; of a loop that is blocked
   *     the time until it is free again counts once
   */
  public record Loop(int shards, long events, long lagNanos, LatencyStats lag) {}
}
