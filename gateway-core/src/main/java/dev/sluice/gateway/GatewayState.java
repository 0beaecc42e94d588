package dev.sluice.gateway;

/**
 * Where a connection stands. The legal changes are those of one table; a diagram of it is in the
 * project's protocol page. Each constant says what the driver owes in that state.
 */
public enum GatewayState {
  /** Created, never dialled. The driver owes the first dial: {@code shouldReconnect()} is true. */
  IDLE,
  /** The driver is dialling. It owes the outcome, and the timer. */
  CONNECTING,
  /** The transport is up, HELLO has not come. The driver feeds, drains, and keeps the timer. */
  WAIT_HELLO,
  /** HELLO has come, no session is held. The driver also owes the identify permit. */
  WAIT_PERMIT,
  /** IDENTIFY was handed out. The driver feeds, drains, and keeps the timer. */
  IDENTIFYING,
  /** RESUME is due or was handed out; missed events are replayed. Feed, drain, keep the timer. */
  RESUMING,
  /** The session is live. Feed, drain, keep the timer. */
  READY,
  /** We are closing. The driver owes the close frame, the peer's answer, and the timer. */
  CLOSING,
  /** No transport; the driver owes the dial that {@code reconnect()} describes. */
  BACKOFF,
  /** The gateway refused for good: an operator is needed. The driver owes nothing. */
  FATAL,
  /** Stopped on request. The driver owes nothing. */
  STOPPED;

  /** {@return whether the transport is up and payloads flow: WAIT_HELLO to READY} */
  public boolean isOpen() {
    return this == WAIT_HELLO
        || this == WAIT_PERMIT
        || this == IDENTIFYING
        || this == RESUMING
        || this == READY;
  }

  /** {@return whether the connection asks for nothing any more: FATAL or STOPPED} */
  public boolean isTerminal() {
    return this == FATAL || this == STOPPED;
  }
}
