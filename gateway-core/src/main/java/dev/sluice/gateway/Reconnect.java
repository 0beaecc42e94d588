package dev.sluice.gateway;

import java.net.URI;

/**
 * What the driver has to do to reconnect. Immutable.
 *
 * @param closeCode the code to close the old transport with, at once and without waiting for the
 *     answer; 0 when there is none to close, because it is gone or was never up
 * @param delayNanos how long to wait before {@code connecting()} and the dial, at least 0
 * @param uri where to dial, with the query of version, encoding and compression
 * @param cause why
 * @param detail why, for the log: names values, holds no secret and no payload
 */
public record Reconnect(int closeCode, long delayNanos, URI uri, Cause cause, String detail) {

  /** What ended the transport before, or why there is none. */
  public enum Cause {
    /** The first dial of a connection. */
    START,
    /** The dial failed or took too long. */
    DIAL_FAILED,
    /** HELLO, READY or RESUMED did not come in time. */
    TIMED_OUT,
    /** The gateway closed the transport with a close frame. */
    CLOSED,
    /** The transport was lost without a close frame. */
    LOST,
    /** The gateway asked for it (op 7), or the application did. */
    REQUESTED,
    /** The gateway invalidated the session or refused IDENTIFY (op 9). */
    INVALID_SESSION,
    /** Heartbeats went unacknowledged while nothing else came. */
    ZOMBIE,
    /** The gateway sent bytes that are no payload. */
    PROTOCOL_ERROR
  }
}
