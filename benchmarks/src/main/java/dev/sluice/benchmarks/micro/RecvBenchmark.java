package dev.sluice.benchmarks.micro;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.testkit.TrafficGenerator;
import dev.sluice.gateway.testkit.TrafficMix;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to take one uncompressed event from its bytes to a {@link Dispatch}? Beside it:
 * a copy of the same bytes, Jackson's streaming parser up to {@code d}, and Jackson's tree.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar RecvBenchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class RecvBenchmark {

  private static final String HELLO =
      "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":41250}}";
  private static final String READY =
      "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"benchmark\",\"v\":10}}";
  private static final long SEED = 1;
  private static final int GUILDS = 4;

  /** The kind of event. */
  @Param({"TYPING_START", "MESSAGE_CREATE", "GUILD_CREATE"})
  public String event = "MESSAGE_CREATE";

  private final JsonMapper mapper = new JsonMapper();
  private final GatewayConnection connection =
      GatewayConnection.create(
          GatewayConfig.builder("token", Intents.nonPrivileged())
              .compression(Compression.NONE)
              .build());

  private byte[] message = {};
  private byte[] copy = {};
  private ByteBuffer buffer = ByteBuffer.allocate(0);

  /**
   * Makes the message and a connection that is ready for it.
   *
   * @throws IOException if the message cannot be put together
   */
  @Setup
  public void setUp() throws IOException {
    message = envelope(event, data());
    copy = new byte[message.length];
    buffer = ByteBuffer.allocateDirect(message.length).put(message).flip();
    connection.connecting();
    connection.opened();
    connection.recv(HELLO);
    drain();
    while (connection.recv(READY) == null) {
      drain(); // IDENTIFY goes out before READY is expected
    }
  }

  /** {@return the last byte of a copy of the message: the baseline} */
  @Benchmark
  public byte copy() {
    buffer.get(0, copy);
    return copy[copy.length - 1];
  }

  /** {@return the sequence of the event that the connection makes of the message} */
  @Benchmark
  public long recv() {
    Dispatch dispatch = connection.recv(FrameType.TEXT, buffer.clear());
    return dispatch == null ? -1 : dispatch.sequence();
  }

  /** {@return as {@link #recv}, and the guild that the event belongs to} */
  @Benchmark
  public long recvAndGuildId() {
    Dispatch dispatch = connection.recv(FrameType.TEXT, buffer.clear());
    return dispatch == null ? -1 : dispatch.guildId();
  }

  /**
   * {@return the sequence, read by Jackson's streaming parser, which stops at {@code d}}
   *
   * @throws IOException if the message is not JSON
   */
  @Benchmark
  public long jacksonStreamingToData() throws IOException {
    long sequence = -1;
    try (JsonParser parser = mapper.createParser(message)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME && !parser.currentName().equals("d")) {
        boolean isSequence = parser.currentName().equals("s");
        parser.nextToken();
        if (isSequence) {
          sequence = parser.getLongValue();
        }
      }
    }
    return sequence;
  }

  /**
   * {@return the message as Jackson's tree}
   *
   * @throws IOException if the message is not JSON
   */
  @Benchmark
  public JsonNode jacksonTree() throws IOException {
    return mapper.readTree(message);
  }

  private byte[] data() {
    TrafficGenerator generator = TrafficGenerator.create(TrafficMix.NO_PRESENCES, GUILDS, 0, SEED);
    if (event.equals("GUILD_CREATE")) {
      generator.largeGuildCreate(ShardId.SINGLE);
    } else {
      while (!generator.next(ShardId.SINGLE).equals(event)) {
        // the next event of the mix
      }
    }
    byte[] data = new byte[generator.data().remaining()];
    generator.data().get(data);
    return data;
  }

  private static byte[] envelope(String event, byte[] data) throws IOException {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    message.write(
        ("{\"t\":\"" + event + "\",\"s\":2,\"op\":0,\"d\":").getBytes(StandardCharsets.UTF_8));
    message.write(data);
    message.write('}');
    return message.toByteArray();
  }

  private void drain() {
    while (connection.send() != null) {
      // nobody is there to send it to
    }
  }
}
