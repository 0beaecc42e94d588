package dev.sluice.gateway.netty;

import java.util.ArrayDeque;

/**
 * The memory that the event queues of one event loop share: how much of it is taken, and who waits
 * for some. Confined to the event loop.
 */
final class QueueBudget {

  private final long maxBytes;
  private final ArrayDeque<EventQueue> waiting = new ArrayDeque<>(0);
  private long bytes;

  QueueBudget(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  void take(int length) {
    bytes += length;
  }

  boolean isExhausted() {
    return bytes >= maxBytes;
  }

  /** Lets a queue know, by {@link EventQueue#budgetFreed}, when it may go on. */
  void await(EventQueue queue) {
    waiting.add(queue);
  }

  /**
   * Gives memory back. At half of the bound those that wait go on, in turn, until it is reached.
   */
  void giveBack(int length) {
    bytes -= length;
    if (bytes > maxBytes / 2) {
      return;
    }
    for (int i = waiting.size(); i > 0 && !isExhausted(); i--) { // who waits again is not meant
      waiting.remove().budgetFreed();
    }
  }
}
