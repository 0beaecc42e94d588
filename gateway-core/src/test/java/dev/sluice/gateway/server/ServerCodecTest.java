package dev.sluice.gateway.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Streams;
import dev.sluice.gateway.internal.EtfReader;
import dev.sluice.gateway.internal.EtfWriter;
import dev.sluice.gateway.internal.InflateBuffer;
import dev.sluice.gateway.internal.PayloadInflater;
import dev.sluice.gateway.internal.ZlibStream;
import dev.sluice.gateway.internal.ZstdStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How the server encodes and compresses, and what it takes of clients. */
class ServerCodecTest {

  private static final JsonMapper MAPPER = new JsonMapper();

  private final GatewayServerConfig.Builder config = TestGateway.config();
  private final InflateBuffer output = new InflateBuffer();

  private static byte[] take(GatewayServerConnection connection, FrameType type) {
    ServerFrame frame = Objects.requireNonNull(connection.send(), "frame");
    assertThat(frame.type()).isEqualTo(type);
    assertThat(frame.payload().isReadOnly()).isTrue();
    byte[] bytes = new byte[frame.payload().remaining()];
    frame.payload().get(bytes);
    return bytes;
  }

  private static void sendEtf(GatewayServerConnection connection, String json) throws Exception {
    connection.recv(FrameType.BINARY, ByteBuffer.wrap(EtfWriter.client(json.getBytes(UTF_8))));
  }

  private static void identifyEtf(GatewayServerConnection connection) throws Exception {
    sendEtf(
        connection,
        "{\"op\":2,\"d\":{\"token\":\""
            + TestGateway.TOKEN
            + "\",\"properties\":{},\"intents\":513,\"shard\":[0,1],\"compress\":true}}");
  }

  private String payload() {
    return new String(output.array(), 0, output.length(), UTF_8);
  }

  // Compression.

  @ParameterizedTest
  @CsvSource({"zlib-stream, false", "zstd-stream, false", "zstd-stream, true"})
  void oneStreamCarriesThePayloadsOfTheSamples(String compress, boolean framePerMessage)
      throws Exception {
    if (framePerMessage) {
      config.zstdFramePerMessage();
    }
    GatewayServerConnection connection =
        new TestGateway(config).server.accept("compress=" + compress);
    List<byte[]> messages = new ArrayList<>();
    messages.add(take(connection, FrameType.BINARY));
    for (String payload : Streams.expected()) {
      connection.sendPayload(TestGateway.utf8(payload));
      messages.add(take(connection, FrameType.BINARY));
    }

    assertThat(decompress(compress, messages).subList(1, messages.size()))
        .isEqualTo(Streams.expected());
    int magics = 0;
    for (byte[] message : messages) {
      magics += HexFormat.of().formatHex(message).startsWith("28b52ffd") ? 1 : 0;
    }
    assertThat(magics)
        .isEqualTo(compress.equals("zlib-stream") ? 0 : framePerMessage ? messages.size() : 1);
  }

  private List<String> decompress(String compress, List<byte[]> messages) throws Exception {
    List<String> payloads = new ArrayList<>();
    ZlibStream zlib = new ZlibStream(1 << 20);
    ZstdStream zstd = new ZstdStream(1 << 20);
    for (byte[] message : messages) {
      ByteBuffer input = ByteBuffer.wrap(message);
      assertThat(
              compress.equals("zlib-stream")
                  ? zlib.decompress(input, output)
                  : zstd.decompress(input, output))
          .isTrue();
      payloads.add(payload());
    }
    zlib.end();
    zstd.end();
    return payloads;
  }

