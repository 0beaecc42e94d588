package dev.sluice.benchmarks.micro;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.Utf8FrameValidator;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does an event cost from the bytes that a socket was read into to the application's handler,
 * through the whole pipeline of a shard? Beside it: Netty's WebSocket decoder alone, the same with
 * Netty's check of UTF-8, and with Jackson's tree.
 *
 * <p>Everything runs on the event loop of the shard. The sequences rise; to write them is charged
 * to the shard alone.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar PipelineBenchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@OperationsPerInvocation(PipelineBenchmark.EVENTS)
public class PipelineBenchmark {

  static final int LAPS = 8; // so that the way to the event loop costs little an event

  /** How many events there are in an invocation. */
  static final int EVENTS = LAPS * Reads.MESSAGES;

  /** The type of the events, or MIXED. */
  @Param(Messages.MIXED)
  public String event = Messages.MIXED;

  /** How many messages come with one read of the socket. */
  @Param({"1", "50"})
  public int messagesPerRead = 50;

  private final JsonMapper mapper = new JsonMapper();
  private final EmbeddedChannel decoder = new EmbeddedChannel(newDecoder(), new FrameCounter());
  private final EmbeddedChannel validatingDecoder =
      new EmbeddedChannel(newDecoder(), new Utf8FrameValidator(false), new FrameCounter());
  private final EmbeddedChannel treeDecoder = new EmbeddedChannel(newDecoder(), new TreeReader());

  private Reads reads;
  private LiveShard shard;
  private long handled; // on the event loop, and after it
  private long lastSequence;

  /** Counts frames. */
  private final class FrameCounter extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
      handled++;
      ((WebSocketFrame) msg).release();
    }
  }

  /** Reads trees, and counts them by their sequences. */
  private final class TreeReader extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) throws IOException {
      WebSocketFrame frame = (WebSocketFrame) msg;
      try {
        lastSequence = mapper.readTree(ByteBufUtil.getBytes(frame.content())).path("s").asLong();
        handled++;
      } finally {
        frame.release();
      }
    }
  }

  /** As that of a shard. */
  private static WebSocket13FrameDecoder newDecoder() {
    return new WebSocket13FrameDecoder(
        WebSocketDecoderConfig.newBuilder()
            .expectMaskedFrames(false)
            .allowMaskMismatch(false)
            .allowExtensions(false)
            .maxFramePayloadLength(1 << 26)
            .closeOnProtocolViolation(false)
            .withUTF8Validator(false)
            .build());
  }

  /**
   * Makes the reads and starts a shard.
   *
   * @throws ExecutionException if the shard does not start
   * @throws InterruptedException if the thread is interrupted
   * @throws TimeoutException if the shard does not start in time
   */
  @Setup
  public void setUp() throws ExecutionException, InterruptedException, TimeoutException {
    reads = Reads.of(event, messagesPerRead);
    shard =
        new LiveShard(
            manager ->
                manager.onDispatch(
                    (from, dispatch) -> {
                      lastSequence = dispatch.sequence();
                      handled++;
                    }));
    handled = 0; // READY was one
  }

  /** Ends the shard. */
  @TearDown
  public void tearDown() {
    shard.close();
    decoder.finishAndReleaseAll();
    validatingDecoder.finishAndReleaseAll();
    treeDecoder.finishAndReleaseAll();
    reads.release();
  }

  /**
   * {@return how many frames were decoded since the beginning: the baseline}
   *
   * @throws InterruptedException if the thread is interrupted
   */
  @Benchmark
  public long decoder() throws InterruptedException {
    return feed(decoder);
  }

  /**
   * {@return how many frames were decoded and checked by Netty since the beginning}
   *
   * @throws InterruptedException if the thread is interrupted
   */
  @Benchmark
  public long decoderAndNettyUtf8() throws InterruptedException {
    return feed(validatingDecoder);
  }

  /**
   * {@return how many frames were decoded and read as Jackson's trees since the beginning}
   *
   * @throws InterruptedException if the thread is interrupted
   */
  @Benchmark
  public long decoderAndJacksonTree() throws InterruptedException {
    return feed(treeDecoder);
  }

  /**
   * {@return how many events the application's handler had since the beginning}
   *
   * @throws InterruptedException if the thread is interrupted
   */
  @Benchmark
  public long shard() throws InterruptedException {
    shard.feed(reads, LAPS);
    return handled;
  }

  /** {@return the sequence of the last event} */
  long lastSequence() {
    return lastSequence;
  }

  private long feed(EmbeddedChannel channel) throws InterruptedException {
    shard.run(
        () -> {
          for (int lap = 0; lap < LAPS; lap++) {
            reads.feed(channel.pipeline());
          }
        });
    return handled;
  }
}
