package dev.sluice.gateway.testkit;

import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.server.ServerSession;
import io.netty.channel.EventLoop;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The faults in force, and the connections that they strike. Confined to the event loop. */
final class Faults {

  /** Strikes before a session, and thus the shard, is known. */
  sealed interface OfDials extends Fault {}

  /** Strikes a connection's bytes. */
  sealed interface OfNetwork extends Fault {}

  /** Strikes a message on its way out. */
  sealed interface OfMessages extends Fault {}

  /** Strikes the answer to a heartbeat. */
  sealed interface OfAcks extends Fault {}

  /** Strikes a session that is started or resumed. */
  sealed interface OfSessions extends Fault {}

  record Refusal(int httpStatus) implements OfDials {}

  record NoUpgrade() implements OfDials {}

  record NoHello() implements OfDials {}

  record Delay(Direction direction, long minNanos, long maxNanos) implements OfNetwork {

    long sampleNanos(RandomGenerator random) {
      return minNanos == maxNanos ? minNanos : random.nextLong(minNanos, maxNanos + 1);
    }
  }

  record Stall(Direction direction) implements OfNetwork {}

  record HalfOpen(Direction direction) implements OfNetwork {}

  enum Damage implements OfMessages {
    NONE,
    CORRUPT,
    TRUNCATE,
    CUT
  }

  record Acks(long delayNanos) implements OfAcks {
    static final long NEVER = Long.MAX_VALUE;
  }

  record NoReady() implements OfSessions {}

  record InvalidSession(boolean resumable) implements OfSessions {}

  record ReconnectRequest() implements OfSessions {}

  record Close(int closeCode) implements OfSessions {}

  record Reset() implements OfSessions {}

  private static final ByteBuffer HEARTBEAT_ACK =
      ByteBuffer.wrap("{\"op\":11}".getBytes(StandardCharsets.UTF_8)).asReadOnlyBuffer();

  private final EventLoop loop;
  private final RandomGenerator random = new SplittableRandom();
  private final List<ActiveFault> active = new ArrayList<>();
  private final Set<Link> links = new LinkedHashSet<>();

  Faults(EventLoop loop) {
    this.loop = loop;
  }

  void start(ActiveFault fault) {
    active.add(fault);
    if (fault.fault() instanceof OfNetwork) {
      for (Link link : List.copyOf(links)) {
        strikeNetwork(fault, link);
      }
    }
  }

  void end(ActiveFault fault) {
    if (!active.remove(fault)) {
      return;
    }
    fault.end();
    for (Link link : List.copyOf(links)) {
      if (link.network != null) {
        link.network.ended(fault);
      }
      if (link.handler != null && link.greetingWithheldBy == fault) {
        link.greetingWithheldBy = null;
        link.handler.connection().withholdGreeting(false);
      }
    }
  }

  void endAll() {
    List.copyOf(active).forEach(this::end);
  }

  /** Takes note of a connection, before anything is read from it. */
  void accepted(Link link) {
    links.add(link);
    link.channel.closeFuture().addListener(closed -> links.remove(link));
    for (ActiveFault fault : active) {
      strikeNetwork(fault, link);
    }
    if (link.network != null) {
      link.network.delayHandshake();
    }
  }

  /** {@return what a WebSocket request is answered with, null if it is served} */
  @Nullable OfDials dialed(Link link) {
    for (ActiveFault fault : active) {
      if (fault.fault() instanceof OfDials ofDials
          && !(ofDials instanceof NoHello)
          && fault.strike(link)) {
        return ofDials;
      }
    }
    return null;
  }

  /** Takes note of a connection of the server role that has sent nothing yet. */
  void connected(Link link, GatewayServerConnection connection) {
    for (ActiveFault fault : active) {
      if (fault.fault() instanceof NoHello && fault.strike(link)) {
        connection.withholdHello();
        return;
      }
    }
  }

  /** {@return what to do to a message before it is written} */
  Damage damage(Link link) {
    for (ActiveFault fault : active) {
      if (fault.fault() instanceof Damage damage && fault.strike(link)) {
        return damage;
      }
    }
    return Damage.NONE;
  }

  /** Decides on the ACK of a heartbeat, before it is queued. */
  void heartbeat(Link link, GatewayServerConnection connection) {
    Acks acks = null;
    for (ActiveFault fault : active) {
      if (fault.fault() instanceof Acks ofFault && fault.strike(link)) {
        acks = ofFault;
        break;
      }
    }
    if (acks != null || link.ackWithheld) {
      link.ackWithheld = acks != null;
      connection.acknowledgeHeartbeats(acks == null);
    }
    if (acks != null && acks.delayNanos != Acks.NEVER) {
      loop.schedule(
          () -> connection.sendPayload(HEARTBEAT_ACK), acks.delayNanos, TimeUnit.NANOSECONDS);
    }
  }

  /** Takes note of a session that was started or resumed and whose greeting is not sent yet. */
  void sessionBegun(Link link, ServerSession session) {
    for (ActiveFault fault : List.copyOf(active)) {
      if (link.session() != session) {
        return; // struck already
      }
      if (fault.fault() instanceof OfNetwork) {
        strikeNetwork(fault, link);
      } else if (fault.fault() instanceof OfSessions && fault.covers(link) && fault.reserve()) {
        strikeSession(fault, link, session);
      }
    }
  }

  private void strikeNetwork(ActiveFault fault, Link link) {
    if (!(fault.fault() instanceof OfNetwork)
        || (link.network != null && link.network.isStruckBy(fault))
        || !fault.strike(link)) {
      return;
    }
    if (link.network == null) {
      link.network = new NetworkHandler(random);
      link.channel.pipeline().addFirst(link.network); // below TLS
    }
    link.network.struckBy(fault);
  }

  private void strikeSession(ActiveFault fault, Link link, ServerSession session) {
    if (fault.afterNanos() > 0) {
      loop.schedule(
          () -> strikeLater(fault, link, session), fault.afterNanos(), TimeUnit.NANOSECONDS);
    } else if (fault.fault() instanceof ReconnectRequest) {
      loop.execute(() -> strikeLater(fault, link, session)); // READY is written at the turn's end
    } else {
      fault.struck();
      apply(fault, link);
    }
  }

  private void strikeLater(ActiveFault fault, Link link, ServerSession session) {
    if (fault.isEnded() || link.session() != session) {
      fault.missed();
    } else {
      fault.struck();
      apply(fault, link);
    }
  }

  private static void apply(ActiveFault active, Link link) {
    Fault fault = active.fault();
    GatewayHandler handler = link.handler;
    if (handler == null) {
      throw new IllegalStateException("handler: null (expected: that of a session)");
    }
    GatewayServerConnection connection = handler.connection();
    if (fault instanceof NoReady) {
      link.greetingWithheldBy = active;
      connection.withholdGreeting(true);
    } else if (fault instanceof InvalidSession invalid) {
      connection.invalidSession(invalid.resumable);
    } else if (fault instanceof ReconnectRequest) {
      connection.reconnect();
    } else if (fault instanceof Close close) {
      connection.close(close.closeCode);
    } else if (fault instanceof Reset) {
      handler.kill();
    }
  }
}
