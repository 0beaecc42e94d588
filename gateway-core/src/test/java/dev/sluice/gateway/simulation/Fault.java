package dev.sluice.gateway.simulation;

/** Everything that goes wrong on purpose. */
enum Fault {
  /** The transport dies after some more bytes of one direction, perhaps within a message. */
  CUT,
  /** One direction or both fall silent without a word. */
  HALF_OPEN,
  /** The next message to the client is replaced by bytes that mean nothing. */
  GARBAGE,
  /** A bit of the next message to the client is wrong. */
  BIT_FLIP,
  /** Nothing arrives for a while, then everything at once. */
  STALL,
  /** Every dial fails for minutes. */
  NAME_FAILURE,
  /** The host of the resume URL answers 503 for minutes. */
  RESUME_HOST_DOWN,
  /** Op 1. */
  HEARTBEAT_REQUEST,
  /** Op 7. */
  RECONNECT,
  /** Op 9, {@code d} true. */
  INVALID_RESUMABLE,
  /** Op 9, {@code d} false. */
  INVALID,
  /** The server closes with any code that is not fatal. */
  CLOSE,
  /** Op 7, op 9 or a close on many shards at once. */
  STORM,
  /** Heartbeats are not acknowledged for a while. */
  ACKS_WITHHELD,
  /** IDENTIFY and RESUME are not answered for minutes; heartbeats are. */
  OUTAGE,
  /** For a minute, every session that has just begun or resumed is closed at once. */
  FLAPPING,
  /** An event that no client can take, for it is over the size limit. */
  POISON,
  /** The server forgets a session. */
  SESSION_FORGOTTEN,
  /** All shards of the bot end without a word and start again from what was stored. */
  BOT_CRASH,
  /** One shard ends without a word and starts again from what was stored. */
  SHARD_CRASH,
  /** One shard stops to be resumed, and starts again. */
  RESTART,
  /** One shard stops for good, and starts again. */
  GOODBYE,
  /** The application does not read for a while, again and again. */
  PAUSES,
  /** The application queues more commands than may be sent. */
  COMMANDS
}
