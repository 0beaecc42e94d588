package dev.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.FrameType;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamDeflaterTest {

  private final TestGateway gateway = new TestGateway();
  private final Inflater inflater = new Inflater();

  @AfterEach
  void endInflater() {
    inflater.end();
  }

  /** Takes the next message, which must be a whole one that ends at a flush. */
  private String take(TestClient client, Inflater with) throws DataFormatException {
    ServerFrame frame = Objects.requireNonNull(client.connection.send(), "frame");
    assertThat(frame.type()).isEqualTo(FrameType.BINARY);
    assertThat(frame.payload().isReadOnly()).isTrue();
    byte[] compressed = new byte[frame.payload().remaining()];
    frame.payload().get(compressed);
    assertThat(ByteBuffer.wrap(compressed).getInt(compressed.length - 4)).isEqualTo(0x0000FFFF);
    with.setInput(compressed);
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    byte[] piece = new byte[1000];
    for (int length = with.inflate(piece); length > 0; length = with.inflate(piece)) {
      message.write(piece, 0, length);
    }
    assertThat(with.getRemaining()).isZero();
    return message.toString(StandardCharsets.UTF_8);
  }

  private TestClient connectZlib() {
    return gateway.connect("v=10&encoding=json&compress=zlib-stream");
  }

  @Test
  void oneStreamCarriesEveryMessageFromHelloOn() throws Exception {
    TestClient client = connectZlib();

    assertThat(take(client, inflater)).isEqualTo(TestClient.HELLO);
    client.identify();
    assertThat(take(client, inflater)).startsWith("{\"t\":\"READY\",\"s\":1,").endsWith("}}");
    client.heartbeat();
    client.dispatch();
    assertThat(take(client, inflater)).isEqualTo(TestClient.ACK);
    assertThat(take(client, inflater)).isEqualTo(TestClient.event(2));
    client.connection.sendPayload(TestGateway.utf8("{\"op\":"));
    assertThat(take(client, inflater)).isEqualTo("{\"op\":");
    assertThat(client.connection.send()).isNull();
  }

  @ParameterizedTest(name = "{0} bytes")
  @ValueSource(ints = {1, 8_170, 8_192, 100_000, 1_000_000})
  void largeMessagesThatDoNotCompressAreWhole(int size) throws Exception {
    TestClient client = connectZlib();
    take(client, inflater);
    client.identify();
    take(client, inflater);
    SplittableRandom random = new SplittableRandom(size);
    StringBuilder noise = new StringBuilder("\"");
    for (int i = 0; i < size; i++) {
      noise.append((char) ('#' + random.nextInt(50)));
    }
    noise.append('"');

    client.session().dispatch("EVENT", TestGateway.utf8(noise.toString()));
    client.dispatch();

    assertThat(take(client, inflater))
        .isEqualTo("{\"t\":\"EVENT\",\"s\":2,\"op\":0,\"d\":" + noise + '}');
    assertThat(take(client, inflater)).isEqualTo(TestClient.event(3));
  }

  @Test
  void everyConnectionHasItsOwnStream() throws Exception {
    TestClient first = connectZlib();
    TestClient second = connectZlib();
    Inflater inflaterOfSecond = new Inflater();
    try {
      assertThat(take(first, inflater)).isEqualTo(TestClient.HELLO);
      first.identify();
      assertThat(take(second, inflaterOfSecond)).isEqualTo(TestClient.HELLO);
      assertThat(take(first, inflater)).startsWith("{\"t\":\"READY\"");
      second.heartbeat();
      assertThat(take(second, inflaterOfSecond)).isEqualTo(TestClient.ACK);
    } finally {
      inflaterOfSecond.end();
    }
  }

  @Test
  void resumedConnectionStartsAStream() throws Exception {
    TestClient client = connectZlib();
    take(client, inflater);
    client.identify();
    take(client, inflater);
    String id = client.session().id();
    client.dispatch();
    client.connection.transportLost();

    TestClient next = connectZlib();
    next.resume(id, 1);

    inflater.reset();
    assertThat(take(next, inflater)).isEqualTo(TestClient.HELLO);
    assertThat(take(next, inflater)).isEqualTo(TestClient.event(2));
    assertThat(take(next, inflater)).startsWith("{\"t\":\"RESUMED\",\"s\":3,");
  }

  @Test
  void rawMessagesBypassTheStream() throws Exception {
    TestClient client = connectZlib();
    take(client, inflater);

    client.connection.sendRaw(FrameType.TEXT, TestGateway.utf8("{}"));
    client.connection.requestHeartbeat();

    ServerFrame raw = client.connection.send();
    assertThat(raw).isEqualTo(new ServerFrame(FrameType.TEXT, TestGateway.utf8("{}")));
    assertThat(take(client, inflater)).isEqualTo("{\"t\":null,\"s\":null,\"op\":1,\"d\":null}");
  }

  @Test
  void closedConnectionDrainsAndThenSendsNothing() throws Exception {
    TestClient client = connectZlib();

    client.connection.close(4000);

    assertThat(take(client, inflater)).isEqualTo(TestClient.HELLO);
    assertThat(client.connection.send()).isNull();
    client.connection.transportLost();
    assertThat(client.connection.send()).isNull();
  }

  @Test
  void lostTransportDropsWhatWasQueued() {
    TestClient client = connectZlib();

    client.connection.transportLost();

    assertThat(client.connection.send()).isNull();
  }
}
