package dev.sluice.gateway.netty.internal.frame;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReceiveBuffersTest {

  private static final ByteBufAllocator ALLOC = PooledByteBufAllocator.DEFAULT;

  @Test
  void aBufferHasRoomInFrontAndTheSizeThatWasGuessed() {
    ExtendedHandle handle = newHandle();
    ByteBuf buffer = handle.allocate(ALLOC);

    assertThat(buffer.readerIndex()).isEqualTo(ReceiveBuffers.HEADROOM_BYTES);
    assertThat(buffer.isReadable()).isFalse();
    assertThat(buffer.writableBytes()).isEqualTo(handle.guess());

    buffer.release();
  }

  @Test
  void theSizeGrowsWithWhatIsReadAndShrinksAgain() {
    ExtendedHandle handle = newHandle();
    int first = handle.guess();

    for (int i = 0; i < 50; i++) {
      read(handle, handle.guess());
    }
    int largest = handle.guess();
    for (int i = 0; i < 100; i++) {
      read(handle, 1);
    }

    assertThat(largest).isEqualTo(256 << 10);
    assertThat(handle.guess()).isLessThan(first);
  }

  /** One read of the size: what a channel tells the handle about it. */
  private static void read(ExtendedHandle handle, int bytes) {
    handle.reset(new EmbeddedChannel().config());
    ByteBuf buffer = handle.allocate(ALLOC);
    handle.attemptedBytesRead(buffer.writableBytes());
    handle.lastBytesRead(bytes);
    handle.readComplete();
    buffer.release();
  }

  @Test
  void aFrameIsPutTogetherWhereverItBreaksOff() {
    byte[] frames = frames("first", "x".repeat(300), "third");
    for (int split = 1; split < frames.length; split++) {
      EmbeddedChannel channel = channel();

      channel.writeInbound(read(frames, 0, split));
      channel.writeInbound(read(frames, split, frames.length));

      assertTexts(channel, "first", "x".repeat(300), "third");
    }
  }

  @Test
  void aFrameIsPutTogetherByteByByte() {
    byte[] frames = frames("first", "x".repeat(300), "third");
    EmbeddedChannel channel = channel();

    for (int i = 0; i < frames.length; i++) {
      channel.writeInbound(read(frames, i, i + 1));
    }

    assertTexts(channel, "first", "x".repeat(300), "third");
  }

  @Test
  void aFrameThatIsLargerThanTheRoomIsPutTogetherToo() {
    String large = "y".repeat(5 * ReceiveBuffers.HEADROOM_BYTES);
    byte[] frames = frames(large, "next");
    EmbeddedChannel channel = channel();

    for (int i = 0; i < frames.length; i += 3000) {
      channel.writeInbound(read(frames, i, Math.min(frames.length, i + 3000)));
    }

    assertTexts(channel, large, "next");
  }

  @Test
  void whatWasLeftIsPutInFrontOfTheNextRead() {
    ByteBuf rest = Unpooled.buffer().writeBytes(new byte[] {1, 2, 3});
    ByteBuf read = read(new byte[] {4, 5}, 0, 2);

    ByteBuf joined = ReceiveBuffers.CUMULATOR.cumulate(ALLOC, rest, read);

    assertThat(joined).isSameAs(read);
    assertThat(rest.refCnt()).isZero();
    assertThat(bytes(joined)).containsExactly(1, 2, 3, 4, 5);
    joined.release();
  }

  @Test
  void aReadThatSomebodyElseHoldsIsNotWrittenTo() {
    ByteBuf rest = Unpooled.buffer().writeBytes(new byte[] {1, 2, 3});
    ByteBuf read = read(new byte[] {9, 9, 9, 4, 5}, 0, 5);
    ByteBuf held = read.readRetainedSlice(3);

    ByteBuf joined = ReceiveBuffers.CUMULATOR.cumulate(ALLOC, rest, read);

    assertThat(bytes(joined)).containsExactly(1, 2, 3, 4, 5);
    assertThat(bytes(held)).containsExactly(9, 9, 9);
    joined.release();
    held.release();
    assertThat(held.refCnt()).isZero();
  }

  private static ExtendedHandle newHandle() {
    return (ExtendedHandle) ReceiveBuffers.allocator().newHandle();
  }

  private static EmbeddedChannel channel() {
    WebSocket13FrameDecoder decoder =
        new WebSocket13FrameDecoder(
            WebSocketDecoderConfig.newBuilder()
                .expectMaskedFrames(false)
                .maxFramePayloadLength(1 << 20)
                .build());
    decoder.setCumulator(ReceiveBuffers.CUMULATOR);
    return new EmbeddedChannel(decoder);
  }

  private static byte[] frames(String... texts) {
    EmbeddedChannel encoder = new EmbeddedChannel(new WebSocket13FrameEncoder(false));
    ByteBuf all = Unpooled.buffer();
    for (String text : texts) {
      encoder.writeOutbound(new TextWebSocketFrame(text));
    }
    for (ByteBuf part = encoder.readOutbound(); part != null; part = encoder.readOutbound()) {
      all.writeBytes(part);
      part.release();
    }
    encoder.finish();
    return bytes(all);
  }

  private static ByteBuf read(byte[] bytes, int from, int to) {
    return newHandle().allocate(ALLOC).writeBytes(bytes, from, to - from);
  }

  private static byte[] bytes(ByteBuf buffer) {
    byte[] bytes = new byte[buffer.readableBytes()];
    buffer.getBytes(buffer.readerIndex(), bytes);
    return bytes;
  }

  private static void assertTexts(EmbeddedChannel channel, String... texts) {
    for (String text : List.of(texts)) {
      TextWebSocketFrame frame = channel.readInbound();
      assertThat(frame.content().toString(StandardCharsets.UTF_8)).isEqualTo(text);
      frame.release();
    }
    assertThat(channel.finish()).isFalse();
  }
}
