package dev.sluice.benchmarks.micro;

import com.github.luben.zstd.ZstdDecompressCtx;
import dev.sluice.benchmarks.peers.Discord4jParser;
import dev.sluice.benchmarks.peers.JdaParser;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConnection;
import discord4j.gateway.json.GatewayPayload;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to take an event out of zlib-stream or zstd-stream? Beside it: the JDK's bare
 * {@link Inflater}, and zstd-jni's bare context, on the same bytes in the same kind of buffer, into
 * an array that is always large enough; and what JDA and Discord4J do to a message before they look
 * at what it says, in arrays, which suits them best.
 *
 * <p>Each stream goes on for ever: its 2048 messages are compressed such that the first may follow
 * the last. The sequences start over with them, which saves {@code recv} a few nanoseconds of the
 * thousands.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar CompressedRecvBenchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class CompressedRecvBenchmark {

  private static final int OUTPUT_BYTES = 1 << 16; // above any payload of the mix

  /** The type of the events, or MIXED. */
  @Param(Messages.MIXED)
  public String event = Messages.MIXED;

  private final ByteBuffer output = ByteBuffer.allocate(OUTPUT_BYTES);
  private final ByteBuffer directOutput = ByteBuffer.allocateDirect(OUTPUT_BYTES);

  /** The messages of a lap, in order, for ever. */
  private static final class Lap {

    private final ByteBuffer[] messages;
    private int next;

    Lap(ByteBuffer[] messages) {
      this.messages = messages;
    }

    ByteBuffer next() {
      ByteBuffer message = messages[next].clear();
      next = (next + 1) & (Deflation.LAP - 1);
      return message;
    }
  }

  /** zlib-stream, on our side and bare. */
  @State(Scope.Thread)
  public static class Zlib {

    final Inflater inflater = new Inflater();
    GatewayConnection connection;
    Lap lap;

    /**
     * Opens the stream on both sides.
     *
     * @param benchmark knows the events
     * @throws DataFormatException if it is no stream
     */
    @Setup
    public void setUp(CompressedRecvBenchmark benchmark) throws DataFormatException {
      Deflation stream = Deflation.zlib(benchmark.event);
      lap = new Lap(stream.directLap());
      connection =
          ReadyConnection.of(
              ReadyConnection.config(Encoding.JSON, Compression.ZLIB_STREAM),
              stream.opening().get(0),
              stream.opening().get(1));
      for (byte[] message : stream.opening()) {
        inflate(inflater, ByteBuffer.wrap(message), benchmark.output);
      }
    }

    /** Frees the native memory. */
    @TearDown
    public void tearDown() {
      inflater.end();
      connection.transportLost();
    }
  }

  /** zlib-stream, on the peers' side. */
  @State(Scope.Thread)
  public static class PeersZlib {

    final JdaParser jda = new JdaParser();
    final Discord4jParser discord4j = new Discord4jParser();
    byte[][] lap;
    private int next;

    /**
     * Opens the stream on their side.
     *
     * @param benchmark knows the events
     * @throws DataFormatException if it is no stream
     */
    @Setup
    public void setUp(CompressedRecvBenchmark benchmark) throws DataFormatException {
      Deflation stream = Deflation.zlib(benchmark.event);
      lap = stream.lap().toArray(byte[][]::new);
      for (byte[] message : stream.opening()) {
        jda.inflate(message);
        discord4j.inflate(Unpooled.wrappedBuffer(message)).release();
      }
    }

    byte[] next() {
      byte[] message = lap[next];
      next = (next + 1) & (Deflation.LAP - 1);
      return message;
    }
  }

  /** zstd-stream, on our side and bare. */
  @State(Scope.Thread)
  public static class Zstd {

    final ZstdDecompressCtx context = new ZstdDecompressCtx();
    final ZstdDecompressCtx directContext = new ZstdDecompressCtx();
    GatewayConnection connection;
    Lap lap;
    Lap arrays;

    /**
     * Opens the stream on both sides.
     *
     * @param benchmark knows the events
     */
    @Setup
    public void setUp(CompressedRecvBenchmark benchmark) {
      Deflation stream = Deflation.zstd(benchmark.event);
      lap = new Lap(stream.directLap());
      arrays = new Lap(stream.lap().stream().map(ByteBuffer::wrap).toArray(ByteBuffer[]::new));
      connection =
          ReadyConnection.of(
              ReadyConnection.config(Encoding.JSON, Compression.ZSTD_STREAM),
              stream.opening().get(0),
              stream.opening().get(1));
      for (byte[] message : stream.opening()) {
        context.decompressByteBufferStream(benchmark.output.clear(), ByteBuffer.wrap(message));
        directContext.decompressDirectByteBufferStream(
            benchmark.directOutput.clear(), Messages.direct(message));
      }
    }

    /** Frees the native memory. */
    @TearDown
    public void tearDown() {
      context.close();
      directContext.close();
      connection.transportLost();
    }
  }

  /**
   * {@return the sequence of the event that the connection makes of a message of zlib-stream}
   *
   * @param zlib the stream
   */
  @Benchmark
  public long recvZlib(Zlib zlib) {
    return sequence(zlib.connection.recv(FrameType.BINARY, zlib.lap.next()));
  }

  /**
   * {@return the length of what the bare inflater makes of the same message: the baseline}
   *
   * @param zlib the stream
   * @throws DataFormatException if it is none
   */
  @Benchmark
  public int bareInflater(Zlib zlib) throws DataFormatException {
    return inflate(zlib.inflater, zlib.lap.next(), output);
  }

  /**
   * {@return the sequence of the event that the connection makes of a message of zstd-stream}
   *
   * @param zstd the stream
   */
  @Benchmark
  public long recvZstd(Zstd zstd) {
    return sequence(zstd.connection.recv(FrameType.BINARY, zstd.lap.next()));
  }

  /**
   * {@return the length of what the bare context makes of the same message, from array to array: a
   * baseline}
   *
   * @param zstd the stream
   */
  @Benchmark
  public int bareZstd(Zstd zstd) {
    zstd.context.decompressByteBufferStream(output.clear(), zstd.arrays.next());
    return output.position();
  }

  /**
   * {@return the length of what the bare context makes of the same message, from direct buffer to
   * direct buffer: a baseline}
   *
   * @param zstd the stream
   */
  @Benchmark
  public int bareZstdDirect(Zstd zstd) {
    zstd.directContext.decompressDirectByteBufferStream(directOutput.clear(), zstd.lap.next());
    return directOutput.position();
  }

  /**
   * {@return the same message as JDA's object}
   *
   * @param zlib the stream
   * @throws DataFormatException if it is none
   */
  @Benchmark
  public DataObject jdaZlib(PeersZlib zlib) throws DataFormatException {
    return zlib.jda.inflateAndParse(zlib.next());
  }

  /**
   * {@return the same message as Discord4J's payload}
   *
   * @param zlib the stream
   */
  @Benchmark
  public GatewayPayload<?> discord4jZlib(PeersZlib zlib) {
    return zlib.discord4j.inflateAndParse(Unpooled.wrappedBuffer(zlib.next()));
  }

  private static int inflate(Inflater inflater, ByteBuffer message, ByteBuffer output)
      throws DataFormatException {
    inflater.setInput(message);
    return inflater.inflate(output.clear());
  }

  private static long sequence(Dispatch dispatch) {
    return dispatch == null ? -1 : dispatch.sequence();
  }
}
