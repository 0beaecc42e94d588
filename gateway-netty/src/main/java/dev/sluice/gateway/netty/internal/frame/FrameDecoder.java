package dev.sluice.gateway.netty.internal.frame;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.util.List;

/**
 * Netty's decoder of WebSocket frames for a client, with a short cut for those that are a whole
 * message, have come as a whole and are shorter than 64 KiB: they become slices of what was read,
 * where Netty copies. Everything else is left to Netty: what is split in any way, control frames,
 * and what breaks a rule.
 */
public final class FrameDecoder extends WebSocket13FrameDecoder {

  private static final int WHOLE_TEXT = 0x81;
  private static final int WHOLE_BINARY = 0x82;
  private static final int LENGTH_IN_TWO_BYTES = 126;

  /** Frames before they are handled: enough to share what each turn costs. */
  private static final int MAX_FRAMES = 16;

  private final int maxFrameBytes;
  private boolean betweenFrames = true; // as Netty sees it
  private boolean betweenMessages = true; // and before the close frame

  /**
   * Creates a decoder of one connection.
   *
   * @param config of frames that must not be masked, without extensions
   */
  public FrameDecoder(WebSocketDecoderConfig config) {
    super(config);
    this.maxFrameBytes = config.maxFramePayloadLength();
    setCumulator(ReceiveBuffers.CUMULATOR);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
    if (betweenFrames && betweenMessages && slice(in, out)) {
      return;
    }
    int frames = out.size();
    int start = in.readerIndex();
    boolean wasBetweenFrames = betweenFrames;
    betweenFrames = false; // for good, if this throws
    super.decode(ctx, in, out);
    if (out.size() > frames) {
      betweenFrames = true;
      decoded((WebSocketFrame) out.get(out.size() - 1));
    } else if (in.readerIndex() == start) {
      betweenFrames = wasBetweenFrames;
    }
  }

  private void decoded(WebSocketFrame frame) {
    if (frame instanceof CloseWebSocketFrame) {
      betweenMessages = false; // for good: Netty discards what follows
    } else if (frame instanceof TextWebSocketFrame
        || frame instanceof BinaryWebSocketFrame
        || frame instanceof ContinuationWebSocketFrame) {
      betweenMessages = frame.isFinalFragment();
    }
  }

  /** Takes the frames that the short cut is for, as long as they come; false for none. */
  private boolean slice(ByteBuf in, List<Object> out) {
    int frames = 0;
    while (frames < MAX_FRAMES && in.readableBytes() >= 2 * Short.BYTES) {
      int start = in.readerIndex();
      int first = in.getUnsignedByte(start);
      int length = in.getUnsignedByte(start + 1); // above 127 if it is masked
      int header = Short.BYTES;
      if (length == LENGTH_IN_TWO_BYTES) {
        length = in.getUnsignedShort(start + Short.BYTES);
        header += Short.BYTES;
        if (length < LENGTH_IN_TWO_BYTES) {
          break;
        }
      } else if (length > LENGTH_IN_TWO_BYTES) {
        break;
      }
      if ((first != WHOLE_TEXT && first != WHOLE_BINARY)
          || length > maxFrameBytes
          || length > in.readableBytes() - header) {
        break;
      }
      ByteBuf content = in.retainedSlice(start + header, length);
      in.readerIndex(start + header + length);
      out.add(
          first == WHOLE_TEXT
              ? new TextWebSocketFrame(content)
              : new BinaryWebSocketFrame(content));
      frames++;
    }
    return frames > 0;
  }
}
