package dev.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The settings as text, and where each stands: a file, over it the environment, over that the
 * command line. Nothing of their values is checked yet.
 */
final class Settings {

  /** The environment variables that are not settings: secrets, and the file itself. */
  static final String CONFIG_VARIABLE = "SLUICE_CONFIG";

  static final String TOKEN_VARIABLE = "SLUICE_TOKEN";
  static final String CONSOLE_TOKEN_VARIABLE = "SLUICE_CONSOLE_TOKEN";

  private static final String PREFIX = "SLUICE_";
  private static final String KAFKA_VARIABLE = PREFIX + "KAFKA_PROPERTIES_";

  /** Kubernetes tells pods of a service called sluice-something by variables like these. */
  private static final Pattern SERVICE_LINK =
      Pattern.compile("SLUICE_(\\w+_)?(SERVICE_(HOST|PORT\\w*)|PORT(_\\d+_(TCP|UDP)\\w*)?)");

  private static final YAMLFactory YAML =
      YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  /** A value, and where it stands. */
  record Value(String text, String origin) {}

  private final Map<Setting, Value> values = new EnumMap<>(Setting.class);
  private final Map<String, Value> kafkaProperties = new TreeMap<>();
  private final List<String> warnings = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private final Map<String, String> environment;

  private Settings(Map<String, String> environment) {
    this.environment = environment;
  }

  /**
   * Reads all places.
   *
   * @param file the file that the command line names; null for that of the environment, if any
   * @param environment the environment variables
   * @param options {@code key=value} of the command line
   * @throws ConfigurationException if the file cannot be read, or names something unknown
   */
  static Settings read(
      @Nullable Path file, Map<String, String> environment, Map<String, String> options)
      throws ConfigurationException {
    Settings settings = new Settings(environment);
    String named = environment.get(CONFIG_VARIABLE);
    Path chosen = file != null || named == null || named.isBlank() ? file : Path.of(named);
    if (chosen != null) {
      settings.addFile(chosen);
    }
    settings.addEnvironment();
    options.forEach((key, value) -> settings.add(key, value, "--set"));
    if (!settings.problems.isEmpty()) {
      throw new ConfigurationException(settings.problems);
    }
    return settings;
  }

  /** {@return what is set for it} */
  Optional<Value> value(Setting setting) {
    return Optional.ofNullable(values.get(setting));
  }

  /** {@return the settings of Kafka's own clients, sorted by name} */
  Map<String, Value> kafkaProperties() {
    return kafkaProperties;
  }

  /** {@return an environment variable} */
  Optional<String> environment(String variable) {
    return Optional.ofNullable(environment.get(variable)).filter(value -> !value.isBlank());
  }

  /** {@return all environment variables} */
  Map<String, String> environment() {
    return environment;
  }

  /** {@return what may be a mistake, one line each} */
  List<String> warnings() {
    return warnings;
  }

  private void addFile(Path file) {
    String name = file.toString();
    try {
      Map<String, String> found =
          name.endsWith(".properties") ? readProperties(file) : readYaml(file);
      found.forEach((key, value) -> add(key, value, name));
    } catch (NoSuchFileException e) {
      problems.add(name + ": no such file");
    } catch (JsonProcessingException e) {
      String where =
          e.getLocation() == null
              ? ""
              : " line "
                  + e.getLocation().getLineNr()
                  + ", column "
                  + e.getLocation().getColumnNr();
      String why = e.getOriginalMessage().lines().findFirst().orElse("not YAML");
      problems.add(name + ":" + where + ": " + why);
    } catch (IOException | IllegalArgumentException e) {
      problems.add(name + ": cannot be read: " + e.getMessage());
    }
  }

