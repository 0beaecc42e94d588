package dev.sluice.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class ProcessUsageTest {

  private static final long BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
  private static final int ALLOCATED = 16 << 20;

  private final AtomicLong sink = new AtomicLong();

  @Test
  void countsWhatOtherThreadsDo() throws Exception {
    Thread busy = new Thread(() -> work(true));

    ProcessUsage usage = ProcessUsage.begin();
    busy.start();
    busy.join();
    ProcessUsage.Used used = usage.used();

    assertThat(used.cpuNanos()).isGreaterThan(BUSY_NANOS / 4);
  }

  @Test
  void leavesOutTheThreadThatMeasures() {
    ProcessUsage usage = ProcessUsage.begin();
    work(false);
    ProcessUsage.Used used = usage.used();

    assertThat(used.allocatedBytes()).isLessThan(ALLOCATED / 2);
  }

  private void work(boolean busy) {
    byte[] garbage = new byte[ALLOCATED];
    sink.addAndGet(garbage.length);
    long cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    while (busy
        && ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpu < BUSY_NANOS) {
      sink.incrementAndGet();
    }
  }
}
