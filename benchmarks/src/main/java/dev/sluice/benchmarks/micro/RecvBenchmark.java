package dev.sluice.benchmarks.micro;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.benchmarks.peers.Discord4jParser;
import dev.sluice.benchmarks.peers.JdaParser;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConnection;
import discord4j.gateway.json.GatewayPayload;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import net.dv8tion.jda.api.utils.data.DataObject;
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
 * copies of the same bytes, what Jackson makes of them, from the least to the most, and what JDA
 * and Discord4J do to them before they look at what they say.
 *
 * <p>The sequences rise from event to event, as those of a session do; to write them is charged to
 * {@code recv} alone. The others read from arrays, which they do fastest.
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

  /** The type of the events, or MIXED. */
  @Param({"TYPING_START", "MESSAGE_CREATE", Messages.MIXED})
  public String event = "MESSAGE_CREATE";

  /**
   * How many messages come round and round, a power of ten. Ten of them stay in the nearest cache
   * with all that is made of them; a hundred of some types do not, and to copy them means to fetch
   * them from the next one, of which {@code recv} needs little.
   */
  @Param("100")
  public int messages = MessageRing.MANY;

  private final JsonMapper mapper = new JsonMapper();
  private final ObjectReader mapReader = mapper.readerForMapOf(Object.class);
  private final JdaParser jda = new JdaParser();
  private final Discord4jParser discord4j = new Discord4jParser();
  private final GatewayConnection connection =
      ReadyConnection.of(
          ReadyConnection.config(Encoding.JSON, Compression.NONE),
          Messages.hello(),
          Messages.ready());

  private MessageRing ring = MessageRing.of(Messages.MIXED, MessageRing.FEW);
  private byte[] copy = {};

  /** Makes the messages. */
  @Setup
  public void setUp() {
    ring = MessageRing.of(event, messages);
    copy = new byte[1 << 16];
  }

  /**
   * {@return the last byte of a copy of a message, from a direct buffer to an array: a baseline}
   */
  @Benchmark
  public byte copy() {
    ByteBuffer message = ring.next();
    int length = message.limit();
    message.get(0, copy, 0, length);
    return copy[length - 1];
  }

  /** {@return the last byte of a copy of a message, from array to array: a baseline} */
  @Benchmark
  public byte copyArray() {
    byte[] message = ring.nextArray();
    System.arraycopy(message, 0, copy, 0, message.length);
    return copy[message.length - 1];
  }

  /** {@return the sequence of the event that the connection makes of a message} */
  @Benchmark
  public long recv() {
    Dispatch dispatch = connection.recv(FrameType.TEXT, ring.next());
    long sequence = dispatch == null ? -1 : dispatch.sequence();
    ring.advance();
    return sequence;
  }

  /** {@return as {@link #recv}, but the guild that the event belongs to} */
  @Benchmark
  public long recvAndGuildId() {
    Dispatch dispatch = connection.recv(FrameType.TEXT, ring.next());
    long guildId = dispatch == null ? -1 : dispatch.guildId();
    ring.advance();
    return guildId;
  }

  /**
   * {@return opcode, sequence and length of the type, read by Jackson's streaming parser, which
   * stops at {@code d}; added up}
   *
   * @throws IOException if the message is not JSON
   */
  @Benchmark
  public long jacksonStreamingToData() throws IOException {
    long sum = 0;
    try (JsonParser parser = mapper.createParser(ring.nextArray())) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        if (key.equals("d")) {
          break;
        }
        JsonToken value = parser.nextToken();
        sum += value == JsonToken.VALUE_STRING ? parser.getText().length() : parser.getLongValue();
      }
    }
    return sum;
  }

  /**
   * {@return a message as Jackson's tree}
   *
   * @throws IOException if the message is not JSON
   */
  @Benchmark
  public JsonNode jacksonTree() throws IOException {
    return mapper.readTree(ring.nextArray());
  }

  /**
   * {@return a message as the maps and lists that Jackson makes of it}
   *
   * @throws IOException if the message is not JSON
   */
  @Benchmark
  public Map<String, Object> jacksonMap() throws IOException {
    return mapReader.readValue(ring.nextArray());
  }

  /** {@return a message as JDA's object} */
  @Benchmark
  public DataObject jda() {
    return jda.parse(ring.nextArray());
  }

  /** {@return a message as Discord4J's payload} */
  @Benchmark
  public GatewayPayload<?> discord4j() {
    return discord4j.parse(Unpooled.wrappedBuffer(ring.nextArray()));
  }
}
