package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.Frames.BINARY;
import static dev.sluice.gateway.netty.Frames.CLOSE;
import static dev.sluice.gateway.netty.Frames.CONTINUATION;
import static dev.sluice.gateway.netty.Frames.FIN;
import static dev.sluice.gateway.netty.Frames.PING;
import static dev.sluice.gateway.netty.Frames.PONG;
import static dev.sluice.gateway.netty.Frames.TEXT;
import static dev.sluice.gateway.netty.Frames.concat;
import static dev.sluice.gateway.netty.Frames.frame;
import static dev.sluice.gateway.netty.Frames.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.StopMode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.zip.Deflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A gateway that breaks the rules, over a socket: the shard resumes what can be resumed, and its
 * neighbour on the same event loop notices nothing.
 */
final class BadInputTest extends Resources {

  private static final int MAX_MESSAGE_BYTES = 64 << 10;
  private static final int INTERVAL_MILLIS = 3_600_000;

  private static final byte[] NOT_UTF8 =
      concat(
          utf8("{\"t\":\"A\",\"s\":3,\"op\":0,\"d\":{\"text\":\""),
          new byte[] {(byte) 0xC0, (byte) 0xAF},
          utf8("\"}}"));

  private final Recorder recorder = new Recorder();
  private ScriptedGateway gateway;

  @BeforeEach
  void listen() throws IOException {
    gateway = open(new ScriptedGateway());
  }

  @AfterEach
  void everyDialWasExpected() {
    assertThat(gateway.hasDial()).isFalse();
  }

  private ShardManager start(Compression compression) throws Exception {
    ShardManager manager =
        open(
            ShardManager.builder("token", Intents.all())
                .gatewayUri(gateway.uri())
                .shards(2)
                .maxConcurrency(2)
                .compression(compression)
                .eventLoopThreads(1)
                .eventSink(recorder)
                .listener(recorder)
                .configure(
                    config ->
                        config
                            .maxMessageBytes(MAX_MESSAGE_BYTES)
                            .maxBackoff(Duration.ofMillis(100))
                            .closeTimeout(Duration.ofMillis(200)))
                .build());
    get(manager.start());
    return manager;
  }

  /** The two shards' connections, READY, in the order of the shards. */
  private ScriptedGateway.Peer[] readyPeers() throws Exception {
    ScriptedGateway.Peer[] peers = new ScriptedGateway.Peer[2];
    for (int i = 0; i < 2; i++) {
      ScriptedGateway.Peer peer = open(gateway.ready(INTERVAL_MILLIS));
      peers[peer.shard] = peer;
    }
    peers[0].text(Frames.event("BEFORE", 2, "{}"));
    recorder.awaitEvent(0, "BEFORE");
    return peers;
  }

  private ScriptedGateway.Peer expectResume(long sequence) throws Exception {
    ScriptedGateway.Peer again = open(gateway.greet(INTERVAL_MILLIS));
    JsonNode resume = again.expectOp(6);
    assertThat(resume.at("/d/session_id").asText()).isEqualTo("session-0");
    assertThat(resume.at("/d/seq").asLong()).isEqualTo(sequence);
    again.text(Frames.event("RESUMED", sequence + 1, "{}"));
    again.text(Frames.event("AFTER", sequence + 2, "{}"));
    recorder.awaitEvent(0, "AFTER");
    return again;
  }

  private void assertUnharmed(ScriptedGateway.Peer neighbour) throws Exception {
    neighbour.text(Frames.event("UNHARMED", 2, "{}"));
    recorder.awaitEvent(1, "UNHARMED");
    assertThat(recorder.reconnects(1)).isEmpty();
  }

