package dev.sluice.gateway.kafka.internal.fleet;

import java.util.BitSet;

/** Sets of shard ids as text: {@code 0-2,7}. */
final class ShardSet {

  private ShardSet() {}

  /** {@return the text of a set} */
  static String format(BitSet shards) {
    StringBuilder text = new StringBuilder();
    for (int first = shards.nextSetBit(0); first >= 0; ) {
      int last = shards.nextClearBit(first) - 1;
      text.append(text.isEmpty() ? "" : ",").append(first);
      if (last > first) {
        text.append('-').append(last);
      }
      first = shards.nextSetBit(last + 1);
    }
    return text.toString();
  }

  /**
   * Reads the text of a set.
   *
   * @param text what {@link #format} made
   * @param shards how many shards there are; others are left out
   * @return the set; what cannot be read is not in it
   */
  static BitSet parse(String text, int shards) {
    BitSet set = new BitSet(shards);
    for (String range : text.split(",", -1)) {
      int dash = range.indexOf('-');
      int first = number(dash < 0 ? range : range.substring(0, dash));
      int last = dash < 0 ? first : number(range.substring(dash + 1));
      if (first >= 0 && first <= last && last < shards) {
        set.set(first, last + 1);
      }
    }
    return set;
  }

  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      return -1; // none of the set
    }
  }
}
