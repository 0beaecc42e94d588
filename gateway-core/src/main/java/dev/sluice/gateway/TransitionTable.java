package dev.sluice.gateway;

import static dev.sluice.gateway.GatewayState.BACKOFF;
import static dev.sluice.gateway.GatewayState.CLOSING;
import static dev.sluice.gateway.GatewayState.CONNECTING;
import static dev.sluice.gateway.GatewayState.FATAL;
import static dev.sluice.gateway.GatewayState.IDENTIFYING;
import static dev.sluice.gateway.GatewayState.IDLE;
import static dev.sluice.gateway.GatewayState.READY;
import static dev.sluice.gateway.GatewayState.RESUMING;
import static dev.sluice.gateway.GatewayState.STOPPED;
import static dev.sluice.gateway.GatewayState.WAIT_HELLO;
import static dev.sluice.gateway.GatewayState.WAIT_PERMIT;

import org.jspecify.annotations.Nullable;

/**
 * Every legal state change of a connection. A pair that is absent changes nothing: the input is one
 * that the state does not expect, and is ignored.
 */
final class TransitionTable {

  private static final int SIGNALS = Signal.values().length;

  /** A row of all signals for each state, null where there is no change: read for every event. */
  private static final @Nullable GatewayState[] NEXT =
      new GatewayState[GatewayState.values().length * SIGNALS];

  static {
    on(IDLE, Signal.DIALLED, CONNECTING);
    on(IDLE, Signal.STOP, STOPPED);

    on(CONNECTING, Signal.OPENED, WAIT_HELLO);
    on(CONNECTING, Signal.DIAL_FAILED, BACKOFF);
    on(CONNECTING, Signal.STOP, STOPPED);

    on(WAIT_HELLO, Signal.HELLO_NEW_SESSION, WAIT_PERMIT);
    on(WAIT_HELLO, Signal.HELLO_KNOWN_SESSION, RESUMING);

    on(WAIT_PERMIT, Signal.IDENTIFY_SENT, IDENTIFYING);
    on(WAIT_PERMIT, Signal.HELLO_AGAIN, WAIT_PERMIT);

    on(IDENTIFYING, Signal.READY, READY);
    on(IDENTIFYING, Signal.HELLO_AGAIN, IDENTIFYING);

    on(RESUMING, Signal.DISPATCH, RESUMING);
    on(RESUMING, Signal.RESUMED, READY);
    on(RESUMING, Signal.READY, READY); // a gateway that answers RESUME with a new session
    on(RESUMING, Signal.HELLO_AGAIN, RESUMING);

    on(READY, Signal.DISPATCH, READY);
    on(READY, Signal.RESUMED, READY);
    on(READY, Signal.READY, READY);
    on(READY, Signal.HELLO_AGAIN, READY);

    for (GatewayState open : GatewayState.values()) {
      if (open.isOpen()) {
        on(open, Signal.RECONNECT_REQUESTED, BACKOFF);
        on(open, Signal.INVALID_SESSION_RESUMABLE, BACKOFF);
        on(open, Signal.INVALID_SESSION, BACKOFF);
        on(open, Signal.ZOMBIED, BACKOFF);
        on(open, Signal.TIMED_OUT, BACKOFF);
        on(open, Signal.PROTOCOL_ERROR, BACKOFF);
        on(open, Signal.CLOSED, BACKOFF);
        on(open, Signal.CLOSED_FOR_GOOD, FATAL);
        on(open, Signal.STOP, CLOSING);
      }
    }

    on(CLOSING, Signal.CLOSED, STOPPED);
    on(CLOSING, Signal.CLOSED_FOR_GOOD, STOPPED);
    on(CLOSING, Signal.TIMED_OUT, STOPPED);

    on(BACKOFF, Signal.DIALLED, CONNECTING);
    on(BACKOFF, Signal.STOP, STOPPED);

    on(FATAL, Signal.STOP, STOPPED);
    // STOPPED has no row: nothing leaves it.
  }

  private TransitionTable() {}

  /** The state that a signal leads to, or null when the state does not expect it. */
  static @Nullable GatewayState next(GatewayState state, Signal signal) {
    return NEXT[index(state, signal)];
  }

  @SuppressWarnings("EnumOrdinal") // two maps would be most of what an event costs here
  private static int index(GatewayState state, Signal signal) {
    return state.ordinal() * SIGNALS + signal.ordinal();
  }

  private static void on(GatewayState state, Signal signal, GatewayState next) {
    int index = index(state, signal);
    if (NEXT[index] != null) {
      throw new AssertionError("two rows for " + state + " and " + signal);
    }
    NEXT[index] = next;
  }
}
