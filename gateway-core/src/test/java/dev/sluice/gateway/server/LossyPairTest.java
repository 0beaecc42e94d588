package dev.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Outgoing;
import dev.sluice.gateway.Reconnect;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both roles on one virtual clock, with a transport that dies with what it carries. */
class LossyPairTest {

  private static final int EVENTS = 400;

  private final List<Integer> received = new ArrayList<>();
  private long nowNanos;
  private long dialAtNanos;
  private @Nullable Reconnect dial;
  private @Nullable GatewayServerConnection transport;

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void everyEventArrivesOnceAndInOrderHoweverOftenTheTransportDies(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    GatewayServer server =
        GatewayServer.create(
            TestGateway.config().build(),
            new GatewayServerListener() {},
            () -> nowNanos,
            new SplittableRandom(seed));
    GatewayConnection client =
        GatewayConnection.create(
            GatewayConfig.builder(TestGateway.TOKEN, Intents.all())
                .gatewayUri(URI.create("ws://127.0.0.1"))
                .compression(Compression.values()[(int) (seed % 2)])
                .build(),
            () -> nowNanos,
            new SplittableRandom(-seed));
    int sent = 0;
    int deaths = 0;
    for (int step = 0; received.size() < EVENTS && step < 100_000; step++) {
      boolean sessionIsLive = !server.sessions().isEmpty();
      if (sessionIsLive && sent < EVENTS && random.nextInt(4) == 0) {
        server
            .sessions()
            .iterator()
            .next()
            .dispatch("TYPING_START", TestGateway.utf8(String.valueOf(sent++)));
      }
      if (transport != null && client.state() == GatewayState.READY && random.nextInt(20) == 0) {
        for (int lost = random.nextInt(3); lost > 0; lost--) {
          transport.send(); // on its way, and never seen
        }
        transport.transportLost();
        transport = null;
        client.transportLost();
        deaths++;
      }
      exchange(server, client, random.nextInt(4));
      nowNanos += random.nextLong(500_000_000L);
      client.onTimeout();
      if (transport != null) {
        transport.onTimeout();
      }
    }

    assertThat(received).isEqualTo(IntStream.range(0, EVENTS).boxed().toList());
    assertThat(deaths).isGreaterThan(5);
    assertThat(client.sessionEpoch()).isEqualTo(1);
    assertThat(server.gatewayBot().remaining()).isEqualTo(999);
    assertThat(client.malformedMessages()).isZero();
  }

  /** Dials if that is due, and lets so many messages of the server through. */
  private void exchange(GatewayServer server, GatewayConnection client, int messages)
      throws IOException {
    if (client.shouldReconnect() && dial == null) {
      dial = client.reconnect();
      dialAtNanos = nowNanos + dial.delayNanos();
      if (transport != null) {
        transport.recvCloseCode(dial.closeCode());
        transport = null;
      }
    }
    Reconnect due = dial;
    if (due != null && nowNanos >= dialAtNanos) {
      client.connecting();
      transport = server.accept(due.uri().getQuery());
      client.opened();
      dial = null;
    }
    GatewayServerConnection peer = transport;
    if (peer == null) {
      return;
    }
    for (int i = 0; i <= messages; i++) {
      for (Outgoing out = client.send(); out != null; out = client.send()) {
        peer.recv(out.frameType(), out.payload());
      }
      ServerFrame frame = peer.send();
      Dispatch dispatch = frame == null ? null : client.recv(frame.type(), frame.payload());
      if (dispatch != null && dispatch.type() == EventType.TYPING_START) {
        received.add(dispatch.readValue(Integer.class));
      }
    }
  }
}