  @Test
  void theHeaderOfZstdIsThatOfDiscord() {
    byte[] hello = take(new TestGateway().server.accept("compress=zstd-stream"), FrameType.BINARY);

    assertThat(HexFormat.of().formatHex(hello)).startsWith("28b52ffd0040");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8_170, 8_192, 100_000, 1_000_000})
  void largeMessagesThatDoNotCompressAreWhole(int size) throws Exception {
    GatewayServerConnection connection = new TestGateway().server.accept("compress=zstd-stream");
    SplittableRandom random = new SplittableRandom(size);
    StringBuilder noise = new StringBuilder(size);
    for (int i = 0; i < size; i++) {
      noise.append((char) ('#' + random.nextInt(50)));
    }
    List<byte[]> messages = new ArrayList<>();
    messages.add(take(connection, FrameType.BINARY));
    connection.sendPayload(TestGateway.utf8(noise.toString()));
    connection.sendPayload(TestGateway.utf8("{}"));
    messages.add(take(connection, FrameType.BINARY));
    messages.add(take(connection, FrameType.BINARY));

    assertThat(decompress("zstd-stream", messages))
        .containsExactly(TestClient.HELLO, noise.toString(), "{}");
  }

  @Test
  void aConnectionThatEndedHasFreedItsContext() {
    GatewayServerConnection connection = new TestGateway().server.accept("compress=zstd-stream");

    connection.close(4000);
    assertThat(take(connection, FrameType.BINARY)).isNotEmpty();
    assertThat(connection.send()).isNull();
    connection.transportLost();
    assertThat(connection.send()).isNull();
  }

  @Test
  void payloadsFromTheThresholdOnAreCompressedIfIdentifyAsksForIt() throws Exception {
    TestGateway gateway = new TestGateway(config.payloadCompressionThreshold(100));
    TestClient client = gateway.connect();
    assertThat(client.take()).isEqualTo(TestClient.HELLO); // over 100 bytes, but before IDENTIFY
    client.identifyWith("\"intents\":1,\"compress\":true");

    assertThat(inflate(take(client.connection, FrameType.BINARY))).startsWith("{\"t\":\"READY\"");
    client.dispatch();
    assertThat(client.take()).isEqualTo(TestClient.event(2));
    String text = '"' + "x".repeat(20_000) + '"';
    client.session().dispatch("EVENT", TestGateway.utf8(text));
    assertThat(inflate(take(client.connection, FrameType.BINARY)))
        .isEqualTo("{\"t\":\"EVENT\",\"s\":3,\"op\":0,\"d\":" + text + '}');

    String id = client.session().id();
    client.connection.transportLost();
    TestClient resumed = gateway.connect();
    assertThat(resumed.take()).isEqualTo(TestClient.HELLO);
    resumed.resume(id, 2);
    assertThat(inflate(take(resumed.connection, FrameType.BINARY))).contains(text);
  }

  private String inflate(byte[] message) throws Exception {
    new PayloadInflater().inflate(ByteBuffer.wrap(message), output, 1 << 20);
    return payload();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",\"compress\":false"})
  void otherwiseNothingIsCompressed(String compress) {
    TestClient client = new TestGateway(config.payloadCompressionThreshold(0)).connect();
    client.identifyWith("\"intents\":1" + compress);

    assertThat(client.takeAll()).hasSize(2);
  }

  @Test
  void transportCompressionRulesPayloadCompressionOut() throws Exception {
    TestClient client =
        new TestGateway(config.payloadCompressionThreshold(0)).connect("compress=zlib-stream");
    client.identifyWith("\"intents\":1,\"compress\":true");

    List<byte[]> messages =
        List.of(
            take(client.connection, FrameType.BINARY), take(client.connection, FrameType.BINARY));
    assertThat(decompress("zlib-stream", messages).get(1)).startsWith("{\"t\":\"READY\"");
  }

  // ETF.

  @Test
  void theSamplesAreSentAsTheGatewaySendsThem() {
    GatewayServerConnection connection = new TestGateway().server.accept("encoding=etf");
    take(connection, FrameType.BINARY);
    List<String> sent = new ArrayList<>();
    for (String payload : Streams.expected()) {
      connection.sendPayload(TestGateway.utf8(payload));
      sent.add(HexFormat.of().formatHex(take(connection, FrameType.BINARY)));
    }

    assertThat(sent).isEqualTo(Streams.lines("etf-received.hex"));
  }

  @Test
  void anEtfClientIsUnderstood() throws Exception {
    TestGateway gateway = new TestGateway(config.payloadCompressionThreshold(0));
    GatewayServerConnection connection = gateway.server.accept("encoding=etf");
    take(connection, FrameType.BINARY);

    identifyEtf(connection);
    sendEtf(connection, "{\"op\":1,\"d\":251}");
    sendEtf(
        connection,
        "{\"op\":4,\"d\":{\"guild_id\":\"41\",\"channel_id\":null,\"self_mute\":false,"
            + "\"self_deaf\":true}}");

    assertThat(gateway.told)
        .contains(
            "identified " + gateway.server.sessions().iterator().next().shard(),
            "received " + Opcode.HEARTBEAT + " 251",
            "received "
                + Opcode.VOICE_STATE_UPDATE
                + " {\"guild_id\":\"41\",\"channel_id\":null,\"self_mute\":false,\"self_deaf\":true}");
    byte[] ack = take(connection, FrameType.BINARY);
    JsonNode payload = MAPPER.readTree(EtfReader.term(ByteBuffer.wrap(ack), 1, ack.length, MAPPER));
    assertThat(payload).hasToString(TestClient.ACK);
    assertThat(connection.closeCode()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "83740000000277026f7061017701647703" + "6e696c", // {op: 1, d: nil} with atoms for keys
        "8374000000016d000000026f70", // cut
        "8374000000016d000000026f70610100", // a byte too many
        "836101", // no map
        "7b226f70223a312c2264223a6e756c6c7d", // JSON
        "8350000000107801", // compressed
        ""
      })
  void aMalformedMessageOfAnEtfClientClosesWith4002(String hex) {
    GatewayServerConnection connection = new TestGateway().server.accept("encoding=etf");

    connection.recv(FrameType.BINARY, ByteBuffer.wrap(HexFormat.of().parseHex(hex)));

    assertThat(connection.closeCode()).isEqualTo(CloseCode.DECODE_ERROR.code());
  }

  @Test
  void theWrongKindOfMessageClosesWith4002() throws Exception {
    GatewayServerConnection etf = new TestGateway().server.accept("encoding=etf");
    GatewayServerConnection json = new TestGateway().server.accept("encoding=json");
    byte[] heartbeat = EtfWriter.client("{\"op\":1,\"d\":null}".getBytes(UTF_8));

    etf.recv(FrameType.TEXT, ByteBuffer.wrap(heartbeat));
    json.recv(FrameType.BINARY, TestGateway.utf8("{\"op\":1,\"d\":null}"));

    assertThat(etf.closeCode()).isEqualTo(CloseCode.DECODE_ERROR.code());
    assertThat(json.closeCode()).isEqualTo(CloseCode.DECODE_ERROR.code());
  }

  @Test
  void whatIsNoJsonIsSentAsItIs() {
    GatewayServerConnection connection = new TestGateway().server.accept("encoding=etf");
    take(connection, FrameType.BINARY);

    connection.sendPayload(TestGateway.utf8("{\"op\":"));

    assertThat(take(connection, FrameType.BINARY)).isEqualTo("{\"op\":".getBytes(UTF_8));
  }
}
