package dev.sluice.gateway.simulation;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/** What a seed stands for. Every fault is in or out, so that some runs show few of them alone. */
final class Settings {

  private static final int MAX_SHARDS = 4000;

  /** Each compressing server connection takes a quarter of a megabyte of native memory. */
  private static final int MAX_COMPRESSING_SHARDS = 300;

  private static final int MAX_EVENTS = 8_000;
  private static final int MAX_FAULTS = 800;

  final long seed;
  final int shards;
  final int maxConcurrency;
  final Compression compression;
  final Encoding encoding;
  final long heartbeatMillis;
  final long chaosNanos;
  final long latencyNanos;
  final long jitterNanos;
  final double eventsPerSecond;
  final double faultsPerSecond;
  final List<Fault> faults = new ArrayList<>(); // each as often as it is likely
  final double dialTrouble;
  final double muteAtStart;
  final double lateInputs;
  final double deferred;
  final long handlingNanos;
  final int maxUnacknowledged;
  final int replayCapacity;
  final long sessionLifetimeNanos;
  final boolean scarceStarts;
  final int sessionStarts;
  final int reserve;
  final boolean fatalClose;

  Settings(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    this.seed = seed;
    double size = Math.pow(random.nextDouble(), 3);
    shards = (int) Math.min(MAX_SHARDS, Math.round(Math.pow(MAX_SHARDS, size)));
    maxConcurrency = shards < 20 ? 1 + random.nextInt(3) : 16 << random.nextInt(3);
    Compression[] compressions = Compression.values();
    Compression any = compressions[random.nextInt(compressions.length)];
    compression = shards > MAX_COMPRESSING_SHARDS ? Compression.NONE : any;
    Encoding[] encodings = Encoding.values();
    Encoding other = encodings[random.nextInt(encodings.length)];
    encoding = compression == Compression.PAYLOAD ? Encoding.JSON : other; // ETF has none
    heartbeatMillis = random.nextBoolean() ? 41_250 : 10_000 + random.nextInt(110_000);
    long identifyNanos = shards / maxConcurrency * 5_150 * VirtualTime.MILLI;
    chaosNanos = identifyNanos + (5 + random.nextInt(shards < 50 ? 55 : 10)) * VirtualTime.MINUTE;
    latencyNanos = (5 + random.nextInt(95)) * VirtualTime.MILLI;
    jitterNanos = 1 + random.nextInt(100) * VirtualTime.MILLI;
    double chaosSeconds = (double) chaosNanos / VirtualTime.SECOND;
    eventsPerSecond =
        Math.min(shards * Math.pow(10, random.nextDouble() * 3 - 2), MAX_EVENTS / chaosSeconds);
    faultsPerSecond =
        Math.min(shards * Math.pow(10, random.nextDouble() * 1.7 - 3.2), MAX_FAULTS / chaosSeconds);
    for (Map.Entry<Fault, Integer> weight : WEIGHTS.entrySet()) {
      if (random.nextInt(3) == 0) {
        for (int i = 0; i < weight.getValue(); i++) {
          faults.add(weight.getKey());
        }
      }
    }
    dialTrouble = random.nextInt(3) == 0 ? random.nextDouble() * 0.5 : 0;
    muteAtStart = random.nextInt(3) == 0 ? random.nextDouble() * 0.2 : 0;
    lateInputs = random.nextDouble();
    deferred = random.nextBoolean() ? random.nextDouble() : 0;
    handlingNanos = 1 + (long) (Math.pow(random.nextDouble(), 3) * 60 * VirtualTime.SECOND);
    // Slow, but not so slow that the application falls behind for ever.
    double owed = eventsPerSecond / shards * handlingNanos / VirtualTime.SECOND;
    maxUnacknowledged = random.nextBoolean() ? 1 + random.nextInt(64) + (int) (4 * owed) : 65_536;
    replayCapacity = random.nextInt(4) == 0 ? 8 + random.nextInt(100) : 4096;
    sessionLifetimeNanos = (30 + random.nextInt(300)) * VirtualTime.SECOND;
    scarceStarts = shards <= 8 && random.nextInt(8) == 0;
    reserve = random.nextInt(4);
    sessionStarts = scarceStarts ? shards + reserve + random.nextInt(8) : 1 << 20;
    fatalClose = random.nextInt(12) == 0;
  }

  private static final Map<Fault, Integer> WEIGHTS = new EnumMap<>(Fault.class);

  static {
    for (Fault fault : Fault.values()) {
      WEIGHTS.put(
          fault,
          switch (fault) {
            case CUT, HALF_OPEN, CLOSE, RECONNECT -> 20;
            case ACKS_WITHHELD, INVALID, INVALID_RESUMABLE, STALL, SHARD_CRASH, COMMANDS -> 10;
            case GARBAGE, BIT_FLIP, HEARTBEAT_REQUEST, RESTART, GOODBYE, PAUSES -> 6;
            case POISON, SESSION_FORGOTTEN -> 4;
            case STORM, NAME_FAILURE, RESUME_HOST_DOWN, OUTAGE, FLAPPING, BOT_CRASH -> 1;
          });
    }
  }

  @Override
  public String toString() {
    return "shards "
        + shards
        + ", max concurrency "
        + maxConcurrency
        + ", "
        + encoding
        + ' '
        + compression
        + ", heartbeat "
        + heartbeatMillis
        + " ms, faults for "
        + chaosNanos / VirtualTime.SECOND
        + " s: "
        + faults.stream().distinct().toList()
        + ' '
        + String.format(Locale.ROOT, "%.3f", faultsPerSecond)
        + "/s, events "
        + String.format(Locale.ROOT, "%.2f", eventsPerSecond)
        + "/s, latency "
        + latencyNanos / VirtualTime.MILLI
        + '+'
        + jitterNanos / VirtualTime.MILLI
        + " ms"
        + (deferred > 0 ? ", defers, " + handlingNanos / VirtualTime.MILLI + " ms" : "")
        + (scarceStarts ? ", session starts " + sessionStarts + '-' + reserve : "")
        + (fatalClose ? ", a fatal close" : "");
  }
}
