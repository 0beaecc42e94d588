package dev.sluice.gateway.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What happened to each shard lately, kept as numbers and rendered only when something failed; and
 * a hash over all of it, which is the same whenever the seed is.
 */
final class Trace {

  /** What a line says; the comments name its numbers. */
  enum Line {
    START, // process, sequence of the stored session
    CRASH,
    STATE, // detail: the state
    RECONNECT, // close code, delay in ms; detail: why
    DIAL, // dials so far
    DIAL_FAILED, // HTTP status
    OPENED, // generation
    SENT, // opcode, bytes
    RECEIVED, // bytes, tag
    LATE, // generation of the old transport
    EVENT, // sequence
    HANDLED, // sequence
    STORED, // sequence
    PEER_CLOSED, // code
    LOST,
    WE_CLOSE, // code
    PAUSED,
    READING,
    PERMIT,
    PERMIT_BACK,
    STOP, // detail: the mode
    FAULT, // detail: which
    SERVER_CLOSED, // code
    SERVER_RECEIVED // opcode
  }

  private static final int LINES = 64;
  private static final int NUMBERS = 3;

  private static final class Ring {
    final long[] numbers = new long[LINES * NUMBERS];
    final Line[] lines = new Line[LINES];
    final @Nullable Object[] details = new Object[LINES];
    int count;
  }

  private final VirtualTime time;
  private final @Nullable Ring[] rings;
  private long hash = 1;
  private int lastShard;

  Trace(VirtualTime time, int shards) {
    this.time = time;
    this.rings = new Ring[shards];
  }

  void add(int shard, Line line) {
    add(shard, line, 0, 0, null);
  }

  void add(int shard, Line line, long a) {
    add(shard, line, a, 0, null);
  }

  void add(int shard, Line line, long a, long b, @Nullable Object detail) {
    lastShard = shard;
    hash = mix(hash, time.now());
    hash = mix(hash, ((long) shard << 8) | line.ordinal());
    hash = mix(hash, a);
    hash = mix(hash, b);
    Ring ring = rings[shard];
    if (ring == null) {
      ring = new Ring();
      rings[shard] = ring;
    }
    int slot = ring.count++ % LINES;
    ring.lines[slot] = line;
    ring.numbers[slot * NUMBERS] = time.now();
    ring.numbers[slot * NUMBERS + 1] = a;
    ring.numbers[slot * NUMBERS + 2] = b;
    ring.details[slot] = detail;
  }

  /** The shard of the newest line. */
  int lastShard() {
    return lastShard;
  }

  long hash() {
    return hash;
  }

  /** The last lines of a shard, oldest first. */
  List<String> last(int shard, int count) {
    List<String> lines = new ArrayList<>();
    Ring ring = rings[shard];
    if (ring == null) {
      return lines;
    }
    for (int i = Math.max(0, ring.count - Math.min(count, LINES)); i < ring.count; i++) {
      int slot = i % LINES;
      Object detail = ring.details[slot];
      lines.add(
          String.format(
              Locale.ROOT,
              "%s  %-15s %d %d %s",
              stamp(ring.numbers[slot * NUMBERS]),
              ring.lines[slot],
              ring.numbers[slot * NUMBERS + 1],
              ring.numbers[slot * NUMBERS + 2],
              detail == null ? "" : detail));
    }
    return lines;
  }

  static String stamp(long nanos) {
    return String.format(
        Locale.ROOT,
        "%02d:%02d:%06.3f",
        nanos / VirtualTime.HOUR,
        nanos / VirtualTime.MINUTE % 60,
        nanos % VirtualTime.MINUTE / 1e9);
  }

  private static long mix(long hash, long value) {
    long mixed = (hash ^ value) * 0x9E3779B97F4A7C15L;
    return mixed ^ (mixed >>> 29);
  }
}
