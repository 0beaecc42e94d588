package dev.sluice.app;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads values of {@link Settings}, and gathers what is wrong with them, so that an operator sees
 * all of it at once. After a problem a value is whatever lets the reading go on.
 */
final class Values {

  private static final Pattern DURATION = Pattern.compile("(\\d{1,9}) ?(ms|s|m|h|d)");

  /** Who asks, and by which password, in a URI. */
  private static final Pattern USER_INFO = Pattern.compile("(?<=//)[^/@]+(?=@)");

  private final Settings settings;
  private final List<String> problems = new ArrayList<>();

  Values(Settings settings) {
    this.settings = settings;
  }

  /** Ends the reading. */
  void check() throws ConfigurationException {
    if (!problems.isEmpty()) {
      throw new ConfigurationException(problems);
    }
  }

  /** {@return the text of a setting, its default's, or null if it has none} */
  @Nullable String text(Setting setting) {
    return settings
        .value(setting)
        .map(Settings.Value::text)
        .filter(text -> !text.isEmpty())
        .orElse(setting.fallback);
  }

  String required(Setting setting, String why) {
    String text = text(setting);
    if (text == null) {
      problems.add(setting.key + ": not set (expected: a value, " + why + ')');
      return "";
    }
    return text;
  }

  /** {@return a number of a range, or null if the setting has none} */
  @Nullable Integer number(Setting setting, int from, int to) {
    return parse(
        setting,
        to == Integer.MAX_VALUE ? ">= " + from : from + ".." + to,
        text -> {
          int number = Integer.parseInt(text);
          if (number < from || number > to) {
            throw new NumberFormatException();
          }
          return number;
        });
  }

  int number(Setting setting, int from, int to, int otherwise) {
    Integer number = number(setting, from, to);
    return number == null ? otherwise : number;
  }

  boolean flag(Setting setting) {
    return Boolean.TRUE.equals(
        parse(
            setting,
            "true or false",
            text ->
                switch (text) {
                  case "true" -> true;
                  case "false" -> false;
                  default -> throw new IllegalArgumentException();
                }));
  }

  Duration duration(Setting setting, Duration from, Duration to) {
    Duration duration =
        parse(
            setting,
            text(from) + ".." + text(to) + ", like 500ms, 10s or 5m",
            text -> {
              Duration parsed = duration(text);
              if (parsed.compareTo(from) < 0 || parsed.compareTo(to) > 0) {
                throw new IllegalArgumentException();
              }
              return parsed;
            });
    return duration == null ? from : duration;
  }

  private static Duration duration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      try {
        return Duration.parse(text);
      } catch (DateTimeParseException e) {
        throw new IllegalArgumentException(e);
      }
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      case "h" -> Duration.ofHours(amount);
      default -> Duration.ofDays(amount);
    };
  }

  /** {@return a duration as one writes it} */
  static String text(Duration duration) {
    long millis = duration.toMillis();
    if (millis % 1_000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1_000;
    return seconds == 0 || seconds % 60 != 0
        ? seconds + "s"
        : seconds % 3_600 != 0 ? seconds / 60 + "m" : seconds / 3_600 + "h";
  }

  /** {@return a constant, written in lower case with hyphens; null if the setting has none} */
  <E extends Enum<E>> @Nullable E constant(Setting setting, Class<E> type) {
    E[] constants = type.getEnumConstants();
    List<String> names = Arrays.stream(constants).map(Values::name).toList();
    return parse(
        setting,
        String.join(", ", names),
        text -> {
          int index = names.indexOf(text.toLowerCase(Locale.ROOT).replace('_', '-'));
          if (index < 0) {
            throw new IllegalArgumentException();
          }
          return constants[index];
        });
  }

  static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Nullable URI uri(Setting setting, String... schemes) {
    return parse(
        setting,
        Arrays.stream(schemes).map(scheme -> scheme + "://host").collect(Collectors.joining(", ")),
        text -> {
          URI uri = URI.create(text);
          if (uri.getHost() == null
              || !List.of(schemes).contains(String.valueOf(uri.getScheme()))) {
            throw new IllegalArgumentException();
          }
          return uri;
        });
  }

  /** {@return what stands between the commas} */
  List<String> list(Setting setting) {
    String text = text(setting);
    return text == null
        ? List.of()
        : Arrays.stream(text.split(","))
            .map(String::strip)
            .filter(part -> !part.isEmpty())
            .toList();
  }

  /**
   * {@return a secret out of the variable or else the file, or null if there is neither}
   *
   * @param variable the environment variable that may hold it
   * @param file the setting that may name a file
   */
  @Nullable Secret secret(String variable, Setting file) {
    Optional<String> value = settings.environment(variable);
    if (value.isPresent()) {
      return new Secret(value.get().strip(), variable);
    }
    String name = text(file);
    if (name == null) {
      return null;
    }
    try {
      String content = Files.readString(Path.of(name), StandardCharsets.UTF_8).strip();
      if (content.isEmpty()) {
        problem(file, name, "a file that is not empty");
      }
      return new Secret(content, name);
    } catch (IOException | IllegalArgumentException e) {
      problem(file, name, "a file that can be read");
      return null;
    }
  }

  <T> @Nullable T parse(Setting setting, String expected, Function<String, T> parser) {
    String text = text(setting);
    if (text == null) {
      return null;
    }
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException e) {
      String why =
          e.getMessage() != null && e.getMessage().contains("(expected: ")
              ? e.getMessage()
              : shown(text) + " (expected: " + expected + ')';
      problems.add(setting.key + ": " + why + origin(setting));
      return null;
    }
  }

  void problem(Setting setting, String value, String expected) {
    problems.add(
        setting.key + ": " + shown(value) + " (expected: " + expected + ')' + origin(setting));
  }

  void problem(String problem) {
    problems.add(problem);
  }

  /** {@return a value without the passwords of URIs} */
  static String shown(String text) {
    return USER_INFO.matcher(text).replaceAll("***");
  }

  /** {@return the settings of Kafka's own clients} */
  Map<String, Settings.Value> kafkaProperties() {
    return settings.kafkaProperties();
  }

  private String origin(Setting setting) {
    return settings.value(setting).map(value -> " [" + value.origin() + ']').orElse("");
  }
}
