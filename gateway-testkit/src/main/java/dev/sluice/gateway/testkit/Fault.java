package dev.sluice.gateway.testkit;

import java.time.Duration;
import java.util.Objects;

/**
 * Something that goes wrong at a {@link LocalGateway}, given to {@link LocalGateway#fault}.
 * Immutable.
 *
 * <p>A fault strikes what exists and what comes: connections of the network's faults, WebSocket
 * requests, messages, ACKs, or sessions at the moment when they are started or resumed. What
 * strikes is one of these; {@link FaultPlan} says whose, and how many.
 */
public sealed interface Fault
    permits Faults.OfDials, Faults.OfNetwork, Faults.OfMessages, Faults.OfAcks, Faults.OfSessions {

  /** Which way bytes go. */
  enum Direction {
    /** From the client to the gateway. */
    FROM_CLIENT,
    /** From the gateway to the client. */
    TO_CLIENT,
    /** Both ways. */
    BOTH;

    boolean covers(Direction oneWay) {
      return this == BOTH || this == oneWay;
    }
  }

  /**
   * {@return a delay of all bytes of a connection, TLS and HTTP too, half of it each way} A
   * connection that is opened meanwhile also takes a round trip longer to be opened.
   *
   * @param roundTrip not negative
   * @throws IllegalArgumentException if it is negative
   */
  static Fault roundTrip(Duration roundTrip) {
    return roundTrip(roundTrip, roundTrip);
  }

  /**
   * {@return the delay of {@link #roundTrip(Duration)}, chosen anew for whatever is read or
   * written} Each half is uniform; nothing overtakes what went before.
   *
   * @param min not negative
   * @param max not below {@code min}
   * @throws IllegalArgumentException if one is out of its range
   */
  static Fault roundTrip(Duration min, Duration max) {
    return delay(Direction.BOTH, min.dividedBy(2), max.dividedBy(2));
  }

  /**
   * {@return a delay of the bytes that go one way, or both, chosen anew for whatever is read or
   * written} It is uniform; nothing overtakes what went before. {@code FROM_CLIENT} makes the
   * gateway judge late what clients sent in time, such as an IDENTIFY.
   *
   * @param direction which way; for {@code BOTH} the delay is of each of them
   * @param min not negative
   * @param max not below {@code min}
   * @throws IllegalArgumentException if one is out of its range
   */
  static Fault delay(Direction direction, Duration min, Duration max) {
    Objects.requireNonNull(direction, "direction");
    notNegative("delay", min);
    if (max.compareTo(min) < 0) {
      throw new IllegalArgumentException("max: " + max + " (expected: >= " + min + ')');
    }
    return new Faults.Delay(direction, min.toNanos(), max.toNanos());
  }

  /**
   * {@return a connection whose bytes are not taken, one way or both, until the fault ends} Nothing
   * is lost: with {@code FROM_CLIENT} the gateway stops reading, so that the windows of TCP fill
   * and the client cannot write; with {@code TO_CLIENT} it stops writing. Nor is the end of the
   * connection noticed.
   *
   * @param direction which way
   */
  static Fault stall(Direction direction) {
    return new Faults.Stall(Objects.requireNonNull(direction, "direction"));
  }

  /**
   * {@return a connection whose bytes are lost, one way or both, as if the peer had vanished} Not
   * even the end of the connection arrives that way. The end of the fault does not mend it.
   *
   * @param direction which way
   */
  static Fault halfOpen(Direction direction) {
    return new Faults.HalfOpen(Objects.requireNonNull(direction, "direction"));
  }

  /**
   * {@return a WebSocket request that is answered with an HTTP status, and its connection closed}
   *
   * @param httpStatus 400 to 599
   * @throws IllegalArgumentException if it is another
   */
  static Fault refusal(int httpStatus) {
    if (httpStatus < 400 || httpStatus > 599) {
      throw new IllegalArgumentException("HTTP status: " + httpStatus + " (expected: 400..599)");
    }
    return new Faults.Refusal(httpStatus);
  }

  /** {@return a WebSocket request that is never answered, and its connection left open} */
  static Fault noUpgrade() {
    return new Faults.NoUpgrade();
  }

  /** {@return a connection that never gets HELLO, also after the fault ended} */
  static Fault noHello() {
    return new Faults.NoHello();
  }

  /**
   * {@return a session whose READY or RESUMED, and events around it, are withheld until the fault
   * ends} Heartbeats are acknowledged, as in an outage behind Discord's gateway.
   */
  static Fault noReady() {
    return new Faults.NoReady();
  }

  /** {@return a heartbeat that is never acknowledged} */
  static Fault noAcks() {
    return new Faults.Acks(Faults.Acks.NEVER);
  }

  /**
   * {@return a heartbeat that is acknowledged late, while everything else goes on}
   *
   * @param delay not negative
   * @throws IllegalArgumentException if it is negative
   */
  static Fault lateAcks(Duration delay) {
    return new Faults.Acks(notNegative("delay", delay).toNanos());
  }

  /**
   * {@return a message whose first byte is such that neither an inflater nor a JSON or ETF parser
   * takes it}
   */
  static Fault corruptMessage() {
    return Faults.Damage.CORRUPT;
  }

  /** {@return a message whose second half is missing, compressed or not} */
  static Fault truncatedMessage() {
    return Faults.Damage.TRUNCATE;
  }

  /** {@return a message of which the first half is sent, and then the connection reset} */
  static Fault cutInMessage() {
    return Faults.Damage.CUT;
  }

  /**
   * {@return INVALID_SESSION, opcode 9, in place of the READY or RESUMED of a session}
   *
   * @param resumable the {@code d} of the message: true keeps the session, false ends it
   */
  static Fault invalidSession(boolean resumable) {
    return new Faults.InvalidSession(resumable);
  }

  /** {@return RECONNECT, opcode 7, right after the READY or RESUMED of a session} */
  static Fault reconnectRequest() {
    return new Faults.ReconnectRequest();
  }

  /**
   * {@return a close code in place of the READY or RESUMED of a session} The session ends if
   * clients start a new one after this code.
   *
   * @param closeCode 1000 to 4999, but not 1005 or 1006, which no close frame can carry
   * @throws IllegalArgumentException if it is another
   */
  static Fault close(int closeCode) {
    if (closeCode < 1000 || closeCode > 4999 || closeCode == 1005 || closeCode == 1006) {
      throw new IllegalArgumentException(
          "close code: " + closeCode + " (expected: 1000..4999, not 1005 or 1006)");
    }
    return new Faults.Close(closeCode);
  }

  /** {@return a reset of the connection, without a close frame, in place of READY or RESUMED} */
  static Fault reset() {
    return new Faults.Reset();
  }

  private static Duration notNegative(String name, Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException(name + ": " + duration + " (expected: not negative)");
    }
    return duration;
  }
}
