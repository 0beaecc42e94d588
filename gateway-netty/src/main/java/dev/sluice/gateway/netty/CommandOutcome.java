package dev.sluice.gateway.netty;

/** What became of a command. */
public enum CommandOutcome {
  /** It was written to the transport. Whether the gateway acted on it, only its events tell. */
  SENT,
  /** Too many commands wait, or the shard has ended. */
  REFUSED,
  /** The shard ended, or the transport failed, before it was written. */
  DROPPED
}