  private static Map<String, String> readProperties(Path file) throws IOException {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file, UTF_8)) {
      properties.load(reader);
    }
    Map<String, String> found = new TreeMap<>();
    properties.forEach((key, value) -> found.put((String) key, (String) value));
    return found;
  }

  private static Map<String, String> readYaml(Path file) throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (JsonParser parser = YAML.createParser(Files.readString(file, UTF_8))) {
      JsonToken root = parser.nextToken();
      if (root == null || root == JsonToken.VALUE_NULL) {
        return found; // nothing but comments
      }
      if (root != JsonToken.START_OBJECT) {
        throw new IOException("not a mapping (expected: lines like 'shards: 4')");
      }
      readMapping("", parser, found);
      if (parser.nextToken() != null) {
        throw new IOException("a second document begins (expected: one)");
      }
    }
    return found;
  }

  /**
   * Turns {@code a: {b: [c, d]}} to {@code a.b = c,d}; what has no value is not set. Values are as
   * they were written: to YAML 010 would be eight, and on would be true.
   */
  private static void readMapping(String prefix, JsonParser parser, Map<String, String> into)
      throws IOException {
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = prefix + parser.currentName();
      JsonToken value = parser.nextToken();
      if (value == JsonToken.START_OBJECT) {
        readMapping(key + '.', parser, into);
        continue;
      }
      String text = value == JsonToken.START_ARRAY ? readList(key, parser) : readScalar(parser);
      if (!text.isEmpty() && into.put(key, text) != null) {
        throw new IOException(key + ": set twice (expected: once)");
      }
    }
  }

  private static String readList(String key, JsonParser parser) throws IOException {
    List<String> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (!parser.currentToken().isScalarValue()) {
        throw new IOException(key + ": a list of lists or mappings (expected: a list of values)");
      }
      items.add(readScalar(parser));
    }
    return String.join(",", items);
  }

  private static String readScalar(JsonParser parser) throws IOException {
    return parser.currentToken() == JsonToken.VALUE_NULL ? "" : parser.getText();
  }

  private void addEnvironment() {
    new TreeMap<>(environment)
        .forEach(
            (variable, value) -> {
              if (variable.startsWith(PREFIX) && !value.isBlank()) {
                addVariable(variable, value);
              }
            });
  }

  private void addVariable(String variable, String value) {
    Optional<Setting> setting = Setting.ofVariable(variable);
    if (setting.isPresent()) {
      values.put(setting.get(), new Value(value.strip(), variable));
    } else if (variable.startsWith(KAFKA_VARIABLE)) {
      String name =
          variable.substring(KAFKA_VARIABLE.length()).replace('_', '.').toLowerCase(Locale.ROOT);
      kafkaProperties.put(name, new Value(value, variable));
    } else if (!variable.equals(CONFIG_VARIABLE)
        && !variable.equals(TOKEN_VARIABLE)
        && !variable.equals(CONSOLE_TOKEN_VARIABLE)
        && !SERVICE_LINK.matcher(variable).matches()) {
      List<String> known = Arrays.stream(Setting.values()).map(Setting::variable).toList();
      warnings.add(
          "environment variable " + variable + " is not known" + suggestion(variable, known));
    }
  }

  private void add(String key, String value, String origin) {
    Optional<Setting> setting = Setting.ofKey(key);
    if (setting.isPresent()) {
      values.put(setting.get(), new Value(value.strip(), origin));
    } else if (key.startsWith(Setting.KAFKA_PROPERTIES)) {
      kafkaProperties.put(
          key.substring(Setting.KAFKA_PROPERTIES.length()), new Value(value, origin));
    } else if (key.equals("token") || key.equals("console.token")) {
      String variable = key.equals("token") ? TOKEN_VARIABLE : CONSOLE_TOKEN_VARIABLE;
      problems.add(
          key
              + ": not here (expected: "
              + variable
              + ", or a file that "
              + key
              + "-file names) ["
              + origin
              + ']');
    } else {
      List<String> known = Arrays.stream(Setting.values()).map(candidate -> candidate.key).toList();
      problems.add(key + ": unknown setting" + suggestion(key, known) + " [" + origin + ']');
    }
  }

  private static String suggestion(String word, List<String> known) {
    return Similar.to(word, known).map(meant -> " (did you mean " + meant + "?)").orElse("");
  }
}
