package dev.sluice.gateway.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Asserts that code allocates nothing, which the JVM counts by thread. */
final class Allocations {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int RUNS = 5_000;

  private Allocations() {}

  /** Warms the code up, then runs it again; one byte for each run would fail. */
  static void assertNone(Runnable code) {
    run(code);
    long before = THREADS.getCurrentThreadAllocatedBytes();
    run(code);
    assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(RUNS);
  }

  private static void run(Runnable code) {
    for (int i = 0; i < RUNS; i++) {
      code.run();
    }
  }
}
