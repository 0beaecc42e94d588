package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import org.junit.jupiter.api.Test;

final class LeakExtensionTest {

  @Test
  void seesABufferThatNobodyReleased() throws Exception {
    ByteBufAllocator.DEFAULT.buffer(16).touch("lost");

    assertThat(LeakExtension.collectLeaks()).contains("lost");
  }
}
