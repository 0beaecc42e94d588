package dev.sluice.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.Map;
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

  @Test
  void trustsTheSumOfThreadsOnlyWhileNoneEnds() {
    Map<String, Long> before = Map.of("1", 1_000L, "2", 5_000L);

    assertThat(ProcessUsage.cpuNanos(before, Map.of("1", 1_500L, "2", 5_000L, "3", 70L), 0))
        .isEqualTo(570);
    assertThat(ProcessUsage.cpuNanos(before, Map.of("1", 1_500L, "3", 70L), 10_000_000))
        .isEqualTo(10_000_000);
    assertThat(ProcessUsage.cpuNanos(before, before, 90_000_000)).isEqualTo(90_000_000);
    assertThat(ProcessUsage.cpuNanos(Map.of(), Map.of("1", 7L), 10_000_000)).isEqualTo(10_000_000);
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
