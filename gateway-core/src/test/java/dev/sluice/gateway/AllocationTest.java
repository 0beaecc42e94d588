package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import com.sun.management.ThreadMXBean;
import dev.sluice.gateway.internal.EtfWriter;
import dev.sluice.gateway.internal.PayloadWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Handling a dispatch allocates nothing, as the JVM counts it by thread. */
class AllocationTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int ROUNDS = 200;

  /**
   * What zstd-jni itself allocates for a message. On JDK 22 and later it wraps the arrays into
   * memory segments, which the JIT compiler removes sometimes, and sometimes not.
   */
  private static final int ZSTD_BYTES = Runtime.version().feature() < 22 ? 0 : 256;

  private static final List<String> SAMPLES =
      List.of(
          "MESSAGE_CREATE",
          "PRESENCE_UPDATE",
          "TYPING_START",
          "GUILD_CREATE",
          "MESSAGE_REACTION_ADD",
          "VOICE_STATE_UPDATE");

  private static final byte[] HELLO =
      "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":41250}}"
          .getBytes(StandardCharsets.UTF_8);

  private long guilds;

  @Test
  void plainFromABufferThatIsReused() {
    Scenario scenario = Scenario.live();
    GatewayConnection connection = scenario.connection();
    ByteBuffer message = ByteBuffer.allocateDirect(1 << 20);
    List<byte[]> samples = SAMPLES.stream().map(Payloads::bytes).toList();

    assertAllocatesNothing(
        () -> {
          for (int i = 0; i < samples.size(); i++) {
            message.clear();
            message.put(samples.get(i)).flip();
            handle(connection.recv(FrameType.TEXT, message));
          }
        });
  }

  @Test
  void compressedByZlib() {
    Scenario scenario = Scenario.scenario().compressed().open().hello().ready();
    GatewayConnection connection = scenario.connection();
    List<ByteBuffer> messages = new ArrayList<>();
    for (int round = 0; round < 60 * ROUNDS; round++) {
      String name = SAMPLES.get(round % SAMPLES.size());
      messages.add(ByteBuffer.wrap(scenario.deflate(Payloads.bytes(name))));
    }
    int[] next = {0};

    assertAllocatesNothing(
        () -> {
          for (int i = 0; i < SAMPLES.size(); i++) {
            handle(connection.recv(FrameType.BINARY, messages.get(next[0]++)));
          }
        });
  }

  @ParameterizedTest
  @EnumSource(Encoding.class)
  void compressedByZstd(Encoding encoding) throws IOException {
    Scenario scenario =
        Scenario.scenario().transport(encoding, Compression.ZSTD_STREAM).open().hello().ready();
    GatewayConnection connection = scenario.connection();
    connection.transportLost();
    scenario.open();
    List<ByteBuffer> messages = new ArrayList<>();
    try (ZstdCompressCtx zstd = new ZstdCompressCtx()) {
      // Whole frames, which can be received any number of times.
      connection.recv(
          FrameType.BINARY,
          ByteBuffer.wrap(Streams.zstd(zstd, encode(encoding, HELLO), EndDirective.END)));
      for (String name : SAMPLES) {
        byte[] payload = encode(encoding, Payloads.bytes(name));
        byte[] message = Streams.zstd(zstd, payload, EndDirective.END);
        messages.add(ByteBuffer.allocateDirect(message.length).put(message).flip());
      }
    }

    assertAllocatesNothing(
        ZSTD_BYTES * SAMPLES.size(),
        () -> {
          for (int i = 0; i < messages.size(); i++) {
            handle(connection.recv(FrameType.BINARY, messages.get(i).rewind()));
          }
        });
  }

  @Test
  void inEtfFromABufferThatIsReused() throws IOException {
    Scenario scenario =
        Scenario.scenario().transport(Encoding.ETF, Compression.NONE).open().hello().ready();
    GatewayConnection connection = scenario.connection();
    ByteBuffer message = ByteBuffer.allocateDirect(1 << 20);
    List<byte[]> samples = new ArrayList<>();
    for (String name : SAMPLES) {
      samples.add(encode(Encoding.ETF, Payloads.bytes(name)));
    }

    assertAllocatesNothing(
        () -> {
          for (int i = 0; i < samples.size(); i++) {
            message.clear().put(samples.get(i)).flip();
            handle(connection.recv(FrameType.BINARY, message));
          }
        });
  }

  @Test
  void ofAnEtfHeartbeat() {
    ByteBuffer out = ByteBuffer.allocate(PayloadWriter.MAX_HEARTBEAT_BYTES);

    assertAllocatesNothing(
        () -> guilds += PayloadWriter.heartbeat(Encoding.ETF, 1L << 40, out.clear()));
  }

  private static byte[] encode(Encoding encoding, byte[] json) throws IOException {
    return encoding == Encoding.ETF ? EtfWriter.gateway(json) : json;
  }

  @Test
  void ofAnAcknowledgedHeartbeat() {
    Scenario scenario = Scenario.live();
    GatewayConnection connection = scenario.connection();
    ByteBuffer ack =
        ByteBuffer.wrap(
            "{\"t\":null,\"s\":null,\"op\":11,\"d\":null}".getBytes(StandardCharsets.UTF_8));

    assertAllocatesNothing(
        () -> {
          connection.queueHeartbeat();
          if (connection.send() != null) {
            guilds++;
          }
          connection.recv(FrameType.TEXT, ack.rewind());
          connection.onTimeout();
        });
  }

  private void handle(Dispatch dispatch) {
    guilds += dispatch.guildId() == 0 ? 0 : 1;
    guilds += dispatch.dataLength() == 0 ? 1 : 0;
    guilds += dispatch.data().remaining() == 0 ? 1 : 0;
  }

  /** Runs until the code is compiled, for what an interpreter boxes is no fault of the code. */
  private void assertAllocatesNothing(Runnable round) {
    assertAllocatesNothing(0, round);
  }

  /** Up to so many bytes in a round are another's. */
  private void assertAllocatesNothing(int allowed, Runnable round) {
    long allocated = Long.MAX_VALUE;
    for (int attempt = 0; attempt < 8 && allocated > (long) allowed * ROUNDS; attempt++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < ROUNDS; i++) {
        round.run();
      }
      allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    }
    assertThat(guilds).isPositive();
    assertThat(allocated).isLessThanOrEqualTo((long) allowed * ROUNDS);
  }
}
