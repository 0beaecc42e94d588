package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.Frames.CLOSE;
import static dev.sluice.gateway.netty.Frames.CONTINUATION;
import static dev.sluice.gateway.netty.Frames.FIN;
import static dev.sluice.gateway.netty.Frames.PING;
import static dev.sluice.gateway.netty.Frames.PONG;
import static dev.sluice.gateway.netty.Frames.TEXT;
import static dev.sluice.gateway.netty.Frames.event;
import static dev.sluice.gateway.netty.Frames.frame;
import static dev.sluice.gateway.netty.Frames.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.Intents;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Random streams of frames, most of them damaged, in pieces of random sizes: what a shard makes of
 * them is what a plain reading of RFC 6455 and a connection of its own make of them.
 */
@ExtendWith(LeakExtension.class)
final class WebSocketFuzzTest {

  private static final int MAX_MESSAGE_BYTES = 1 << 16;
  private static final int STREAMS = 300;
  private static final long FIRST_SEED = 1;

  /** What one side saw and said. */
  private static final class Transcript {

    final List<String> events = new ArrayList<>();
    final List<String> controls = new ArrayList<>();

    void add(Dispatch dispatch) {
      String data = StandardCharsets.ISO_8859_1.decode(dispatch.data()).toString();
      events.add(dispatch.name() + ' ' + dispatch.sequence() + ' ' + data);
    }

    void pong(ByteBuffer payload) {
      controls.add("pong " + hex(payload));
    }

    void close(int code) {
      controls.add("close " + code);
    }

    private static String hex(ByteBuffer bytes) {
      byte[] copy = new byte[bytes.remaining()];
      bytes.duplicate().get(copy);
      return HexFormat.of().formatHex(copy);
    }

    @Override
    public String toString() {
      return events + "\n" + controls;
    }
  }

  @Test
  void aShardReadsAsTheRfcSays() {
    int ended = 0;
    int whole = 0;
    for (long seed = FIRST_SEED; seed < FIRST_SEED + STREAMS; seed++) {
      Random random = new Random(seed);
      byte[] stream = stream(random);

      Transcript expected = expected(stream);

      assertThat(actual(stream, random)).as("seed %d", seed).hasToString(expected.toString());
      boolean closed = expected.controls.stream().anyMatch(control -> control.startsWith("close"));
      ended += closed ? 1 : 0;
      whole += expected.events.size();
    }
    assertThat(ended).as("streams that end").isBetween(STREAMS / 4, STREAMS * 3 / 4);
    assertThat(whole).as("events").isGreaterThan(STREAMS);
  }

  private static Transcript actual(byte[] stream, Random random) {
    Transcript transcript = new Transcript();
    EmbeddedShard shard = new EmbeddedShard(config -> config.maxMessageBytes(MAX_MESSAGE_BYTES));
    shard.sink =
        (from, dispatch) -> {
          if (!dispatch.name().equals("READY")) {
            transcript.add(dispatch);
          }
          return true;
        };
    shard.ready();
    int step = 1 + stream.length / 128 + random.nextInt(1 << random.nextInt(12));
    for (int i = 0; i < stream.length && shard.channel.isOpen(); i += step) {
      shard.in(Arrays.copyOfRange(stream, i, Math.min(stream.length, i + step)));
    }
    for (ClientFrames.Frame frame : ClientFrames.take(shard.channel)) {
      assertThat(frame.masked()).isTrue();
      if (frame.firstByte() == (FIN | PONG)) {
        transcript.pong(ByteBuffer.wrap(frame.bytes()));
      } else if (frame.firstByte() == (FIN | CLOSE)) {
        byte[] body = frame.bytes();
        transcript.close(body.length == 0 ? 1005 : ByteBuffer.wrap(body).getShort() & 0xFFFF);
      } else {
        assertThat(frame.firstByte()).isEqualTo(FIN | TEXT); // an answer of the connection
      }
    }
    shard.channel.finishAndReleaseAll();
    return transcript;
  }

