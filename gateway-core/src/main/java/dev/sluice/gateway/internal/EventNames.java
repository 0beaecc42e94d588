package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.sluice.gateway.EventType;
import java.nio.ByteBuffer;

/** The event types by the bytes of their names, looked up without making a string. */
final class EventNames {

  /** For over three times as many slots as names, so that most are found at the first probe. */
  private static final int SLOT_BITS = 8;

  private static final int SLOTS = 1 << SLOT_BITS;

  /** An odd number with random bits: the upper bits of a product depend on all of a name. */
  private static final long MIXER = 0x9E3779B97F4A7C15L;

  /** The index of the last word, however many there are. */
  private static final int LAST = 1 << 20;

  private static final EventType[] TYPES = new EventType[SLOTS];

  /** The names as the words that {@link #word} takes them apart into; null in a free slot. */
  private static final long[][] NAMES = new long[SLOTS][];

  private static final int[] LENGTHS = new int[SLOTS];

  static {
    for (EventType type : EventType.values()) {
      if (type != EventType.UNKNOWN) {
        ByteBuffer name = ByteBuffer.wrap(type.name().getBytes(US_ASCII));
        int length = name.limit();
        int slot = slot(word(name, 0, length, 0), word(name, 0, length, LAST), length);
        while (NAMES[slot] != null) {
          slot = next(slot);
        }
        TYPES[slot] = type;
        LENGTHS[slot] = length;
        NAMES[slot] = new long[(length + Words.BYTES - 1) / Words.BYTES];
        for (int i = 0; i < NAMES[slot].length; i++) {
          NAMES[slot][i] = word(name, 0, length, i);
        }
      }
    }
  }

  private EventNames() {}

  /** {@return the type that the bytes name, {@link EventType#UNKNOWN} when none} */
  static EventType find(ByteBuffer message, int start, int end) {
    int length = end - start;
    long first = word(message, start, length, 0);
    long last = word(message, start, length, LAST);
    int slot = slot(first, last, length);
    for (long[] name = NAMES[slot]; name != null; name = NAMES[slot]) {
      if (name[0] == first
          && name[name.length - 1] == last
          && LENGTHS[slot] == length
          && isSameBetween(name, message, start)) {
        return TYPES[slot];
      }
      slot = next(slot);
    }
    return EventType.UNKNOWN;
  }

  /** The first and the last word tell all names but a few apart. */
  private static int slot(long first, long last, int length) {
    return (int) (((((first * MIXER) ^ last) + length) * MIXER) >>> (Long.SIZE - SLOT_BITS));
  }

  private static int next(int slot) {
    return (slot + 1) % SLOTS;
  }

  private static boolean isSameBetween(long[] name, ByteBuffer message, int start) {
    for (int i = 1; i < name.length - 1; i++) {
      if (name[i] != Words.at(message, start + i * Words.BYTES)) {
        return false;
      }
    }
    return true;
  }

  /** One of the words of a name: the last overlaps the one before, or is all that there is. */
  private static long word(ByteBuffer message, int start, int length, int index) {
    if (length >= Words.BYTES) {
      return Words.at(message, start + Math.min(index * Words.BYTES, length - Words.BYTES));
    }
    long word = 0;
    for (int i = 0; i < length; i++) {
      word = (word << Byte.SIZE) | (message.get(start + i) & 0xFF);
    }
    return word;
  }
}
