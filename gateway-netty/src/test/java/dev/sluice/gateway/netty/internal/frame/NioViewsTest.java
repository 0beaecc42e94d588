package dev.sluice.gateway.netty.internal.frame;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class NioViewsTest {

  private static final int BYTES = 1_000;

  enum Memory {
    POOLED_DIRECT(PooledByteBufAllocator.DEFAULT, true),
    POOLED_HEAP(PooledByteBufAllocator.DEFAULT, false),
    UNPOOLED_DIRECT(UnpooledByteBufAllocator.DEFAULT, true),
    UNPOOLED_HEAP(UnpooledByteBufAllocator.DEFAULT, false),
    DEFAULT_DIRECT(ByteBufAllocator.DEFAULT, true),
    DEFAULT_HEAP(ByteBufAllocator.DEFAULT, false);

    private final ByteBufAllocator allocator;
    private final boolean direct;

    Memory(ByteBufAllocator allocator, boolean direct) {
      this.allocator = allocator;
      this.direct = direct;
    }

    ByteBuf buffer() {
      byte[] bytes = new byte[BYTES];
      new Random(7).nextBytes(bytes);
      return (direct ? allocator.directBuffer(BYTES) : allocator.heapBuffer(BYTES))
          .writeBytes(bytes);
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyViewHoldsTheBytes(Memory memory) {
    assertViews(memory);
  }

  @ParameterizedTest
  @EnumSource
  void everyViewOfATrackedBufferHoldsTheBytes(Memory memory) {
    Level level = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(Level.PARANOID);
    try {
      assertViews(memory);
    } finally {
      ResourceLeakDetector.setLevel(level);
    }
  }

  private static void assertViews(Memory memory) {
    ByteBuf whole = memory.buffer();
    assertView(whole);
    assertView(whole.duplicate());
    assertView(whole.asReadOnly());
    assertView(whole.slice(3, 500));
    assertView(whole.slice(3, 500).slice(11, 100));
    assertView(whole.slice(3, 500).duplicate().slice(5, 50));
    assertView(whole.slice(3, 500).asReadOnly().slice(5, 50));
    assertView(whole.asReadOnly().slice(3, 500).duplicate());

    ByteBuf slice = whole.retainedSlice(7, 600);
    ByteBuf inner = slice.retainedSlice(9, 200);
    ByteBuf duplicate = inner.retainedDuplicate();
    assertView(slice);
    assertView(inner);
    assertView(duplicate);
    assertView(duplicate.slice(1, 30));
    duplicate.release();
    inner.release();
    slice.release();

    ByteBuf composite =
        Unpooled.compositeBuffer()
            .addComponent(true, whole.retainedSlice(0, 400))
            .addComponent(true, whole.retainedSlice(500, 100));
    assertView(composite);
    assertView(composite.slice(350, 100)); // of both
    assertView(composite.slice(410, 50));
    composite.release();
    ByteBuf single = Unpooled.compositeBuffer().addComponent(true, whole.retainedSlice(100, 400));
    assertView(single);
    assertView(single.slice(20, 300));
    single.release();
    assertThat(whole.release()).isTrue();
  }

  private static void assertView(ByteBuf buffer) {
    int length = buffer.readableBytes();
    for (int from : new int[] {0, 1, length / 2, length}) {
      for (int to : new int[] {from, Math.min(length, from + 1), length}) {
        byte[] expected = new byte[to - from];
        buffer.getBytes(from, expected);

        ByteBuffer view = NioViews.of(buffer, from, to);

        assertThat(view.remaining()).as("%s from %s to %s", buffer, from, to).isEqualTo(to - from);
        byte[] bytes = new byte[to - from];
        view.duplicate().get(bytes);
        assertThat(bytes).as("%s from %s to %s", buffer, from, to).isEqualTo(expected);
      }
    }
  }

  @Test
  void anEmptyBufferHasAView() {
    assertThat(NioViews.of(Unpooled.EMPTY_BUFFER, 0, 0).remaining()).isZero();
  }

  @Test
  @SuppressWarnings("ReferenceEquality") // buffers of equal bytes are equal
  void slicesOfTheSameBufferShareItsView() {
    Level level = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(Level.DISABLED); // what wraps slices hides the buffer
    ByteBuf whole = Memory.POOLED_DIRECT.buffer();
    ResourceLeakDetector.setLevel(level);
    ByteBuf first = whole.readRetainedSlice(10);
    ByteBuf second = whole.readRetainedSlice(10);

    boolean same = NioViews.of(first, 0, 10) == NioViews.of(second, 0, 10);

    assertThat(same).isEqualTo(whole.hasMemoryAddress());
    first.release();
    second.release();
    whole.release();
  }
}