  static Arguments[] breaches() {
    byte[] big = new byte[MAX_MESSAGE_BYTES + 1];
    byte[] half = new byte[MAX_MESSAGE_BYTES / 2 + 1];
    return new Arguments[] {
      arguments("JSON that breaks off", Frames.text("{\"op\":")),
      arguments("JSON that is no object", Frames.text("[1,2,3]")),
      arguments("an empty message", Frames.text("")),
      arguments("a dispatch without a sequence", Frames.text("{\"op\":0,\"t\":\"A\",\"d\":{}}")),
      arguments("binary where text is due", Frames.binary(utf8(Frames.event("A", 3, "{}")))),
      arguments("a message over the limit", frame(FIN | TEXT, big)),
      arguments(
          "fragments over the limit",
          concat(frame(TEXT, half), frame(CONTINUATION, half), frame(FIN | CONTINUATION, half))),
      arguments("text that is not UTF-8", frame(FIN | TEXT, NOT_UTF8)),
      arguments(
          "fragments whose text is not UTF-8",
          concat(frame(TEXT, utf8("")), frame(FIN | CONTINUATION, NOT_UTF8))),
      arguments("a masked frame", Frames.masked(FIN | TEXT, utf8("{}"))),
      arguments("a reserved bit", frame(FIN | 0x40 | TEXT, utf8("{}"))),
      arguments("a reserved opcode", frame(FIN | 0x3, utf8("{}"))),
      arguments("a reserved control opcode", frame(FIN | 0xB, utf8("{}"))),
      arguments("a continuation of nothing", frame(FIN | CONTINUATION, utf8("{}"))),
      arguments(
          "a message within a message",
          concat(frame(TEXT, utf8("{")), frame(FIN | TEXT, utf8("{}")))),
      arguments("a ping in fragments", frame(PING, utf8("a"))),
      arguments("a ping that is too long", frame(FIN | PING, new byte[126])),
      arguments("a close frame of one byte", frame(FIN | CLOSE, new byte[1])),
      arguments("a close frame with 1005", Frames.close(1005, "")),
      arguments("a close frame with 999", Frames.close(999, "")),
      arguments("HELLO with interval 0", Frames.text(Frames.hello(0))),
      arguments("HELLO with an absurd interval", Frames.text(Frames.hello(1_000_000_000_000L))),
      arguments("HELLO without an interval", Frames.text("{\"op\":10,\"d\":{}}")),
    };
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("breaches")
  void isClosedWith4900AndResumed(String name, byte[] bytes) throws Exception {
    start(Compression.NONE);
    ScriptedGateway.Peer[] peers = readyPeers();

    peers[0].write(bytes);

    assertThat(peers[0].awaitClose()).isEqualTo(4900);
    expectResume(2);
    assertThat(recorder.reconnects(0)).hasSize(1);
    assertThat(recorder.reconnects(0).get(0).cause()).isEqualTo(Reconnect.Cause.PROTOCOL_ERROR);
    assertUnharmed(peers[1]);
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 1012, 3000, 4000, 4999})
  void aCloseFrameIsEchoedAndResumed(int code) throws Exception {
    start(Compression.NONE);
    ScriptedGateway.Peer[] peers = readyPeers();

    peers[0].write(Frames.close(code, "a reason, with \u00fcnicode"));

    assertThat(peers[0].awaitClose()).isEqualTo(code);
    expectResume(2);
    assertThat(recorder.reconnects(0).get(0).cause()).isEqualTo(Reconnect.Cause.CLOSED);
    assertThat(recorder.reconnects(0).get(0).closeCode()).isZero();
    assertUnharmed(peers[1]);
  }

  @Test
  void aCloseFrameWithoutStatusIsEchoedAndResumed() throws Exception {
    start(Compression.NONE);
    ScriptedGateway.Peer[] peers = readyPeers();

    peers[0].write(frame(FIN | CLOSE, new byte[0]));

    assertThat(peers[0].awaitClose()).isEqualTo(1005);
    expectResume(2);
    assertUnharmed(peers[1]);
  }

  @Test
  void aResetInTheMiddleOfAMessageIsResumed() throws Exception {
    start(Compression.NONE);
    ScriptedGateway.Peer[] peers = readyPeers();

    peers[0].write(concat(frame(TEXT, utf8("{\"t\":\"HALF\",")), new byte[] {0, 100, 1, 2}));
    peers[0].reset();

    expectResume(2);
    assertThat(recorder.reconnects(0).get(0).cause()).isEqualTo(Reconnect.Cause.LOST);
    assertUnharmed(peers[1]);
  }

  @Test
  void whatTheProtocolMayGrowIsTakenAsItComes() throws Exception {
    start(Compression.NONE);
    ScriptedGateway.Peer[] peers = readyPeers();

    peers[0].text("{\"op\":99,\"d\":{\"x\":[1,2]}}");
    peers[0].text("{\"op\":2,\"d\":null,\"s\":null,\"t\":null,\"extra\":\"key\"}");
    peers[0].text(Frames.event("BRAND_NEW_EVENT", 3, "\"not an object\""));
    peers[0].text("{\"d\":{\"late\":true},\"op\":0,\"s\":4,\"t\":\"ANOTHER_ORDER\"}");

    assertThat(recorder.awaitEvent(0, "BRAND_NEW_EVENT").data().asText())
        .isEqualTo("not an object");
    assertThat(recorder.awaitEvent(0, "ANOTHER_ORDER").data().path("late").asBoolean()).isTrue();
    assertThat(recorder.reconnects(0)).isEmpty();
    assertUnharmed(peers[1]);
  }

  @Test
  void anEventWhoseDataIsBrokenHarmsNothing() throws Exception {
    ShardManager manager = start(Compression.NONE);
    ScriptedGateway.Peer[] peers = readyPeers();

    peers[0].text("{\"t\":\"BROKEN\",\"s\":3,\"op\":0,\"d\":{\"a\":}}");
    peers[0].text(Frames.event("NEXT", 4, "{}"));

    recorder.awaitEvent(0, "NEXT");
    assertThat(recorder.reconnects(0)).isEmpty();
    assertThat(manager.stats().handlerFailures()).isEqualTo(1); // of readTree in the recorder
    assertUnharmed(peers[1]);
  }

