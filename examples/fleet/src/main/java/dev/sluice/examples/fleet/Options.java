package dev.sluice.examples.fleet;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the demo is to do.
 *
 * @param shards how many shards
 * @param rate events a second, of all shards together
 * @param seconds how long each of its three acts lasts: before the kill, after it, after the return
 * @param exactlyOnce whether events and sequences go to Kafka in one transaction
 */
record Options(int shards, int rate, int seconds, boolean exactlyOnce) {

  private static final Options DEFAULT = new Options(12, 1_000, 8, false);

  static final String USAGE =
      "options: --shards=12 --rate=1000 --seconds=8 --exactly-once (three nodes, one is killed)";

  /**
   * Reads a command line.
   *
   * @throws IllegalArgumentException if it is wrong
   */
  static Options parse(String... args) {
    Map<String, String> given = new TreeMap<>();
    for (String arg : Arrays.stream(args).filter(word -> !word.isBlank()).toList()) {
      String[] parts = arg.split("=", 2);
      given.put(parts[0], parts.length == 1 ? "" : parts[1]);
    }
    Options options =
        new Options(
            number(given, "--shards", 3, 60, DEFAULT.shards),
            number(given, "--rate", 10, 20_000, DEFAULT.rate),
            number(given, "--seconds", 3, 600, DEFAULT.seconds),
            given.remove("--exactly-once") != null);
    if (!given.isEmpty()) {
      throw new IllegalArgumentException(given.keySet() + " (expected: " + USAGE + ')');
    }
    return options;
  }

  private static int number(
      Map<String, String> given, String name, int from, int to, int otherwise) {
    String text = given.remove(name);
    if (text == null) {
      return otherwise;
    }
    if (text.matches("\\d{1,9}")) {
      int number = Integer.parseInt(text);
      if (number >= from && number <= to) {
        return number;
      }
    }
    throw new IllegalArgumentException(
        name + ": " + text + " (expected: " + from + ".." + to + ')');
  }
}
