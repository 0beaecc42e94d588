package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** An event costs the objects of Netty's frame, from the bytes of a read to its handler. */
final class ReadAllocationTest {

  private static final int EVENTS = 50; // in a read
  private static final int WARM_UP_READS = 2_000;
  private static final int READS = 200;
  private static final int FRAME_BYTES = 24;
  private static final int SHARE_OF_READ_BYTES = 16; // its NIO view, and what carries the frames
  private static final int NIO_VIEW_BYTES = 144; // and its twin that is read-only, without Unsafe

  private long sequence = 2;
  private long handled;

  @Test
  void anEventCostsNettysFrame() throws Exception {
    Level level = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(Level.DISABLED);
    try {
      FutureTask<Double> measured = new FutureTask<>(this::bytesPerEvent);
      new FastThreadLocalThread(measured, "read-allocation").start(); // as event loops are
      double bytes = measured.get(30, TimeUnit.SECONDS);

      ByteBuf any = PooledByteBufAllocator.DEFAULT.directBuffer(1);
      boolean viewsAreKept = any.hasMemoryAddress();
      any.release();
      assertThat(handled).isEqualTo((long) EVENTS * (WARM_UP_READS + READS));
      assertThat(bytes)
          .isLessThanOrEqualTo(
              FRAME_BYTES + SHARE_OF_READ_BYTES + (viewsAreKept ? 0 : NIO_VIEW_BYTES));
    } finally {
      ResourceLeakDetector.setLevel(level);
    }
  }

  private double bytesPerEvent() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    EmbeddedShard shard = new EmbeddedShard();
    shard.sink =
        (from, dispatch) -> {
          if (dispatch.data().hasRemaining()) {
            handled++;
          }
          return true;
        };
    shard.ready();
    handled = 0;
    long allocated = 0;
    for (int i = 0; i < WARM_UP_READS + READS; i++) {
      ByteBuf read = read();
      long before = threads.getCurrentThreadAllocatedBytes();
      shard.channel.pipeline().fireChannelRead(read);
      shard.channel.pipeline().fireChannelReadComplete();
      if (i >= WARM_UP_READS) {
        allocated += threads.getCurrentThreadAllocatedBytes() - before;
      }
    }
    shard.channel.releaseOutbound();
    shard.channel.finishAndReleaseAll();
    return (double) allocated / (EVENTS * READS);
  }

  private ByteBuf read() {
    ByteArrayOutputStream events = new ByteArrayOutputStream();
    for (int i = 0; i < EVENTS; i++) {
      String d = "{\"guild_id\":\"7\",\"content\":\"" + "x".repeat(150) + "\"}";
      events.writeBytes(Frames.text(Frames.event("MESSAGE_CREATE", sequence++, d)));
    }
    return PooledByteBufAllocator.DEFAULT
        .directBuffer(events.size())
        .writeBytes(events.toByteArray());
  }
}
