package dev.sluice.examples.demo;

import dev.sluice.gateway.console.ConsoleBuilder;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;

/**
 * What the demo is to do.
 *
 * @param shards how many shards, at least 1
 * @param maxConcurrency how many of them may identify in 5 s, at least 1
 * @param seconds how long the traffic lasts, at least 1
 * @param rate events a second, of all shards together, at least 1
 * @param heartbeatMillis the gateway's heartbeat interval, short so that latencies are many
 * @param drainSeconds how long the last events may take to be handled
 * @param consolePort where the console is, if it is free
 * @param stay whether it goes on, with a tenth of the traffic, until it is interrupted
 */
public record DemoOptions(
    int shards,
    int maxConcurrency,
    int seconds,
    int rate,
    int heartbeatMillis,
    int drainSeconds,
    int consolePort,
    boolean stay) {

  /** What {@code mvn -Pdemo} does without {@code -Dargs}. */
  public static final DemoOptions DEFAULT =
      new DemoOptions(64, 16, 30, 10_000, 5_000, 20, ConsoleBuilder.DEFAULT_PORT, false);

  private static final int LARGE_EVENT_EVERY = 5_000;

  /** How to say something else. */
  public static final String USAGE = "options: --shards=64 --seconds=30 --rate=10000 --stay";

  /**
   * Reads a command line.
   *
   * @throws IllegalArgumentException if it is wrong, naming the argument
   */
  public static DemoOptions parse(String... args) {
    int shards = DEFAULT.shards;
    int seconds = DEFAULT.seconds;
    int rate = DEFAULT.rate;
    boolean stay = false;
    for (String arg : args) {
      if (arg.equals("--stay")) {
        stay = true;
        continue;
      }
      int equals = arg.indexOf('=');
      switch (arg.substring(0, Math.max(equals, 0))) {
        case "--shards" -> shards = number(arg, equals, 4_096);
        case "--seconds" -> seconds = number(arg, equals, 86_400);
        case "--rate" -> rate = number(arg, equals, 1_000_000);
        default -> throw new IllegalArgumentException(arg + " (" + USAGE + ')');
      }
    }
    return new DemoOptions(
        shards,
        DEFAULT.maxConcurrency,
        seconds,
        rate,
        DEFAULT.heartbeatMillis,
        DEFAULT.drainSeconds,
        DEFAULT.consolePort,
        stay);
  }

  /** All that a bot can ask for, with a large GUILD_CREATE or GUILD_MEMBERS_CHUNK now and then. */
  Traffic traffic() {
    return Traffic.of(TrafficMix.ALL_INTENTS, 1, rate).withLargeEventEvery(LARGE_EVENT_EVERY);
  }

  /** What goes on while it stays, so that there is something to see and no disk fills up. */
  Traffic quietTraffic() {
    return Traffic.of(TrafficMix.ALL_INTENTS, 1, Math.max(1, rate / 10));
  }

  private static int number(String arg, int equals, int max) {
    String value = arg.substring(equals + 1);
    if (!value.matches("[1-9][0-9]{0,8}") || Integer.parseInt(value) > max) {
      throw new IllegalArgumentException(arg + " (expected: 1.." + max + ')');
    }
    return Integer.parseInt(value);
  }
}
