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

import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Every legal state change of a connection. A pair that is absent changes nothing: the input is one
 * that the state does not expect, and is ignored.
 */
final class TransitionTable {

  private static final Map<GatewayState, Map<Signal, GatewayState>> NEXT =
      new EnumMap<>(GatewayState.class);

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
    Map<Signal, GatewayState> row = NEXT.get(state);
    return row == null ? null : row.get(signal);
  }

  private static void on(GatewayState state, Signal signal, GatewayState next) {
    GatewayState previous =
        NEXT.computeIfAbsent(state, s -> new EnumMap<>(Signal.class)).put(signal, next);
    if (previous != null) {
      throw new AssertionError("two rows for " + state + " and " + signal);
    }
  }
}
