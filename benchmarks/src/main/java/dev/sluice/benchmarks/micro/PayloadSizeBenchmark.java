package dev.sluice.benchmarks.micro;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
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
 * Does it cost more to receive a larger event? GUILD_CREATE of guilds from no member to some
 * thousands. Beside it: a copy of the same bytes, and Jackson's tree.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar PayloadSizeBenchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class PayloadSizeBenchmark {

  /** How long a message is, in bytes. */
  @Param({"4096", "32768", "262144", "2097152"})
  public int bytes = 4096;

  private final JsonMapper mapper = new JsonMapper();
  private final GatewayConnection connection =
      ReadyConnection.of(
          ReadyConnection.config(Encoding.JSON, Compression.NONE),
          Messages.hello(),
          Messages.ready());

  private MessageRing messages = MessageRing.of(Messages.MIXED, MessageRing.FEW);
  private byte[] copy = {};

  /**
   * Makes the messages.
   *
   * @throws IOException if they cannot be put together
   */
  @Setup
  public void setUp() throws IOException {
    List<byte[]> guilds = new ArrayList<>();
    for (int i = 0; i < MessageRing.FEW; i++) {
      guilds.add(Messages.guildCreate(bytes, Messages.FIRST_SEQUENCE + i));
    }
    messages = MessageRing.of(guilds);
    copy = new byte[bytes];
  }

  /** {@return the last byte of a copy of a message: the baseline} */
  @Benchmark
  public byte copy() {
    ByteBuffer message = messages.next();
    message.get(0, copy, 0, message.limit());
    return copy[copy.length - 1];
  }

  /** {@return the sequence of the event that the connection makes of a message} */
  @Benchmark
  public long recv() {
    Dispatch dispatch = connection.recv(FrameType.TEXT, messages.next());
    long sequence = dispatch == null ? -1 : dispatch.sequence();
    messages.advance();
    return sequence;
  }

  /**
   * {@return a message as Jackson's tree}
   *
   * @throws IOException if the message is not JSON
   */
  @Benchmark
  public JsonNode jacksonTree() throws IOException {
    return mapper.readTree(messages.nextArray());
  }
}
