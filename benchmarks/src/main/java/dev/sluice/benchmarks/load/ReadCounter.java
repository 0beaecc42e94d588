package dev.sluice.benchmarks.load;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Counts the reads from a socket and their bytes, as the first handler of its pipeline. What it
 * costs is the same for every client that has one.
 */
final class ReadCounter extends ChannelInboundHandlerAdapter {

  /** The counters of all connections of a client. Thread-safe. */
  static final class All {

    private final Queue<ReadCounter> counters = new ConcurrentLinkedQueue<>();

    ReadCounter next() {
      ReadCounter counter = new ReadCounter();
      counters.add(counter);
      return counter;
    }

    /** {@return what was read until about now} */
    LoadClient.Reads sum() {
      long reads = 0;
      long bytes = 0;
      for (ReadCounter counter : counters) {
        reads += counter.reads;
        bytes += counter.bytes;
      }
      return new LoadClient.Reads(reads, bytes);
    }
  }

  // Written by one event loop and read when that is at rest.
  private long reads;
  private long bytes;

  private ReadCounter() {}

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    if (msg instanceof ByteBuf buffer) {
      reads++;
      bytes += buffer.readableBytes();
    }
    ctx.fireChannelRead(msg);
  }
}
