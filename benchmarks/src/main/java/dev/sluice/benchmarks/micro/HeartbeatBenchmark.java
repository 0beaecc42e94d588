package dev.sluice.benchmarks.micro;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.Outgoing;
import dev.sluice.gateway.internal.PayloadWriter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to write a heartbeat, and to have the connection send one? Beside it: Jackson's
 * mapper on a map of the same content.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar HeartbeatBenchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class HeartbeatBenchmark {

  private static final Duration STEP = Duration.ofSeconds(31); // within any send budget

  private final JsonMapper mapper = new JsonMapper();
  private final ManualClock clock = new ManualClock();
  private final GatewayConnection connection =
      ReadyConnection.create(ReadyConnection.config(Encoding.JSON, Compression.NONE), clock);
  private final ByteBuffer out = ByteBuffer.allocateDirect(PayloadWriter.MAX_HEARTBEAT_BYTES);
  private long sequence = Messages.FIRST_SEQUENCE;

  /** Brings the connection to a session. */
  @Setup
  public void setUp() {
    connection.connecting();
    connection.opened();
    connection.recv(FrameType.TEXT, ByteBuffer.wrap(Messages.hello()));
    ReadyConnection.drain(connection);
    connection.recv(FrameType.TEXT, ByteBuffer.wrap(Messages.ready()));
    connection.recv(FrameType.TEXT, ByteBuffer.wrap(Messages.of(Messages.MIXED, 1).get(0)));
  }

  /** {@return the length of the payload} */
  @Benchmark
  public int write() {
    return PayloadWriter.heartbeat(Encoding.JSON, sequence++, out.clear());
  }

  /** {@return the payload, out of the connection} */
  @Benchmark
  public Outgoing send() {
    clock.advance(STEP);
    connection.queueHeartbeat();
    return connection.send();
  }

  /**
   * {@return the payload, by Jackson's mapper: the baseline}
   *
   * @throws JsonProcessingException if it cannot be written
   */
  @Benchmark
  public byte[] jacksonMap() throws JsonProcessingException {
    return mapper.writeValueAsBytes(Map.of("op", 1, "d", sequence++));
  }
}
