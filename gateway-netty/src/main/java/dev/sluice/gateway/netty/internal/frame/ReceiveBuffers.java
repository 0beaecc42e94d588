package dev.sluice.gateway.netty.internal.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator.DelegatingHandle;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.ByteToMessageDecoder.Cumulator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * Buffers for what a socket receives that have room in front of it. A read seldom ends where a
 * frame does. The decoder's own way is to append the whole next read to the broken-off frame, a
 * copy of all that is received; with the room in front the broken-off frame, which is small, is put
 * there.
 *
 * <p>Their size adapts to what is read, from 64 bytes to 256 kB.
 */
public final class ReceiveBuffers {

  /** Room for nearly every frame that is not whole; the rest of a larger one is copied around. */
  static final int HEADROOM_BYTES = 4096;

  private static final int MIN_BYTES = 64;
  private static final int INITIAL_BYTES = 2048;
  private static final int MAX_BYTES = 256 << 10;

  /** Joins what was left of the last read with the next one; for a decoder that reads frames. */
  public static final Cumulator CUMULATOR = ReceiveBuffers::cumulate;

  private ReceiveBuffers() {}

  /** {@return what allocates the buffers of one kind of channels} */
  public static RecvByteBufAllocator allocator() {
    return new Allocator();
  }

  @SuppressWarnings("ReferenceEquality") // buffers of equal bytes are equal
  private static ByteBuf cumulate(ByteBufAllocator alloc, ByteBuf rest, ByteBuf read) {
    int length = rest.readableBytes();
    boolean fits =
        length > 0 && length <= read.readerIndex() && read.refCnt() == 1 && !read.isReadOnly();
    if (!fits || rest == read) {
      return ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(alloc, rest, read);
    }
    int start = read.readerIndex() - length;
    read.setBytes(start, rest, rest.readerIndex(), length);
    read.readerIndex(start);
    rest.release();
    return read;
  }

  private static final class Allocator extends AdaptiveRecvByteBufAllocator {

    Allocator() {
      super(MIN_BYTES, INITIAL_BYTES, MAX_BYTES);
    }

    @Override
    public ExtendedHandle newHandle() {
      return new HeadroomHandle((ExtendedHandle) super.newHandle());
    }
  }

  private static final class HeadroomHandle extends DelegatingHandle implements ExtendedHandle {

    HeadroomHandle(ExtendedHandle handle) {
      super(handle);
    }

    @Override
    public ByteBuf allocate(ByteBufAllocator alloc) {
      return alloc.ioBuffer(HEADROOM_BYTES + guess()).setIndex(HEADROOM_BYTES, HEADROOM_BYTES);
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
      return ((ExtendedHandle) delegate()).continueReading(maybeMoreData);
    }
  }
}
