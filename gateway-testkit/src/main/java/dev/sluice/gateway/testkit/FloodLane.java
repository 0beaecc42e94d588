package dev.sluice.gateway.testkit;

import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.server.ServerFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The part of a flood that one connection gets: whole WebSocket frames, one after another, and how
 * many of the bytes belong to each event. Confined to the event loop.
 *
 * <p>What must stand between two events, such as a heartbeat ACK that came while the flood was
 * prepared, counts to the later one.
 */
final class FloodLane {

  private static final int CHUNK_BYTES = 256 << 10;
  private static final int WRITE_BYTES = 64 << 10;
  private static final int MAX_HEADER_BYTES = 10;
  private static final int FINAL = 0x80;
  private static final int TEXT = 0x1;
  private static final int BINARY = 0x2;
  private static final int LENGTH_16 = 126;
  private static final int LENGTH_64 = 127;

  private final ShardId shard;
  private final GatewayHandler handler;
  private final ByteBufAllocator allocator;
  private final Deque<ByteBuf> chunks = new ArrayDeque<>();
  private final int[] eventBytes;

  private int prepared;
  private int bytesOfNext;
  private long bytes;
  private long firstSequence;
  private long lastSequence;

  private boolean paced;
  private int due;
  private int sent;
  private long writes;

  FloodLane(ShardId shard, GatewayHandler handler, ByteBufAllocator allocator, int events) {
    this.shard = shard;
    this.handler = handler;
    this.allocator = allocator;
    this.eventBytes = new int[events];
  }

  ShardId shard() {
    return shard;
  }

  GatewayHandler handler() {
    return handler;
  }

  int events() {
    return prepared;
  }

  long bytes() {
    return bytes;
  }

  long writes() {
    return writes;
  }

  long firstSequence() {
    return firstSequence;
  }

  long lastSequence() {
    return lastSequence;
  }

  boolean isPrepared() {
    return prepared == eventBytes.length;
  }

  /** Adds a message to what is sent with the next event. */
  void add(ServerFrame frame) {
    ByteBuffer payload = frame.payload();
    int length = payload.remaining();
    ByteBuf chunk = chunkFor(MAX_HEADER_BYTES + length);
    int start = chunk.writerIndex();
    chunk.writeByte(FINAL | (frame.type() == FrameType.TEXT ? TEXT : BINARY));
    if (length < LENGTH_16) {
      chunk.writeByte(length);
    } else if (length < 1 << 16) {
      chunk.writeByte(LENGTH_16).writeShort(length);
    } else {
      chunk.writeByte(LENGTH_64).writeLong(length);
    }
    chunk.writeBytes(payload);
    bytesOfNext += chunk.writerIndex() - start;
  }

  /** Says that what was added last is an event. */
  void eventAdded(long sequence) {
    if (prepared == 0) {
      firstSequence = sequence;
    }
    lastSequence = sequence;
    eventBytes[prepared++] = bytesOfNext;
    bytes += bytesOfNext;
    bytesOfNext = 0;
  }

  /** Makes every event due, to be sent in large writes. */
  void allDue() {
    due = prepared;
  }

  /** Makes one event more due, to be sent in a write of its own. */
  void oneMoreDue() {
    paced = true;
    due++;
  }

  boolean isPaced() {
    return paced;
  }

  boolean hasDue() {
    return sent < due;
  }

  boolean isSent() {
    return sent == eventBytes.length;
  }

  /** {@return the next bytes to write, to be released by whoever takes them} */
  ByteBuf next() {
    writes++;
    return paced ? nextEvent() : nextBatch();
  }

  /** {@return why it cannot be sent} */
  IllegalStateException lost() {
    return new IllegalStateException(
        "shard " + shard + ": its connection ended (expected: to take the flood)");
  }

  void release() {
    chunks.forEach(ByteBuf::release);
    chunks.clear();
  }

  private ByteBuf nextEvent() {
    int length = eventBytes[sent++];
    ByteBuf event = allocator.directBuffer(length);
    while (event.readableBytes() < length) {
      ByteBuf chunk = chunks.element();
      event.writeBytes(chunk, Math.min(chunk.readableBytes(), length - event.readableBytes()));
      releaseIfRead(chunk);
    }
    return event;
  }

  /** Ends where a chunk does, so the last one is told by the chunks. */
  private ByteBuf nextBatch() {
    ByteBuf chunk = chunks.element();
    ByteBuf batch = chunk.readRetainedSlice(Math.min(chunk.readableBytes(), WRITE_BYTES));
    releaseIfRead(chunk);
    if (chunks.isEmpty()) {
      sent = due;
    }
    return batch;
  }

  private void releaseIfRead(ByteBuf chunk) {
    if (!chunk.isReadable()) {
      chunks.remove().release();
    }
  }

  private ByteBuf chunkFor(int length) {
    ByteBuf last = chunks.peekLast();
    if (last == null || last.writableBytes() < length) {
      last = allocator.directBuffer(Math.max(CHUNK_BYTES, length), Math.max(CHUNK_BYTES, length));
      chunks.add(last);
    }
    return last;
  }
}
