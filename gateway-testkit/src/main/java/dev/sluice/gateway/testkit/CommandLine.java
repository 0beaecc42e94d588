package dev.sluice.gateway.testkit;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The options of a command line, each {@code --key=value} or {@code --key}. Immutable. */
final class CommandLine {

  private final Map<String, String> values;

  private CommandLine(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Reads a command line.
   *
   * @throws IllegalArgumentException if an argument is no option, is unknown or comes twice
   */
  static CommandLine parse(String[] args, Set<String> known) {
    Map<String, String> values = new HashMap<>();
    for (String arg : args) {
      int equals = arg.indexOf('=');
      String key = equals < 0 ? arg : arg.substring(0, equals);
      if (!key.startsWith("--") || !known.contains(key.substring(2))) {
        throw new IllegalArgumentException(
            "option: " + key + " (expected: one of --" + String.join(", --", sorted(known)) + ')');
      }
      String value = equals < 0 ? "" : arg.substring(equals + 1);
      if (values.put(key.substring(2), value) != null) {
        throw new IllegalArgumentException("option: " + key + " twice (expected: once)");
      }
    }
    return new CommandLine(values);
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  @Nullable String text(String key) {
    return values.get(key);
  }

  /**
   * {@return a number, the default if it is not given}
   *
   * @throws IllegalArgumentException if it is no number of the range
   */
  int number(String key, int defaultValue, int min, int max) {
    String value = values.get(key);
    if (value == null) {
      return defaultValue;
    }
    try {
      int number = Integer.parseInt(value);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw outOfRange(key, value, min, max, e);
    }
    throw outOfRange(key, value, min, max, null);
  }

  /**
   * {@return a constant, written in lower case with hyphens; the default if it is not given}
   *
   * @throws IllegalArgumentException if there is no such constant
   */
  <E extends Enum<E>> E constant(String key, E defaultValue) {
    String value = values.get(key);
    if (value == null) {
      return defaultValue;
    }
    StringBuilder names = new StringBuilder();
    for (E constant : defaultValue.getDeclaringClass().getEnumConstants()) {
      String name = constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
      if (name.equals(value)) {
        return constant;
      }
      names.append(names.isEmpty() ? "" : ", ").append(name);
    }
    throw new IllegalArgumentException(
        "--" + key + ": " + value + " (expected: one of " + names + ')');
  }

  private static IllegalArgumentException outOfRange(
      String key, String value, int min, int max, @Nullable Throwable cause) {
    return new IllegalArgumentException(
        "--" + key + ": " + value + " (expected: " + min + ".." + max + ')', cause);
  }

  private static Iterable<String> sorted(Set<String> known) {
    return known.stream().sorted().toList();
  }
}
