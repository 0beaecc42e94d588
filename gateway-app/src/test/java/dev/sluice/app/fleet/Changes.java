package dev.sluice.app.fleet;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Where threads that wait for something are told that they may look again. Thread-safe. */
final class Changes {

  private long count; // guarded by this

  synchronized void happened() {
    count++;
    notifyAll();
  }

  /**
   * Waits until a condition holds; it is asked again after each change.
   *
   * @return whether it holds; false when the time is over
   */
  boolean await(BooleanSupplier condition, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      long seen;
      synchronized (this) {
        seen = count;
      }
      if (condition.getAsBoolean()) {
        return true;
      }
      synchronized (this) {
        while (count == seen) {
          long left = deadline - System.nanoTime();
          if (left <= 0) {
            return condition.getAsBoolean();
          }
          wait(left / 1_000_000 + 1);
        }
      }
    }
  }
}
