package dev.sluice.benchmarks.micro;

import dev.sluice.gateway.netty.internal.frame.Utf8;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.Utf8FrameValidator;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to know that a text message of 1 kB is UTF-8? Beside it: a copy of the same
 * bytes, Netty's handler that does the same for every WebSocket frame, Netty's function for
 * buffers, and the JDK's decoder.
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar Utf8Benchmark -prof gc
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
public class Utf8Benchmark {

  private static final int BYTES = 1024;

  /** What the message is written in. */
  public enum Script {
    /** JSON with English in it. */
    ENGLISH("{\"content\":\"The quick brown fox jumps over the lazy dog.\",\"type\":0},"),
    /** English with an emoji every 130 bytes or so. */
    EMOJI(
        "{\"content\":\"The quick brown fox jumps over the lazy dog \ud83e\udd8a\",\"type\":0,"
            + "\"tts\":false,\"timestamp\":\"2026-11-26T10:00:00.000000+00:00\"},"),
    /** JSON with French in it. */
    FRENCH("{\"content\":\"D\u00e8s No\u00ebl, o\u00f9 un z\u00e9phyr ha\u00ef me v\u00eat.\"},"),
    /** JSON with Russian in it. */
    RUSSIAN(
        "{\"content\":\"\u0421\u044a\u0435\u0448\u044c \u0435\u0449\u0451 \u044d\u0442\u0438\u0445"
            + " \u043c\u044f\u0433\u043a\u0438\u0445 \u0431\u0443\u043b\u043e\u043a\"},"),
    /** JSON with Japanese in it. */
    JAPANESE(
        "{\"content\":\"\u3044\u308d\u306f\u306b\u307b\u3078\u3068\u3061\u308a\u306c\u308b\u3092"
            + "\u308f\u304c\u3088\u305f\u308c\u305e\"},");

    private final String json;

    Script(String json) {
      this.json = json;
    }

    byte[] text() {
      StringBuilder text = new StringBuilder();
      while (text.toString().getBytes(StandardCharsets.UTF_8).length < BYTES) {
        text.append(json);
      }
      return text.toString().getBytes(StandardCharsets.UTF_8);
    }
  }

  /** What the message is written in. */
  @Param public Script script = Script.ENGLISH;

  private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
  private final LastFrame last = new LastFrame();
  private final EmbeddedChannel validator = new EmbeddedChannel(new Utf8FrameValidator(), last);
  private ByteBuf message = Unpooled.EMPTY_BUFFER;
  private ByteBuffer bytes = ByteBuffer.allocate(0);
  private byte[] copy = {};
  private CharBuffer chars = CharBuffer.allocate(0);

  /** Puts the message into a buffer outside the heap, as it comes from a socket. */
  @Setup
  public void setUp() {
    byte[] text = script.text();
    message = Unpooled.directBuffer(text.length).writeBytes(text);
    bytes = message.nioBuffer();
    copy = new byte[text.length];
    chars = CharBuffer.allocate(text.length);
  }

  /** Gives the buffer back. */
  @TearDown
  public void tearDown() {
    validator.finishAndReleaseAll();
    message.release();
  }

  /** {@return the last byte of a copy of the message: the baseline} */
  @Benchmark
  public byte copy() {
    bytes.get(0, copy);
    return copy[copy.length - 1];
  }

  /** {@return whether the message is UTF-8, as a shard finds out} */
  @Benchmark
  public boolean check() {
    return Utf8.check(bytes, 0, bytes.limit()) == bytes.limit();
  }

  /** {@return whether the message passes the handler that Netty puts behind its decoder} */
  @Benchmark
  public boolean nettyFrameValidator() {
    last.passed = false;
    validator.pipeline().fireChannelRead(new TextWebSocketFrame(message));
    return last.passed;
  }

  /** {@return whether Netty finds text in the buffer} */
  @Benchmark
  public boolean nettyIsText() {
    return ByteBufUtil.isText(message, StandardCharsets.UTF_8);
  }

  /** {@return whether the JDK's decoder makes characters of the message} */
  @Benchmark
  public boolean jdkDecoder() {
    return !decoder.reset().decode(bytes.clear(), chars.clear(), true).isError();
  }

  private static final class LastFrame extends ChannelInboundHandlerAdapter {

    private boolean passed;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object frame) {
      passed = true; // the buffer is the benchmark's, so nothing is released
    }
  }
}
