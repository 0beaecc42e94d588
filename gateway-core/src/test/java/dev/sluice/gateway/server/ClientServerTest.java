package dev.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Outgoing;
import dev.sluice.gateway.Reconnect;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Both roles, paired without a socket on one virtual clock. */
class ClientServerTest {

  /** A client, a server and the transport between them, which loses nothing and takes no time. */
  private static final class Pair {
    final List<String> received = new ArrayList<>();
    final GatewayServer server;
    final GatewayConnection client;
    @Nullable GatewayServerConnection transport;
    private long nowNanos;
    private long dialNanos;
    private @Nullable URI dial;

    Pair(Compression compression) {
      this(Encoding.JSON, compression);
    }

    Pair(Encoding encoding, Compression compression) {
      server =
          GatewayServer.create(
              TestGateway.config().payloadCompressionThreshold(100).build(),
              new GatewayServerListener() {},
              () -> nowNanos,
              new SplittableRandom(1));
      client =
          GatewayConnection.create(
              GatewayConfig.builder(TestGateway.TOKEN, Intents.all())
                  .gatewayUri(URI.create("ws://127.0.0.1"))
                  .encoding(encoding)
                  .compression(compression)
                  .build(),
              () -> nowNanos,
              new SplittableRandom(2));
      settle();
    }

    ServerSession session() {
      return server.sessions().iterator().next();
    }

    void dispatch() {
      ServerSession session = session();
      session.dispatch("TYPING_START", TestGateway.utf8("{}"));
    }

    void cut() {
      Objects.requireNonNull(transport, "transport").transportLost();
      transport = null;
      client.transportLost();
    }

    /** Lets time pass from one deadline to the next. */
    void advance(Duration time) {
      long endNanos = nowNanos + time.toNanos();
      settle();
      while (nowNanos < endNanos) {
        long stepNanos = Math.min(endNanos - nowNanos, client.nextTimeoutNanos());
        if (transport != null) {
          stepNanos = Math.min(stepNanos, transport.nextTimeoutNanos());
        }
        if (dial != null) {
          stepNanos = Math.min(stepNanos, dialNanos - nowNanos);
        }
        nowNanos += Math.max(stepNanos, 1);
        client.onTimeout();
        if (transport != null) {
          transport.onTimeout();
        }
        settle();
      }
    }

    /** Moves messages until neither side has any. */
    void settle() {
      boolean moved = true;
      while (moved) {
        moved = reconnect();
        for (Outgoing out = client.send(); out != null; out = client.send()) {
          Objects.requireNonNull(transport, "transport").recv(out.frameType(), out.payload());
          moved = true;
        }
        if (transport != null) {
          moved |= deliver(transport);
        }
      }
    }

    private boolean reconnect() {
      if (client.shouldReconnect() && dial == null) {
        Reconnect reconnect = client.reconnect();
        if (transport != null) {
          transport.recvCloseCode(reconnect.closeCode());
          transport = null;
        }
        dial = reconnect.uri();
        dialNanos = nowNanos + reconnect.delayNanos();
      }
      if (dial == null || nowNanos < dialNanos) {
        return false;
      }
      client.connecting();
      transport = server.accept(dial.getQuery());
      dial = null;
      client.opened();
      return true;
    }

    private boolean deliver(GatewayServerConnection from) {
      ServerFrame frame = from.send();
      if (frame != null) {
        Dispatch dispatch = client.recv(frame.type(), frame.payload());
        if (dispatch != null) {
          received.add(dispatch.type() + " " + dispatch.sequence());
        }
        return true;
      }
      if (from.closeCode() != 0) {
        from.transportLost();
        transport = null;
        client.recvCloseCode(from.closeCode());
        return true;
      }
      return false;
    }
  }

  @ParameterizedTest
  @MethodSource("dev.sluice.gateway.Streams#transports")
  void eventsMissedWhileAwayArriveOnceAndInOrder(Encoding encoding, Compression compression) {
    Pair pair = new Pair(encoding, compression);
    pair.advance(Duration.ofSeconds(10));
    assertThat(pair.client.state()).isEqualTo(GatewayState.READY);
    pair.dispatch(); // 2
    pair.settle();

    pair.dispatch(); // 3, lost with the transport
    pair.cut();
    pair.dispatch(); // 4
    pair.advance(Duration.ofSeconds(10));
    pair.dispatch(); // 6
    pair.settle();

    assertThat(pair.received)
        .containsExactly(
            "READY 1",
            "TYPING_START 2",
            "TYPING_START 3",
            "TYPING_START 4",
            "RESUMED 5",
            "TYPING_START 6");
    assertThat(pair.server.gatewayBot().remaining()).isEqualTo(999);
  }

  @Test
  void heartbeatsKeepAnIdleConnection() {
    Pair pair = new Pair(Compression.NONE);

    pair.advance(Duration.ofHours(1));

    assertThat(pair.received).containsExactly("READY 1");
    assertThat(pair.client.heartbeatAcks()).isBetween(86, 89);
    assertThat(pair.server.connections()).hasSize(1);
  }

  @Test
  void zombiedConnectionIsReplacedAndItsSessionResumed() {
    Pair pair = new Pair(Compression.NONE);
    pair.advance(Duration.ofSeconds(10));

    Objects.requireNonNull(pair.transport, "transport").acknowledgeHeartbeats(false);
    pair.advance(Duration.ofMinutes(5));

    assertThat(pair.received).containsExactly("READY 1", "RESUMED 2");
    assertThat(pair.client.state()).isEqualTo(GatewayState.READY);
    assertThat(pair.server.gatewayBot().remaining()).isEqualTo(999);
  }

  @Test
  void reconnectRequestIsFollowedByAResume() {
    Pair pair = new Pair(Compression.NONE);
    pair.advance(Duration.ofSeconds(10));

    Objects.requireNonNull(pair.transport, "transport").reconnect();
    pair.advance(Duration.ofSeconds(10));

    assertThat(pair.received).containsExactly("READY 1", "RESUMED 2");
  }

  @Test
  void invalidatedSessionIsFollowedByANewOne() {
    Pair pair = new Pair(Compression.NONE);
    pair.advance(Duration.ofSeconds(10));

    pair.session().invalidate();
    pair.advance(Duration.ofSeconds(30));

    assertThat(pair.received).containsExactly("READY 1", "READY 1");
    assertThat(pair.server.sessions()).hasSize(1);
    assertThat(pair.server.gatewayBot().remaining()).isEqualTo(998);
  }

  @Test
  void malformedPayloadIsSurvived() {
    Pair pair = new Pair(Compression.ZLIB_STREAM);
    pair.advance(Duration.ofSeconds(10));

    Objects.requireNonNull(pair.transport, "transport")
        .sendPayload(TestGateway.utf8("{\"t\":\"TYPING_ST"));
    pair.dispatch();
    pair.advance(Duration.ofSeconds(30));

    assertThat(pair.client.state()).isEqualTo(GatewayState.READY);
    assertThat(pair.received).contains("TYPING_START 2");
  }
}
