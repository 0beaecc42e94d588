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

  private static final EventType[] TYPES = new EventType[SLOTS];
  private static final ByteBuffer[] NAMES = new ByteBuffer[SLOTS];

  static {
    for (EventType type : EventType.values()) {
      if (type != EventType.UNKNOWN) {
        ByteBuffer name = ByteBuffer.wrap(type.name().getBytes(US_ASCII));
        int slot = slot(name, 0, name.limit());
        while (NAMES[slot] != null) {
          slot = next(slot);
        }
        TYPES[slot] = type;
        NAMES[slot] = name;
      }
    }
  }

  private EventNames() {}

  /** {@return the type that the bytes name, {@link EventType#UNKNOWN} when none} */
  static EventType find(ByteBuffer message, int start, int end) {
    int slot = slot(message, start, end);
    for (ByteBuffer name = NAMES[slot]; name != null; name = NAMES[slot]) {
      if (same(name, message, start, end - start)) {
        return TYPES[slot];
      }
      slot = next(slot);
    }
    return EventType.UNKNOWN;
  }

  private static int slot(ByteBuffer message, int start, int end) {
    long hash = (long) end - start;
    if (hash >= Words.BYTES) {
      // The first and the last word tell all names but a few apart.
      hash += (Words.at(message, start) * MIXER) ^ Words.at(message, end - Words.BYTES);
    } else {
      for (int i = start; i < end; i++) {
        hash = (hash << Byte.SIZE) | message.get(i);
      }
    }
    return (int) ((hash * MIXER) >>> (Long.SIZE - SLOT_BITS));
  }

  private static int next(int slot) {
    return (slot + 1) % SLOTS;
  }

  private static boolean same(ByteBuffer name, ByteBuffer message, int start, int length) {
    if (name.limit() != length) {
      return false;
    }
    if (length < Words.BYTES) {
      for (int i = 0; i < length; i++) {
        if (name.get(i) != message.get(start + i)) {
          return false;
        }
      }
      return true;
    }
    int last = length - Words.BYTES;
    for (int i = 0; i < last; i += Words.BYTES) {
      if (Words.at(name, i) != Words.at(message, start + i)) {
        return false;
      }
    }
    return Words.at(name, last) == Words.at(message, start + last);
  }
}
