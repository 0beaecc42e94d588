package dev.sluice.gateway.netty;

/** What became of a command. */
public enum CommandOutcome {
  /** It was written to the transport. Whether the gateway acted on it, only its events tell. */
  SENT,
  /** Too many commands wait, or the shard has ended. */
  REFUSED,
  /** A later presence update took its place before it was written. */
  OVERWRITTEN,
  /** The session was lost, the shard ended, or the transport failed, before it was written. */
  DROPPED,
  /** The shard that it is for does not run here. */
  NOT_HERE
}
