package dev.sluice.gateway.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;

/** What a shard has written to an embedded channel, as frames, which a client masks. */
final class ClientFrames {

  private static final int EXTENDED_BY_2 = 126;
  private static final int EXTENDED_BY_8 = 127;

  /** A frame, unmasked; the first byte has FIN, the reserved bits and the opcode. */
  record Frame(int firstByte, boolean masked, int mask, ByteBuf payload) {

    byte[] bytes() {
      byte[] bytes = new byte[payload.readableBytes()];
      payload.getBytes(payload.readerIndex(), bytes);
      return bytes;
    }
  }

  private ClientFrames() {}

  /** {@return the frames since the last call} */
  static List<Frame> take(EmbeddedChannel channel) {
    ByteBuf all = Unpooled.buffer();
    for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
      all.writeBytes(part);
      part.release();
    }
    List<Frame> frames = new ArrayList<>();
    while (all.isReadable()) {
      frames.add(next(all));
    }
    return frames;
  }

  private static Frame next(ByteBuf in) {
    int first = in.readUnsignedByte();
    int second = in.readUnsignedByte();
    int length = second & 0x7F;
    if (length == EXTENDED_BY_2) {
      length = in.readUnsignedShort();
    } else if (length == EXTENDED_BY_8) {
      length = Math.toIntExact(in.readLong());
    }
    boolean masked = (second & 0x80) != 0;
    int mask = masked ? in.readInt() : 0;
    ByteBuf payload = Unpooled.buffer(length);
    for (int i = 0; i < length; i++) {
      payload.writeByte(in.readByte() ^ mask >>> (3 - i % 4) * Byte.SIZE);
    }
    return new Frame(first, masked, mask, payload);
  }
}
