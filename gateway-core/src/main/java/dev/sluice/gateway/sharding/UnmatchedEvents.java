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

  /** One event: held, or only remembered because it was delivered. */
  static final class Entry<E> {

    final long fingerprint;
    final EventType type;
    final long sinceNanos;
    final @Nullable E held; // null if it was delivered
    final boolean undecided; // it counts as such already
    final int index; // among the events of its generation
    private @Nullable Entry<E> twin; // the next one with the same fingerprint
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
  private int size;

  int size() {
    return size;
  }

  void add(Entry<E> entry) {
    Entry<E> last = oldest.putIfAbsent(entry.fingerprint, entry);
    if (last != null) {
      while (last.twin != null) {
        last = last.twin;
      }
      last.twin = entry;
    }
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
      remove(head);
      order.remove();
    }
    return head;
  }

  /** Whether the oldest of all came before an entry that was just taken. */
  boolean hasBefore(Entry<E> taken) {
    Entry<E> head = order.peek();
    while (head != null && head != taken && head.gone) {
      order.remove();
      head = order.peek();
    }
    return head != null && head != taken;
  }

  /** Entries of one fingerprint leave in the order in which they came, so this is their first. */
  private void remove(Entry<E> entry) {
    if (entry.twin == null) {
      oldest.remove(entry.fingerprint);
    } else {
      oldest.put(entry.fingerprint, entry.twin);
    }
    entry.gone = true;
    size--;
  }
}