  @Test
  void fragmentsArePutTogetherWithControlFramesBetween() throws Exception {
    start(Compression.NONE);
    ScriptedGateway.Peer[] peers = readyPeers();
    byte[] event = utf8(Frames.event("IN_PIECES", 3, "{\"text\":\"\u00e9\u20ac\"}"));
    int middle = event.length - 5; // within a character

    peers[0].write(frame(TEXT, new byte[0]));
    for (int i = 0; i < middle; i++) {
      peers[0].write(frame(CONTINUATION, new byte[] {event[i]}));
      if (i % 10 == 0) {
        peers[0].write(frame(FIN | PING, new byte[] {(byte) i}));
        peers[0].write(frame(FIN | PONG, new byte[0]));
      }
    }
    peers[0].write(
        frame(FIN | CONTINUATION, java.util.Arrays.copyOfRange(event, middle, event.length)));

    assertThat(recorder.awaitEvent(0, "IN_PIECES").data().path("text").asText())
        .isEqualTo("\u00e9\u20ac");
    for (int i = 0; i < middle; i += 10) {
      ScriptedGateway.Peer.Frame pong = peers[0].read();
      assertThat(pong.opcode()).isEqualTo(PONG);
      assertThat(pong.payload()).containsExactly(i);
    }
    assertThat(recorder.reconnects(0)).isEmpty();
    assertUnharmed(peers[1]);
  }

  @Test
  void aMessageByteByByteIsWhole() throws Exception {
    start(Compression.NONE);
    ScriptedGateway.Peer[] peers = readyPeers();

    for (byte b : Frames.text(Frames.event("SLOW", 3, "{\"a\":1}"))) {
      peers[0].write(new byte[] {b});
    }

    assertThat(recorder.awaitEvent(0, "SLOW").data().path("a").asInt()).isEqualTo(1);
    assertUnharmed(peers[1]);
  }

  @Test
  void aPingIsAnsweredWithItsPayload() throws Exception {
    start(Compression.NONE);
    ScriptedGateway.Peer[] peers = readyPeers();

    peers[0].write(frame(FIN | PING, utf8("are you there")));

    ScriptedGateway.Peer.Frame pong = peers[0].read();
    assertThat(pong.opcode()).isEqualTo(PONG);
    assertThat(new String(pong.payload(), StandardCharsets.UTF_8)).isEqualTo("are you there");
    assertUnharmed(peers[1]);
  }

  @Test
  void aRequestedHeartbeatIsSentAtOnce() throws Exception {
    start(Compression.NONE);
    ScriptedGateway.Peer[] peers = readyPeers();

    peers[0].text("{\"op\":1,\"d\":null}");

    assertThat(peers[0].expectOp(1).path("d").asLong()).isEqualTo(2);
    assertUnharmed(peers[1]);
  }

  @Test
  void aMessageThatBreaksTheSameSpotTwiceEndsTheSession() throws Exception {
    ShardManager manager = start(Compression.NONE);
    ScriptedGateway.Peer[] peers = readyPeers();

    peers[0].write(frame(FIN | TEXT, new byte[MAX_MESSAGE_BYTES + 1]));
    ScriptedGateway.Peer again = open(gateway.greet(INTERVAL_MILLIS));
    again.expectOp(6);
    again.write(frame(FIN | TEXT, new byte[MAX_MESSAGE_BYTES + 1]));

    ScriptedGateway.Peer fresh = open(gateway.accept());
    assertThat(recorder.reconnects(0)).hasSize(2);
    assertUnharmed(peers[1]);
    get(manager.stop(StopMode.RESTART));
    assertThat(fresh.awaitClose()).isEqualTo(ScriptedGateway.ABNORMAL);
  }

  static Arguments[] brokenStreams() {
    Deflater good = new Deflater();
    byte[] whole = Frames.deflate(good, Frames.event("A", 3, "{\"text\":\"some words\"}"));
    byte[] next = Frames.deflate(good, Frames.event("B", 4, "{\"text\":\"other words\"}"));
    good.end();
    byte[] corrupt = whole.clone();
    corrupt[0] |= 0x06;
    byte[] truncated = java.util.Arrays.copyOf(whole, whole.length / 2);
    return new Arguments[] {
      arguments("text where binary is due", Frames.text(Frames.event("A", 3, "{}"))),
      arguments("a corrupt stream", Frames.binary(corrupt)),
      arguments("a truncated message", concat(Frames.binary(truncated), Frames.binary(next))),
      arguments("another stream", Frames.binary(whole)),
      arguments("a bomb", Frames.binary(bomb())),
    };
  }

