package dev.sluice.gateway.netty;

/** What is counted from the start of a manager, beside events, causes and close codes. */
enum Figure {
  /** Bytes of WebSocket messages received, before inflation. */
  RECEIVED_BYTES,
  /** Bytes of payloads received, after inflation. */
  PAYLOAD_BYTES,
  /** Payloads written: heartbeats, identifies, resumes and commands. */
  SENT_MESSAGES,
  /** Bytes of the payloads written. */
  SENT_BYTES,
  /** Sessions started. */
  IDENTIFIES,
  /** Sessions resumed. */
  RESUMES,
  /** Sessions that can not be resumed any more. */
  SESSIONS_LOST,
  /** Transports that we closed with {@link dev.sluice.gateway.CloseCode#CLOSE_TO_RESUME}. */
  CLOSES_TO_RESUME,
  /** Transports that we closed with {@link dev.sluice.gateway.CloseCode#CLOSE_FOR_GOOD}. */
  CLOSES_FOR_GOOD,
  /** Dials that led to no WebSocket. */
  DIAL_FAILURES,
  /** Events whose handling threw. */
  HANDLER_FAILURES,
  /** Events that the filter kept from the sink. */
  FILTERED_EVENTS,
  /** Pauses of a shard's reading that have begun. */
  PAUSES,
  /** Nanoseconds of the pauses that have ended. */
  PAUSED_NANOS,
  /** Sessions that the store failed to store, to load or to remove. */
  STORE_FAILURES,
  /** Commands refused: the queue was full, or the event loop has ended. */
  COMMANDS_REFUSED,
  /** Commands dropped by a new session or a failed write. */
  COMMANDS_DROPPED
}
