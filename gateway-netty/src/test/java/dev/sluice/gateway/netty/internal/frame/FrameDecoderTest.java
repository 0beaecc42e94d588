package dev.sluice.gateway.netty.internal.frame;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class FrameDecoderTest {

  private static final long SEED = 20_261_126;
  private static final int STREAMS = 300;
  private static final int MAX_FRAME_BYTES = 66_000;
  private static final int[] LENGTHS = {0, 1, 2, 3, 124, 125, 126, 127, 128, 300, 65_535, 65_536};

  private static final int[] MAX_READS = {20_000, 400_000, 700, 50, 3};

  private static final ByteBufAllocator ALLOC = PooledByteBufAllocator.DEFAULT;

  /** What comes out of a decoder, in order, and the frames themselves as long as they are kept. */
  private static final class Outcome extends ChannelInboundHandlerAdapter {

    private final List<String> events = new ArrayList<>();
    private final List<WebSocketFrame> kept = new ArrayList<>();
    private final List<String> keptEvents = new ArrayList<>();
    private final int keepOneOf; // 0 for none
    private int frames;

    Outcome(int keepOneOf) {
      this.keepOneOf = keepOneOf;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
      WebSocketFrame frame = (WebSocketFrame) msg;
      String event = describe(frame);
      events.add(event);
      if (keepOneOf > 0 && ++frames % keepOneOf == 0) {
        kept.add(frame);
        keptEvents.add(event);
      } else {
        frame.release();
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      events.add(cause.toString());
    }

    void releaseKept() {
      assertThat(kept).extracting(Outcome::describe).isEqualTo(keptEvents);
      kept.forEach(WebSocketFrame::release);
    }

    private static String describe(WebSocketFrame frame) {
      byte[] content = ByteBufUtil.getBytes(frame.content());
      return frame.getClass().getSimpleName()
          + ' '
          + frame.isFinalFragment()
          + ' '
          + frame.rsv()
          + ' '
          + content.length
          + ' '
          + Arrays.hashCode(content);
    }
  }

  /** A decoder, and what it was given. */
  private static final class Side {

    private final Outcome outcome;
    private final EmbeddedChannel channel;
    private final List<ByteBuf> reads = new ArrayList<>();

    Side(ChannelHandler decoder, int keepOneOf) {
      outcome = new Outcome(keepOneOf);
      channel = new EmbeddedChannel(decoder, outcome);
    }

    void read(byte[] bytes, int from, int to) {
      ByteBuf read = FrameDecoderTest.read(bytes, from, to);
      reads.add(read);
      channel.writeInbound(read);
    }

    List<String> finish() {
      channel.finishAndReleaseAll();
      outcome.releaseKept();
      assertThat(reads).allSatisfy(read -> assertThat(read.refCnt()).isZero());
      return outcome.events;
    }
  }

  private static WebSocketDecoderConfig config() {
    return WebSocketDecoderConfig.newBuilder()
        .expectMaskedFrames(false)
        .allowExtensions(false)
        .closeOnProtocolViolation(false)
        .maxFramePayloadLength(MAX_FRAME_BYTES)
        .withUTF8Validator(false)
        .build();
  }

  private static ByteBuf read(byte[] bytes, int from, int to) {
    int headroom = ReceiveBuffers.HEADROOM_BYTES;
    return ALLOC
        .directBuffer(headroom + to - from)
        .setIndex(headroom, headroom)
        .writeBytes(bytes, from, to - from);
  }

  @Test
  void itDecodesAsNettyDoes() {
    Level level = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(Level.DISABLED); // each read is looked at in the end
    try {
      assertDecodesAsNettyDoes();
    } finally {
      ResourceLeakDetector.setLevel(level);
    }
  }

  private static void assertDecodesAsNettyDoes() {
    Random random = new Random(SEED);
    int refused = 0;
    int frames = 0;
    for (int i = 0; i < STREAMS; i++) {
      byte[] stream = stream(random);
      int keepOneOf = random.nextInt(4);
      int maxRead = MAX_READS[random.nextInt(stream.length > 20_000 ? 2 : MAX_READS.length)];
      Side netty = new Side(new WebSocket13FrameDecoder(config()), keepOneOf);
      Side ours = new Side(new FrameDecoder(config()), keepOneOf);

      for (int from = 0; from < stream.length; ) {
        int to = Math.min(stream.length, from + 1 + random.nextInt(maxRead));
        netty.read(stream, from, to);
        ours.read(stream, from, to);
        assertThat(ours.outcome.events.size())
            .as("stream %s of seed %s, read up to %s", i, SEED, to)
            .isEqualTo(netty.outcome.events.size());
        from = to;
      }

      List<String> events = netty.finish();
      assertThat(ours.finish()).as("stream %s of seed %s", i, SEED).isEqualTo(events);
      refused += events.stream().anyMatch(event -> event.contains("Exception")) ? 1 : 0;
      frames += events.size();
    }
    assertThat(refused).isBetween(STREAMS / 10, STREAMS - STREAMS / 10);
    assertThat(frames).isGreaterThan(5 * STREAMS);
  }

  /** Frames as a gateway sends them, and sooner or later, in most streams, one that it must not. */
  private static byte[] stream(Random random) {
    ByteBuffer stream = ByteBuffer.allocate(1 << 19);
    boolean inMessage = false;
    int breaches = random.nextInt(3) == 0 ? 0 : 25;
    for (int frames = 1 + random.nextInt(40); frames > 0; frames--) {
      if (breaches > 0 && random.nextInt(breaches) == 0) {
        breach(random, stream);
      } else if (random.nextInt(10) == 0) {
        int opcode = 0x89 + random.nextInt(2);
        frame(random, stream, opcode, random.nextInt(126));
      } else if (random.nextInt(60) == 0) {
        stream.put((byte) 0x88).put((byte) 2).putShort((short) 1000);
      } else {
        int opcode = inMessage ? 0 : 1 + random.nextInt(2);
        boolean last = random.nextInt(inMessage ? 2 : 6) != 0;
        frame(random, stream, (last ? 0x80 : 0) | opcode, length(random, stream));
        inMessage = !last;
      }
    }
    return Arrays.copyOf(stream.array(), stream.position());
  }

  private static int length(Random random, ByteBuffer stream) {
    int length = LENGTHS[random.nextInt(LENGTHS.length)];
    return length > 60_000 && (stream.remaining() < 200_000 || random.nextInt(4) != 0)
        ? random.nextInt(60)
        : length;
  }

  private static void breach(Random random, ByteBuffer stream) {
    switch (random.nextInt(9)) {
      case 0 -> frame(random, stream, 0x81 | 1 + random.nextInt(7) << 4, 5); // reserved bits
      case 1 -> frame(random, stream, 0x83 + random.nextInt(5), 5); // reserved opcode
      case 2 -> frame(random, stream, 0x8B + random.nextInt(5), 5);
      case 3 -> stream.put((byte) 0x81).put((byte) (0x80 | 3)).putInt(7).put(new byte[3]); // masked
      case 4 -> // length not minimal
          stream
              .put((byte) 0x81)
              .put((byte) 126)
              .putShort((short) random.nextInt(126))
              .put(new byte[126]);
      case 5 -> stream.put((byte) 0x82).put((byte) 127).putLong(random.nextInt(65_536));
      case 6 ->
          stream
              .put((byte) 0x82)
              .put((byte) 127)
              .putLong(random.nextBoolean() ? MAX_FRAME_BYTES + 1 : random.nextLong());
      case 7 -> frame(random, stream, 0x80 | random.nextInt(3), 5); // perhaps out of turn
      default -> frame(random, stream, 0x08, random.nextInt(4)); // fragmented control frame
    }
  }

  private static void frame(Random random, ByteBuffer stream, int first, int length) {
    stream.put((byte) first);
    if (length < 126) {
      stream.put((byte) length);
    } else if (length < 65_536) {
      stream.put((byte) 126).putShort((short) length);
    } else {
      stream.put((byte) 127).putLong(length);
    }
    byte[] content = new byte[length];
    random.nextBytes(content);
    stream.put(content);
  }

  @Test
  void aLimitBelowTheLengthInTwoBytesHoldsForWholeFramesToo() {
    WebSocketDecoderConfig config = config().toBuilder().maxFramePayloadLength(200).build();
    ByteBuffer stream = ByteBuffer.allocate(1_000);
    frame(new Random(SEED), stream, 0x81, 200);
    frame(new Random(SEED), stream, 0x81, 201);
    Side ours = new Side(new FrameDecoder(config), 0);
    ours.read(stream.array(), 0, stream.position());

    List<String> events = ours.finish();

    assertThat(events).hasSize(2);
    assertThat(events.get(0)).startsWith("TextWebSocketFrame true 0 200");
    assertThat(events.get(1)).contains("Max frame length of 200 has been exceeded");
  }

  @Test
  void wholeFramesAreSlicesOfWhatWasRead() {
    ByteBuffer stream = ByteBuffer.allocate(100_000);
    Random random = new Random(SEED);
    frame(random, stream, 0x81, 5);
    frame(random, stream, 0x82, 300);
    frame(random, stream, 0x82, 65_535);
    EmbeddedChannel channel = new EmbeddedChannel(new FrameDecoder(config()));
    ByteBuf read = read(stream.array(), 0, stream.position());

    channel.writeInbound(read);

    assertSlice(channel.<TextWebSocketFrame>readInbound(), read, 2);
    assertSlice(channel.<BinaryWebSocketFrame>readInbound(), read, 2 + 5 + 4);
    assertSlice(channel.<BinaryWebSocketFrame>readInbound(), read, 2 + 5 + 4 + 300 + 4);
    assertThat(read.refCnt()).isZero();
    assertThat(channel.finish()).isFalse();
  }

  private static void assertSlice(WebSocketFrame frame, ByteBuf read, int index) {
    int length = frame.content().readableBytes();
    assertThat(frame.content())
        .isEqualTo(read.slice(ReceiveBuffers.HEADROOM_BYTES + index, length));
    byte first = frame.content().getByte(0);
    read.setByte(ReceiveBuffers.HEADROOM_BYTES + index, first + 1);
    assertThat(frame.content().getByte(0)).isEqualTo((byte) (first + 1)); // the same memory
    frame.release();
  }
}
