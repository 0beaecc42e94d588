package dev.sluice.gateway;

/** What moves a connection from one {@link GatewayState} to another. */
enum Signal {
  /** The driver began to dial. */
  DIALLED,
  /** The dial failed, or its deadline passed. */
  DIAL_FAILED,
  /** The transport is up. */
  OPENED,
  /** HELLO came and no session is held. */
  HELLO_NEW_SESSION,
  /** HELLO came and a session is held. */
  HELLO_KNOWN_SESSION,
  /** HELLO came once more; undocumented, re-arms the heartbeat. */
  HELLO_AGAIN,
  /** IDENTIFY was handed to the driver. */
  IDENTIFY_SENT,
  /** The READY event: a new session. */
  READY,
  /** The RESUMED event: the replay is over. */
  RESUMED,
  /** Any other event of a session. */
  DISPATCH,
  /** The gateway asked for a reconnect (op 7). */
  RECONNECT_REQUESTED,
  /** The session is invalid but may be resumed (op 9, true). */
  INVALID_SESSION_RESUMABLE,
  /** The session is dead, or IDENTIFY was refused (op 9, false). */
  INVALID_SESSION,
  /** No heartbeat was acknowledged and nothing else came. */
  ZOMBIED,
  /** HELLO, READY or RESUMED did not come in time. */
  TIMED_OUT,
  /** Bytes that are no payload. */
  PROTOCOL_ERROR,
  /** The transport ended, with a close code that lets us reconnect or without one. */
  CLOSED,
  /** The transport ended with a close code that forbids a reconnect. */
  CLOSED_FOR_GOOD,
  /** The application wants an end. */
  STOP
}
