package dev.sluice.benchmarks.load;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The options of a command line, each {@code --key=value}. Immutable. */
final class Options {

  private final Map<String, String> values;

  private Options(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Reads a command line.
   *
   * @throws IllegalArgumentException if an argument is no option, is unknown or comes twice
   */
  static Options parse(String[] args, Set<String> known) {
    Map<String, String> values = new HashMap<>();
    for (String arg : args) {
      int equals = arg.indexOf('=');
      String key = arg.startsWith("--") && equals > 0 ? arg.substring(2, equals) : "";
      if (!known.contains(key)) {
        throw new IllegalArgumentException(
            "option: "
                + arg
                + " (expected: one of --"
                + String.join("=, --", new TreeSet<>(known))
                + "=)");
      }
      if (values.put(key, arg.substring(equals + 1)) != null) {
        throw new IllegalArgumentException("option: --" + key + " twice (expected: once)");
      }
    }
    return new Options(values);
  }

  String text(String key, String defaultValue) {
    return values.getOrDefault(key, defaultValue);
  }

  List<String> list(String key, String defaultValue) {
    return List.of(text(key, defaultValue).split(","));
  }

  List<Integer> numbers(String key, String defaultValue) {
    return list(key, defaultValue).stream().map(value -> positive(key, value)).toList();
  }

  /** {@return a number that is at least 1} */
  int number(String key, int defaultValue) {
    return positive(key, text(key, Integer.toString(defaultValue)));
  }

  private static int positive(String key, String value) {
    try {
      int number = Integer.parseInt(value);
      if (number >= 1) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("--" + key + ": " + value + " (expected: >= 1)", e);
    }
    throw new IllegalArgumentException("--" + key + ": " + value + " (expected: >= 1)");
  }
}
