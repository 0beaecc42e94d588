package dev.sluice.benchmarks.micro;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.github.luben.zstd.ZstdDecompressCtx;
import dev.sluice.benchmarks.micro.Recording.Message;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.Scratch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does a message of one's own traffic cost? Replays what a {@link
 * dev.sluice.gateway.netty.TrafficRecorder} recorded: the transport with the most messages, from
 * its first on, in any encoding and compression. Beside it: the bare decompression of the same
 * messages, or a copy if they are not compressed, and Jackson's tree of what that yields.
 *
 * <p>At the end of the recording each body starts over, with a new connection or a new stream. So a
 * recording has some thousands of messages at best, for that to weigh nothing.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar ReplayBenchmark -p file=/path/to/traffic.rec -prof gc
 * }</pre>
 *
 * <p>Without a file it replays some made-up traffic in zlib-stream.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class ReplayBenchmark {

  /** Stands for a recording that is made for the benchmark. */
  static final String SAMPLE = "sample";

  private static final int OUTPUT_BYTES = 32 << 20;
  private static final int SYNC_FLUSH = 0x0000FFFF;

  /** The recording. */
  @Param(SAMPLE)
  public String file = SAMPLE;

  private final JsonMapper mapper = new JsonMapper();
  private final Scratch scratch = Scratch.create();
  private final ByteBuffer output = ByteBuffer.allocate(OUTPUT_BYTES);
  private Inflater inflater = new Inflater();
  private ZstdDecompressCtx zstd; // made at its first use

  private Recording recording;
  private Message[] messages;
  private GatewayConfig config;
  private GatewaySession session; // null if the transport started one
  private GatewayConnection connection;
  private int next;

  /**
   * Reads the recording, or makes one.
   *
   * @throws IOException if it cannot be read
   * @throws ExecutionException if the sample cannot be made
   * @throws InterruptedException if the thread is interrupted
   * @throws TimeoutException if the sample takes too long
   */
  @Setup
  public void setUp()
      throws IOException, ExecutionException, InterruptedException, TimeoutException {
    setUp(
        file.equals(SAMPLE)
            ? Recording.sample(Encoding.JSON, Compression.ZLIB_STREAM)
            : Recording.read(Path.of(file)));
  }

  void setUp(Recording recording) {
    this.recording = recording;
    messages = recording.messages().toArray(Message[]::new);
    config = ReadyConnection.config(recording.encoding(), recording.compression());
    if (!becomesReady()) {
      session = resumed();
      if (!becomesReady()) {
        throw new IllegalArgumentException(
            "recording: without READY and RESUMED (expected: one of them)");
      }
    }
  }

  /** Frees the native memory. */
  @TearDown
  public void tearDown() {
    inflater.end();
    if (zstd != null) {
      zstd.close();
    }
    connection.transportLost();
  }

  /** {@return the sequence of the event in a message, -1 if it carries none} */
  @Benchmark
  public long recv() {
    int index = step();
    if (index == 0) {
      connect();
    }
    Dispatch dispatch = connection.recv(messages[index].type(), messages[index].direct().clear());
    long sequence = dispatch == null ? -1 : dispatch.sequence();
    if (connection.state() != GatewayState.READY) {
      ReadyConnection.drain(connection); // IDENTIFY or RESUME
    }
    return sequence;
  }

  /**
   * {@return how many bytes a message has once decompressed: a baseline}
   *
   * @throws DataFormatException if the recording does not begin with the stream
   */
  @Benchmark
  public int bare() throws DataFormatException {
    return decompress(step());
  }

  /**
   * {@return a message as Jackson's tree, null if it is but a piece of one: a baseline, for JSON}
   *
   * @throws IOException if it is not JSON
   * @throws DataFormatException if the recording does not begin with the stream
   */
  @Benchmark
  public JsonNode bareAndJacksonTree() throws IOException, DataFormatException {
    if (recording.encoding() != Encoding.JSON) {
      throw new IllegalStateException("encoding: " + recording.encoding() + " (expected: JSON)");
    }
    int index = step();
    int length = decompress(index);
    return isWhole(index) ? mapper.readTree(output.array(), 0, length) : null;
  }

  /** {@return how many messages there are} */
  int size() {
    return messages.length;
  }

  private int step() {
    int index = next;
    next = index + 1 == messages.length ? 0 : index + 1;
    return index;
  }

  // The connection.

  private void connect() {
    if (connection != null) {
      connection.transportLost();
    }
    connection =
        GatewayConnection.create(
            config,
            recording.shard(),
            session,
            scratch,
            NanoClock.system(),
            new SplittableRandom(1));
    connection.connecting();
    connection.opened();
  }

  private boolean becomesReady() {
    boolean ready = false;
    for (int i = 0; i < messages.length; i++) {
      recv();
      ready |= connection.state() == GatewayState.READY;
    }
    return ready;
  }

  /** A session that the transport may go on with; its sequence is before any. */
  private GatewaySession resumed() {
    return new GatewaySession(
        Messages.SESSION_ID,
        null,
        0,
        0,
        recording.shard(),
        config.intents(),
        GatewayConfig.API_VERSION,
        recording.encoding(),
        recording.compression(),
        Instant.EPOCH,
        Instant.EPOCH);
  }

  // The baselines.

  private int decompress(int index) throws DataFormatException {
    Message message = messages[index];
    if (index == 0) {
      restart();
    }
    if (index == 0 || isWhole(index - 1)) {
      output.clear();
    }
    switch (recording.compression()) {
      case NONE -> output.put(message.array());
      case PAYLOAD -> {
        if (message.type() == FrameType.TEXT) {
          output.put(message.array());
        } else {
          inflater.reset();
          inflate(message);
        }
      }
      case ZLIB_STREAM -> inflate(message);
      case ZSTD_STREAM -> zstd.decompressByteBufferStream(output, ByteBuffer.wrap(message.array()));
    }
    if (!output.hasRemaining()) {
      throw new DataFormatException("payload: over " + OUTPUT_BYTES + " bytes (expected: less)");
    }
    return output.position();
  }

  private void inflate(Message message) throws DataFormatException {
    inflater.setInput(message.direct().clear());
    inflater.inflate(output);
  }

  /** Whether a message ends a payload: of zlib-stream, one may be in pieces. */
  private boolean isWhole(int index) {
    ByteBuffer message = messages[index].direct();
    return recording.compression() != Compression.ZLIB_STREAM
        || (message.capacity() >= Integer.BYTES
            && message.getInt(message.capacity() - Integer.BYTES) == SYNC_FLUSH);
  }

  private void restart() {
    inflater.end();
    inflater = new Inflater();
    if (recording.compression() == Compression.ZSTD_STREAM) {
      if (zstd != null) {
        zstd.close();
      }
      zstd = new ZstdDecompressCtx();
    }
  }
}
