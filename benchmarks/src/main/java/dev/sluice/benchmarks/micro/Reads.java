package dev.sluice.benchmarks.micro;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelPipeline;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A thousand WebSocket frames of text, as a server sends them, in the portions in which a socket is
 * read.
 */
final class Reads {

  static final int MESSAGES = 1000;

  private static final int FINAL_TEXT = 0x81;
  private static final int TWO_BYTES = 126;

  private final ByteBuf[] reads;
  private final ByteBuffer[] messages;
  private final int[] sequenceStarts;

  private Reads(ByteBuf[] reads, ByteBuffer[] messages, int[] sequenceStarts) {
    this.reads = reads;
    this.messages = messages;
    this.sequenceStarts = sequenceStarts;
  }

  /**
   * Makes the reads.
   *
   * @param event the type of the events, or MIXED
   * @param messagesPerRead a divisor of {@link #MESSAGES}
   */
  static Reads of(String event, int messagesPerRead) {
    if (messagesPerRead < 1 || MESSAGES % messagesPerRead != 0) {
      throw new IllegalArgumentException(
          "messages per read: " + messagesPerRead + " (expected: a divisor of " + MESSAGES + ')');
    }
    List<byte[]> payloads = Messages.of(event, MESSAGES);
    List<ByteBuf> reads = new ArrayList<>();
    ByteBuffer[] messages = new ByteBuffer[MESSAGES];
    int[] sequenceStarts = new int[MESSAGES];
    for (int i = 0; i < MESSAGES; i += messagesPerRead) {
      List<byte[]> together = payloads.subList(i, i + messagesPerRead);
      int bytes = together.stream().mapToInt(payload -> payload.length + 4).sum();
      ByteBuf read = ByteBufAllocator.DEFAULT.directBuffer(bytes, bytes); // as for a socket
      for (int j = 0; j < messagesPerRead; j++) {
        byte[] payload = together.get(j);
        if (payload.length < TWO_BYTES || payload.length >= 1 << 16) {
          throw new IllegalArgumentException(
              "message: " + payload.length + " bytes (expected: 126..65535)");
        }
        read.writeByte(FINAL_TEXT).writeByte(TWO_BYTES).writeShort(payload.length);
        messages[i + j] = read.nioBuffer(read.writerIndex(), payload.length);
        sequenceStarts[i + j] = Messages.sequenceStart(payload);
        read.writeBytes(payload);
      }
      reads.add(read);
    }
    return new Reads(reads.toArray(ByteBuf[]::new), messages, sequenceStarts);
  }

  /** Gives the reads to a pipeline, one after another; on its event loop. */
  void feed(ChannelPipeline pipeline) {
    for (ByteBuf read : reads) {
      // The same buffer each time, for nothing but what is measured to allocate.
      pipeline.fireChannelRead(read.readerIndex(0).retain());
      pipeline.fireChannelReadComplete();
    }
  }

  /** Lets all sequences rise by {@link #MESSAGES}. */
  void advance() {
    int digit = MessageRing.stepDigit(MESSAGES);
    for (int i = 0; i < messages.length; i++) {
      MessageRing.raise(messages[i], sequenceStarts[i], digit);
    }
  }

  void release() {
    for (ByteBuf read : reads) {
      read.release();
    }
  }
}
