package dev.sluice.gateway.testkit;

import static dev.sluice.gateway.testkit.TestClient.QUERY;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.Fault.Direction;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What each fault of a {@link LocalGateway} does to a plain client. */
final class FaultTest {

  private static final ShardId SHARD = new ShardId(1, 4);
  private static final String HEARTBEAT = "{\"op\":1,\"d\":1}";
  private static final Duration DELAY = Duration.ofMillis(100);

  private final List<AutoCloseable> resources = new ArrayList<>();
  private final Semaphore heartbeats = new Semaphore(0);
  private final Semaphore identifies = new Semaphore(0);
  private final Semaphore disconnects = new Semaphore(0);

  @AfterEach
  void closeAll() throws Exception {
    for (int i = resources.size() - 1; i >= 0; i--) {
      resources.get(i).close();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRoundTripDelaysEveryByteOfOldAndNewConnections(boolean tls) throws Exception {
    LocalCertificate certificate = LocalCertificate.valid();
    LocalGateway gateway = start(tls ? builder().tls(certificate) : builder());
    HttpClient http = HttpClient.newBuilder().sslContext(certificate.clientContext()).build();
    TestClient old = open(TestClient.dial(http, gateway.uri(), QUERY));
    old.identify(gateway.token(), SHARD);
    old.expectDispatch("READY");

    ActiveFault fault = gateway.fault(Fault.roundTrip(DELAY)).start();

    assertThat(heartbeatNanos(old)).isGreaterThanOrEqualTo(DELAY.toNanos());
    long startNanos = System.nanoTime();
    TestClient fresh = open(TestClient.dial(http, gateway.uri(), QUERY));
    // TCP, one or two of TLS, and the upgrade.
    assertThat(System.nanoTime() - startNanos)
        .isGreaterThanOrEqualTo(DELAY.multipliedBy(tls ? 3 : 2).toNanos());
    fresh.expectOp(10);
    assertThat(heartbeatNanos(fresh)).isGreaterThanOrEqualTo(DELAY.toNanos());
    assertThat(fault.strikes()).isEqualTo(2);
    fault.close();
    assertThat(heartbeatNanos(old)).isLessThan(TimeUnit.SECONDS.toNanos(10));
  }

  @Test
  void jitterOvertakesNothing() throws Exception {
    LocalGateway gateway = start(builder());
    TestClient client = open(TestClient.ready(gateway, SHARD));

    gateway
        .fault(Fault.delay(Direction.BOTH, Duration.ZERO, Duration.ofMillis(20)))
        .on(SHARD::equals)
        .start();
    for (int i = 0; i < 100; i++) {
      client.send(HEARTBEAT);
      gateway.dispatch(SHARD, "TYPING_START", bytes("{\"n\":" + i + '}'));
    }

    int acks = 0;
    int events = 0;
    while (acks < 100 || events < 100) {
      JsonNode payload = client.next();
      if (payload.path("op").asInt() == 11) {
        acks++;
      } else {
        assertThat(payload.at("/d/n").asInt()).isEqualTo(events++);
      }
    }
  }

  @Test
  void aDelayFromTheClientMakesItArriveLate() throws Exception {
    LocalGateway gateway = start(builder());
    gateway.fault(Fault.delay(Direction.FROM_CLIENT, DELAY, DELAY.multipliedBy(2))).start();
    TestClient client = open(TestClient.dial(gateway.uri(), QUERY));

    long startNanos = System.nanoTime();
    client.identify(gateway.token(), SHARD);
    await(identifies);

    assertThat(System.nanoTime() - startNanos).isGreaterThanOrEqualTo(DELAY.toNanos());
    client.expectDispatch("READY");
  }

  @Test
  void whatAClientSentBeforeItClosedStillArrivesLate() throws Exception {
    LocalGateway gateway = start(builder());
    TestClient client = open(TestClient.ready(gateway, SHARD));
    gateway.fault(Fault.delay(Direction.FROM_CLIENT, DELAY, DELAY)).start();

    long startNanos = System.nanoTime();
    client.send(HEARTBEAT);
    client.close();

    await(heartbeats);
    await(disconnects);
    assertThat(System.nanoTime() - startNanos).isGreaterThanOrEqualTo(DELAY.toNanos());
  }

  private static long heartbeatNanos(TestClient client) throws Exception {
    long startNanos = System.nanoTime();
    client.send(HEARTBEAT);
    client.expectOp(11);
    return System.nanoTime() - startNanos;
  }

  private static void await(Semaphore semaphore) throws InterruptedException {
    assertThat(semaphore.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
  }

  private LocalGateway.Builder builder() {
    return LocalGateway.builder()
        .guildCreates(false)
        .server(server -> server.maxConcurrency(4).identifyWindow(Duration.ofMillis(1)))
        .listener(
            new GatewayServerListener() {
              @Override
              public void received(ServerSession session, Opcode opcode, JsonNode d) {
                heartbeats.release();
              }

              @Override
              public void identified(ServerSession session) {
                identifies.release();
              }

              @Override
              public void disconnected(GatewayServerConnection connection, int code) {
                disconnects.release();
              }
            });
  }

  private LocalGateway start(LocalGateway.Builder builder) {
    LocalGateway gateway = builder.start();
    resources.add(gateway);
    return gateway;
  }

  private TestClient open(TestClient client) {
    resources.add(client);
    return client;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
