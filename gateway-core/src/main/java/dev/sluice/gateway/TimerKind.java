package dev.sluice.gateway;

/** Everything that a connection ever waits for. */
enum TimerKind {
  /** The dial's outcome. */
  CONNECT,
  /** HELLO. */
  HELLO,
  /** The next heartbeat. */
  HEARTBEAT,
  /** A sign of life of a transport under suspicion. */
  PROBE,
  /** The moment at which a connection that grants its own permits may IDENTIFY. */
  IDENTIFY,
  /** READY or RESUMED. */
  SESSION,
  /** The end of the period after which a live session counts as stable. */
  STABLE,
  /** Room in the send budget for a command that waits. */
  SEND_BUDGET,
  /** The peer's answer to our close frame. */
  CLOSE
}
