package dev.sluice.gateway.simulation;

import dev.sluice.gateway.NanoClock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The only time that a simulation knows: a heap of tasks, the earliest of which moves the clock.
 * Tasks of the same moment run in the order that they were added.
 */
final class VirtualTime implements NanoClock, InstantSource {

  static final long MILLI = 1_000_000L;
  static final long SECOND = 1_000 * MILLI;
  static final long MINUTE = 60 * SECOND;
  static final long HOUR = 60 * MINUTE;

  private static final Instant START = Instant.parse("2026-08-06T12:00:00Z");

  private final long origin;
  private long now;
  private long steps;
  private long added;
  private int size;
  private long[] times = new long[256];
  private long[] orders = new long[256];
  private @Nullable Runnable[] tasks = new Runnable[256];

  /** Starts a clock that shows {@code origin}, which may be about to wrap. */
  VirtualTime(long origin) {
    this.origin = origin;
  }

  /** The nanoseconds since the start. */
  long now() {
    return now;
  }

  /** How many tasks have run. */
  long steps() {
    return steps;
  }

  @Override
  public long nanoTime() {
    return origin + now;
  }

  @Override
  public Instant instant() {
    return START.plusNanos(now);
  }

  void after(long delayNanos, Runnable task) {
    at(now + delayNanos, task);
  }

  void at(long timeNanos, Runnable task) {
    if (timeNanos < now) {
      throw new IllegalArgumentException("time: " + timeNanos + " (expected: >= " + now + ')');
    }
    if (size == times.length) {
      times = Arrays.copyOf(times, size * 2);
      orders = Arrays.copyOf(orders, size * 2);
      tasks = Arrays.copyOf(tasks, size * 2);
    }
    int i = size++;
    long order = added++;
    while (i > 0) {
      int parent = (i - 1) >>> 1;
      if (times[parent] <= timeNanos) { // an equal one was added before
        break;
      }
      move(parent, i);
      i = parent;
    }
    put(i, timeNanos, order, task);
  }

  /** Runs the next task; returns false when there is none. */
  boolean step() {
    if (size == 0) {
      return false;
    }
    Runnable next = tasks[0];
    now = times[0];
    removeFirst();
    steps++;
    next.run();
    return true;
  }

  /** Runs everything up to a moment, and moves the clock there. */
  void runUntil(long timeNanos) {
    while (size > 0 && times[0] <= timeNanos) {
      step();
    }
    now = Math.max(now, timeNanos);
  }

  private void removeFirst() {
    int last = --size;
    long time = times[last];
    long order = orders[last];
    Runnable task = tasks[last];
    tasks[last] = null;
    int i = 0;
    while (true) {
      int child = 2 * i + 1;
      if (child >= last) {
        break;
      }
      if (child + 1 < last && isBefore(child + 1, times[child], orders[child])) {
        child++;
      }
      if (!isBefore(child, time, order)) {
        break;
      }
      move(child, i);
      i = child;
    }
    if (last > 0) {
      put(i, time, order, task);
    }
  }

  private boolean isBefore(int i, long time, long order) {
    return times[i] != time ? times[i] < time : orders[i] < order;
  }

  private void move(int from, int to) {
    put(to, times[from], orders[from], tasks[from]);
  }

  private void put(int i, long time, long order, @Nullable Runnable task) {
    times[i] = time;
    orders[i] = order;
    tasks[i] = task;
  }
}
