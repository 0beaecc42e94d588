package dev.sluice.gateway.netty.internal.frame;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/** NIO views of what Netty's buffers hold, made anew only where there is no other way. */
public final class NioViews {

  private NioViews() {}

  /**
   * {@return a part of a buffer, between position and limit} Good until the buffer, or another
   * slice of the same memory, is viewed again; not to be written to. A slice is viewed through the
   * buffer that it is of, which keeps its view.
   *
   * @param buffer the buffer
   * @param from the index of the first byte
   * @param to the index after the last
   */
  public static ByteBuffer of(ByteBuf buffer, int from, int to) {
    ByteBuf whole = buffer.unwrap();
    if (whole != null
        && whole.nioBufferCount() == 1
        && whole.hasMemoryAddress()
        && buffer.hasMemoryAddress()) {
      int offset = (int) (buffer.memoryAddress() - whole.memoryAddress());
      return whole.internalNioBuffer(offset + from, to - from);
    }
    return buffer.nioBufferCount() == 1
        ? buffer.internalNioBuffer(from, to - from)
        : buffer.nioBuffer(from, to - from);
  }
}