  private static Transcript expected(byte[] stream) {
    Transcript transcript = new Transcript();
    GatewayConnection connection = connection();
    for (ReferenceWebSocket.Step step : ReferenceWebSocket.read(stream, MAX_MESSAGE_BYTES)) {
      if (step instanceof ReferenceWebSocket.Message message) {
        Dispatch dispatch = connection.recv(message.type(), message.payload());
        if (dispatch != null) {
          transcript.add(dispatch);
        }
        drain(connection);
      } else if (step instanceof ReferenceWebSocket.Ping ping) {
        transcript.pong(ping.payload());
      } else if (step instanceof ReferenceWebSocket.Close close) {
        transcript.close(close.code());
        return transcript;
      } else {
        connection.recvMalformed("violation");
      }
      if (connection.shouldReconnect()) {
        transcript.close(connection.reconnect().closeCode());
        return transcript;
      }
    }
    return transcript;
  }

  private static GatewayConnection connection() {
    GatewayConnection connection =
        GatewayConnection.create(
            GatewayConfig.builder("token", Intents.of())
                .gatewayUri(URI.create("ws://gateway.test"))
                .compression(Compression.NONE)
                .maxMessageBytes(MAX_MESSAGE_BYTES)
                .build());
    connection.connecting();
    connection.opened();
    connection.recv(Frames.hello(3_600_000));
    drain(connection);
    connection.recv(Frames.ready("session", "ws://resume.test"));
    drain(connection);
    return connection;
  }

  private static void drain(GatewayConnection connection) {
    while (connection.send() != null) {
      // nobody is there to send it to
    }
  }

  private static byte[] stream(Random random) {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    List<Integer> heads = new ArrayList<>(); // where frames begin, and faults do most harm
    int messages = 1 + random.nextInt(5);
    for (int i = 0; i < messages; i++) {
      byte[] payload = utf8(event("E" + i, i + 2, '"' + text(random) + '"'));
      int opcode = random.nextInt(50) == 0 ? Frames.BINARY : TEXT;
      int from = 0;
      for (int left = random.nextInt(4); left >= 0; left--) {
        control(random, stream, heads);
        int to = left == 0 ? payload.length : from + random.nextInt(payload.length - from + 1);
        heads.add(stream.size());
        int fin = left == 0 ? FIN : 0;
        stream.writeBytes(frame(fin | opcode, Arrays.copyOfRange(payload, from, to)));
        opcode = CONTINUATION;
        from = to;
      }
    }
    return damaged(random, stream.toByteArray(), heads);
  }

  private static void control(Random random, ByteArrayOutputStream stream, List<Integer> heads) {
    int chance = random.nextInt(60);
    if (chance < 20) {
      heads.add(stream.size());
      byte[] payload = new byte[random.nextInt(126)];
      random.nextBytes(payload);
      stream.writeBytes(frame(FIN | (chance < 12 ? PING : PONG), payload));
    } else if (chance == 20) {
      heads.add(stream.size());
      stream.writeBytes(Frames.close(random.nextInt(5_200), "gone \u00e9"));
    }
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    int most = random.nextInt(50) == 0 ? 40_000 : 150;
    for (int length = random.nextInt(most); length > 0; length--) {
      int codePoint =
          switch (random.nextInt(8)) {
            case 0 -> 0x80 + random.nextInt(0x780);
            case 1 -> 0x3040 + random.nextInt(0x60);
            case 2 -> 0x1F300 + random.nextInt(0x100);
            default -> 'a' + random.nextInt(26);
          };
      text.appendCodePoint(codePoint);
    }
    return text.toString();
  }

  private static byte[] damaged(Random random, byte[] stream, List<Integer> heads) {
    byte[] damaged = stream.clone();
    switch (random.nextInt(8)) {
      case 0, 1 -> { // within the first bytes of a frame
        int head = heads.get(random.nextInt(heads.size()));
        damaged[Math.min(stream.length - 1, head + random.nextInt(4))] ^=
            (byte) (1 << random.nextInt(8));
      }
      case 2, 3 -> // anywhere
          damaged[random.nextInt(stream.length)] = (byte) random.nextInt(256);
      case 4 -> { // a byte too few
        int at = random.nextInt(stream.length);
        System.arraycopy(stream, at + 1, damaged, at, stream.length - at - 1);
        damaged = Arrays.copyOf(damaged, stream.length - 1);
      }
      case 5 -> damaged = Arrays.copyOf(stream, random.nextInt(stream.length));
      default -> {
        // as it is
      }
    }
    return damaged;
  }
}
