package dev.sluice.gateway.sharding;

import dev.sluice.gateway.EventType;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one generation brought of a guild and the other did not, in the order of arrival, to be
 * found by fingerprint, the oldest first.
 *
 * @param <E> an event that is held
 */
final class UnmatchedEvents<E> {

  private static final int MAX_GONE = 4;

  /** One event: held, or only remembered because it was delivered. */
  static final class Entry<E> {

    final long fingerprint;
    final EventType type;
    final long sinceNanos;
    final @Nullable E held; // null if it was delivered
    final boolean undecided; // it counts as such already
    final int index; // among the events of its generation
    private @Nullable Entry<E> twin; // the next one with the same fingerprint
    private Entry<E> lastTwin = this; // of the oldest with a fingerprint; of others it is stale
    private long position; // in the order of arrival
    private boolean gone;

    Entry(
        long fingerprint,
        EventType type,
        long sinceNanos,
        @Nullable E held,
        boolean undecided,
        int index) {
      this.fingerprint = fingerprint;
      this.type = type;
      this.sinceNanos = sinceNanos;
      this.held = held;
      this.undecided = undecided;
      this.index = index;
    }
  }

  private final ArrayDeque<Entry<E>> order = new ArrayDeque<>(2);
  private final Map<Long, Entry<E>> oldest = new HashMap<>(4);
  private long added;
  private int size;

  int size() {
    return size;
  }

  /** How many entries are referred to: those that are to be found, and few others. */
  int kept() {
    return order.size();
  }

  void add(Entry<E> entry) {
    Entry<E> first = oldest.putIfAbsent(entry.fingerprint, entry);
    if (first != null) {
      first.lastTwin.twin = entry;
      first.lastTwin = entry;
    }
    entry.position = added++;
    order.add(entry);
    size++;
  }

  /** Takes the oldest with a fingerprint, or null. */
  @Nullable Entry<E> take(long fingerprint) {
    Entry<E> entry = oldest.get(fingerprint);
    if (entry != null) {
      remove(entry);
    }
    return entry;
  }

  /** The oldest of all, or null. */
  @Nullable Entry<E> peek() {
    Entry<E> head = order.peek();
    while (head != null && head.gone) { // what was taken leaves the order when it is met
      order.remove();
      head = order.peek();
    }
    return head;
  }

  /** Takes the oldest of all, or null. */
  @Nullable Entry<E> poll() {
    Entry<E> head = peek();
    if (head != null) {
      order.remove();
      remove(head);
    }
    return head;
  }

  /** Whether the oldest of all came before an entry that was just taken. */
  boolean hasBefore(Entry<E> taken) {
    Entry<E> head = peek();
    return head != null && head.position < taken.position;
  }

  /** Entries of one fingerprint leave in the order in which they came, so this is their first. */
  private void remove(Entry<E> entry) {
    Entry<E> next = entry.twin;
    if (next == null) {
      oldest.remove(entry.fingerprint);
    } else {
      next.lastTwin = entry.lastTwin;
      oldest.put(entry.fingerprint, next);
    }
    entry.gone = true;
    size--;
    if (order.size() > 2 * size + MAX_GONE) { // an old head would keep all that was taken behind it
      order.removeIf(kept -> kept.gone);
    }
  }
}
