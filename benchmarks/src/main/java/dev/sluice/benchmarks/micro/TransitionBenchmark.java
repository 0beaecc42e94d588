package dev.sluice.benchmarks.micro;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.GatewayState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
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
 * What does it cost to take a connection through its states: to a new session, to a resumed one,
 * and from heartbeat to heartbeat? Beside it: Jackson's trees of the messages that make it go.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar TransitionBenchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class TransitionBenchmark {

  private static final int NEW_SESSION = 4009; // the close code of a session that timed out

  /** Longer than any pause that the connection keeps, and than a heartbeat interval. */
  private static final Duration STEP = Duration.ofMinutes(1);

  private final JsonMapper mapper = new JsonMapper();
  private final ManualClock clock = new ManualClock();
  private final byte[] hello = Messages.hello();
  private final byte[] ready = Messages.ready();
  private final byte[] resumed = Messages.resumed(2);
  private final byte[] reconnect = Messages.reconnect();
  private final byte[] heartbeatAck = Messages.heartbeatAck();
  private final GatewayConnection connection =
      ReadyConnection.create(ReadyConnection.config(Encoding.JSON, Compression.NONE), clock);

  /** Brings the connection to its first session. */
  @Setup
  public void setUp() {
    open();
    recv(ready);
  }

  /** {@return READY, after the session was lost, a dial, HELLO and IDENTIFY} */
  @Benchmark
  public GatewayState newSession() {
    connection.recvCloseCode(NEW_SESSION);
    clock.advance(STEP);
    open();
    recv(ready);
    return connection.state();
  }

  /** {@return READY, after the gateway asked for a reconnect, a dial, HELLO and RESUME} */
  @Benchmark
  public GatewayState resume() {
    recv(reconnect);
    clock.advance(STEP);
    open();
    recv(resumed);
    return connection.state();
  }

  /** {@return how many heartbeats were acknowledged, one more each time} */
  @Benchmark
  public int heartbeat() {
    do { // once, it is the connection's other timer
      clock.advanceNanos(connection.nextTimeoutNanos());
      connection.onTimeout();
    } while (ReadyConnection.drain(connection) == 0);
    recv(heartbeatAck);
    return connection.heartbeatAcks();
  }

  /**
   * {@return how many keys the messages of {@link #newSession} have, by Jackson's tree: a baseline}
   *
   * @throws IOException if they are not JSON
   */
  @Benchmark
  public int jacksonTreesOfNewSession() throws IOException {
    return mapper.readTree(hello).size() + mapper.readTree(ready).size();
  }

  /**
   * {@return how many keys the messages of {@link #resume} have, by Jackson's tree: a baseline}
   *
   * @throws IOException if they are not JSON
   */
  @Benchmark
  public int jacksonTreesOfResume() throws IOException {
    return mapper.readTree(reconnect).size()
        + mapper.readTree(hello).size()
        + mapper.readTree(resumed).size();
  }

  /** {@return which of its sessions the connection has} */
  int sessionEpoch() {
    return connection.sessionEpoch();
  }

  private void open() {
    connection.connecting();
    connection.opened();
    recv(hello);
    ReadyConnection.drain(connection);
  }

  private void recv(byte[] message) {
    connection.recv(FrameType.TEXT, ByteBuffer.wrap(message));
  }
}
