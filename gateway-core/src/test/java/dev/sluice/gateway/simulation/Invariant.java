package dev.sluice.gateway.simulation;

/** What must hold in every run. */
enum Invariant {
  /** Two IDENTIFYs of one bucket arrive 5 s apart or more. */
  IDENTIFY_SPACING,
  /** IDENTIFY is sent with a permit, and not beyond the session starts that are left. */
  IDENTIFY_BUDGET,
  /** No more than 120 payloads of one transport within 60 s. */
  SEND_LIMIT,
  /** A session that lives on is not closed with 1000 or 1001. */
  CLOSE_KEEPS_SESSION,
  /** The sequence that a client reports never falls within a session. */
  SEQUENCE_NEVER_FALLS,
  /**
   * One IDENTIFY or RESUME on a transport, nothing before HELLO, no mistake the server closes for.
   */
  PROTOCOL,
  /** A terminal connection is silent. */
  SILENT_WHEN_TERMINAL,
  /** Events arrive in order, without a gap and once, while the process lives. */
  EVENTS_IN_ORDER,
  /** Every event of a session that was not lost is handled in the end. */
  NO_EVENT_LOST,
  /** A stored session names what was handled: not more, and not less than it could. */
  CHECKPOINT,
  /** A session that could be resumed is not given up. */
  SESSION_NOT_ABANDONED,
  /** A session that the server invalidated is not resumed, and the next dial waits. */
  INVALID_SESSION,
  /** Dials of one shard are bounded within a minute. */
  DIAL_STORM,
  /** A reconnect is asked for once. */
  RECONNECT_ONCE,
  /** Inputs of an old transport do nothing. */
  OLD_TRANSPORT,
  /** Heartbeats arrive in time on a transport without a fault, and not more often. */
  HEARTBEATS,
  /** A transport without a fault is not left. */
  HEALTHY_TRANSPORT_KEPT,
  /** A dead transport is found. */
  DEAD_TRANSPORT_FOUND,
  /** A message that always breaks the stream is met a few times at most. */
  POISON,
  /** Every shard is ready again once faults have stopped. */
  READY_AGAIN,
  /** A stopped connection ends. */
  STOPS,
  /** Nothing goes on for ever. */
  ENDS,
  /** Nothing throws. */
  NO_EXCEPTION
}