  private static byte[] bomb() {
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
    byte[] bomb = Frames.deflate(deflater, "{\"op\":0,\"d\":\"" + "0".repeat(1 << 22) + "\"}");
    deflater.end();
    return bomb;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenStreams")
  void aBrokenZlibStreamIsClosedAndResumedWithAFreshOne(String name, byte[] bytes)
      throws Exception {
    start(Compression.ZLIB_STREAM);
    ScriptedGateway.Peer[] peers = new ScriptedGateway.Peer[2];
    Deflater[] deflaters = {new Deflater(), new Deflater()};
    for (int i = 0; i < 2; i++) {
      Deflater deflater = new Deflater();
      ScriptedGateway.Peer peer = open(gateway.accept());
      assertThat(peer.requestLine).contains("compress=zlib-stream");
      peer.upgrade(Frames.binary(Frames.deflate(deflater, Frames.hello(INTERVAL_MILLIS))));
      int shard = peer.expectOp(2).at("/d/shard/0").asInt();
      peers[shard] = peer;
      deflaters[shard] = deflater;
      String ready = Frames.ready("session-" + shard, gateway.uri().toString());
      // Split: a message may span several frames' worth of WebSocket messages.
      byte[] deflated = Frames.deflate(deflater, ready);
      peer.write(Frames.binary(java.util.Arrays.copyOf(deflated, 20)));
      peer.write(Frames.binary(java.util.Arrays.copyOfRange(deflated, 20, deflated.length)));
    }
    recorder.awaitEvent(0, "READY");
    recorder.awaitEvent(1, "READY");

    peers[0].write(bytes);

    assertThat(peers[0].awaitClose()).isEqualTo(4900);
    ScriptedGateway.Peer again = open(gateway.accept());
    Deflater fresh = new Deflater();
    again.upgrade(Frames.binary(Frames.deflate(fresh, Frames.hello(INTERVAL_MILLIS))));
    assertThat(again.expectOp(6).at("/d/seq").asLong()).isEqualTo(1);
    again.write(Frames.binary(Frames.deflate(fresh, Frames.event("RESUMED", 2, "{}"))));
    recorder.awaitEvent(0, "RESUMED");
    peers[1].write(Frames.binary(Frames.deflate(deflaters[1], Frames.event("UNHARMED", 2, "{}"))));
    recorder.awaitEvent(1, "UNHARMED");
    assertThat(recorder.reconnects(1)).isEmpty();
  }

  static Arguments[] badHandshakes() {
    return new Arguments[] {
      arguments("HTTP 200", utf8("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), "200"),
      arguments("HTTP 429", utf8("HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n"), "429"),
      arguments(
          "a wrong key",
          utf8(
              "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                  + "Connection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n"),
          "challenge"),
      arguments(
          "another upgrade",
          utf8("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
          "upgrade"),
      arguments("garbage", utf8("\u0000\u0001 what is this\r\n\r\n"), ""),
    };
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badHandshakes")
  void aBadHandshakeIsReportedAndDialledAgain(String name, byte[] response, String reason)
      throws Exception {
    start(Compression.NONE);

    ScriptedGateway.Peer bad = open(gateway.accept());
    assertThat(bad.headers).doesNotContainKey("origin").containsKey("user-agent");
    bad.write(response);
    recorder.await("a failed dial", () -> !recorder.failures().isEmpty());

    assertThat(recorder.failures().get(0).cause().toString().toLowerCase(java.util.Locale.ROOT))
        .contains(reason);
    for (int i = 0; i < 2; i++) {
      open(gateway.ready(INTERVAL_MILLIS));
    }
    recorder.awaitEvent(0, "READY");
    recorder.awaitEvent(1, "READY");
  }

  static Arguments[] beforeReady() {
    return new Arguments[] {
      arguments("HELLO with interval 0", Frames.text(Frames.hello(0))),
      arguments("HELLO with an absurd interval", Frames.text(Frames.hello(Long.MAX_VALUE))),
      arguments("a reconnect request", Frames.text("{\"op\":7,\"d\":null}")),
      arguments("binary", frame(FIN | BINARY, new byte[3])),
      arguments("a close frame", Frames.close(4000, "")),
    };
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("beforeReady")
  void aBadStartIsDialledAgain(String name, byte[] bytes) throws Exception {
    start(Compression.NONE);

    ScriptedGateway.Peer bad = open(gateway.accept());
    bad.upgrade(bytes);

    assertThat(bad.awaitClose()).isIn(4900, 4000);
    for (int i = 0; i < 2; i++) {
      open(gateway.ready(INTERVAL_MILLIS));
    }
    recorder.awaitEvent(0, "READY");
    recorder.awaitEvent(1, "READY");
  }
}
