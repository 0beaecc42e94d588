package dev.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SettingsTest {

  @TempDir private Path directory;

  @Test
  void yamlNestsAsItLikes() throws Exception {
    Settings settings =
        read(
            """
            shards: 4
            intents: [GUILDS, GUILD_MESSAGES]
            kafka:
              bootstrap-servers: "one:1,two:2"
              properties:
                security.protocol: SSL
                ssl: {endpoint: {identification.algorithm: https}}
            kafka.instance-id: node-1
            console:
            """);

    assertThat(text(settings, Setting.SHARDS)).isEqualTo("4");
    assertThat(text(settings, Setting.INTENTS)).isEqualTo("GUILDS,GUILD_MESSAGES");
    assertThat(text(settings, Setting.KAFKA_BOOTSTRAP_SERVERS)).isEqualTo("one:1,two:2");
    assertThat(text(settings, Setting.KAFKA_INSTANCE_ID)).isEqualTo("node-1");
    assertThat(settings.kafkaProperties())
        .containsOnlyKeys("security.protocol", "ssl.endpoint.identification.algorithm");
    assertThat(settings.value(Setting.CONSOLE_PORT)).isEmpty();
  }

  @Test
  void aPropertiesFileDoesAsWell() throws Exception {
    Path file = write("node.properties", "shards = 4\nkafka.properties.acks=all\n");

    Settings settings = Settings.read(file, Map.of(), Map.of());

    assertThat(text(settings, Setting.SHARDS)).isEqualTo("4");
    assertThat(settings.kafkaProperties()).containsKey("acks");
  }

  @Test
  void theEnvironmentIsStrongerAndTheCommandLineStrongest() throws Exception {
    Path file = write("node.yaml", "shards: 1\napplication: one\nlog.level: error");
    Map<String, String> environment =
        Map.of("SLUICE_SHARDS", "2", "SLUICE_APPLICATION", "two", "SLUICE_LOG_FORMAT", "");

    Settings settings = Settings.read(file, environment, Map.of("shards", "3"));

    assertThat(settings.value(Setting.SHARDS)).contains(new Settings.Value("3", "--set"));
    assertThat(settings.value(Setting.APPLICATION))
        .contains(new Settings.Value("two", "SLUICE_APPLICATION"));
    assertThat(settings.value(Setting.LOG_LEVEL))
        .contains(new Settings.Value("error", file.toString()));
    assertThat(settings.value(Setting.LOG_FORMAT)).as("an empty variable").isEmpty();
  }

  @Test
  void theEnvironmentNamesTheFileUnlessTheCommandLineDoes() throws Exception {
    Path file = write("node.yaml", "shards: 1");
    Path other = write("other.yaml", "shards: 2");
    Map<String, String> environment = Map.of(Settings.CONFIG_VARIABLE, file.toString());

    assertThat(text(Settings.read(null, environment, Map.of()), Setting.SHARDS)).isEqualTo("1");
    assertThat(text(Settings.read(other, environment, Map.of()), Setting.SHARDS)).isEqualTo("2");
  }

  @Test
  void aPropertyOfKafkaCanStandInTheEnvironment() throws Exception {
    Settings settings =
        Settings.read(
            null,
            Map.of(
                "SLUICE_KAFKA_PROPERTIES_SASL_JAAS_CONFIG", "secret",
                "SLUICE_KAFKA_PROPERTIES_FILE", "a.properties"),
            Map.of());

    assertThat(settings.kafkaProperties()).containsOnlyKeys("sasl.jaas.config");
    assertThat(text(settings, Setting.KAFKA_PROPERTIES_FILE)).isEqualTo("a.properties");
  }

  @Test
  void anUnknownSettingIsAnErrorThatSuggestsWhatWasMeant() throws Exception {
    Path file = write("node.yaml", "shrads: 1\nkafka: {bootstrap.servers: x}\nnonsense: 1");

    assertThat(problems(() -> Settings.read(file, Map.of(), Map.of("log.levle", "info"))))
        .containsExactlyInAnyOrder(
            "shrads: unknown setting (did you mean shards?) [" + file + ']',
            "kafka.bootstrap.servers: unknown setting (did you mean kafka.bootstrap-servers?) ["
                + file
                + ']',
            "nonsense: unknown setting [" + file + ']',
            "log.levle: unknown setting (did you mean log.level?) [--set]");
  }

  @Test
  void anUnknownVariableIsAWarningUnlessKubernetesMakesIt() throws Exception {
    Settings settings =
        Settings.read(
            null,
            Map.of(
                "SLUICE_SHRADS", "1",
                "SLUICE_NODE_SERVICE_HOST", "10.0.0.1",
                "SLUICE_NODE_PORT_8077_TCP_ADDR", "10.0.0.1",
                "SLUICE_NODE_PORT", "tcp://10.0.0.1:8077"),
            Map.of());

    assertThat(settings.warnings())
        .containsExactly(
            "environment variable SLUICE_SHRADS is not known (did you mean SLUICE_SHARDS?)");
  }

  @Test
  void theTokenIsNotTakenFromTheFile() throws Exception {
    Path file = write("node.yaml", "token: abcdef.ghijkl");

    assertThat(problems(() -> Settings.read(file, Map.of(), Map.of())))
        .singleElement()
        .asString()
        .startsWith("token: not here (expected: SLUICE_TOKEN, or a file that token-file names)")
        .doesNotContain("abcdef");
  }

  @Test
  void aFileThatIsNoneIsNamed() throws Exception {
    Path missing = directory.resolve("missing.yaml");
    Path broken = write("broken.yaml", "shards: 1\n  b: [");
    Path twice = write("twice.yaml", "shards: 1\nshards: 2");
    Path list = write("list.yaml", "- 1");

    assertThat(problems(() -> Settings.read(missing, Map.of(), Map.of())))
        .containsExactly(missing + ": no such file");
    assertThat(problems(() -> Settings.read(broken, Map.of(), Map.of())))
        .singleElement()
        .asString()
        .startsWith(broken + ": line 2, column ");
    assertThat(problems(() -> Settings.read(twice, Map.of(), Map.of())))
        .singleElement()
        .asString()
        .contains("line 2", "Duplicate");
    assertThat(problems(() -> Settings.read(list, Map.of(), Map.of())))
        .singleElement()
        .asString()
        .contains("not a mapping");
  }

  @Test
  void aValueIsWhatIsWrittenAndNotWhatYamlMakesOfIt() throws Exception {
    Settings settings =
        read("shards: 0064\napplication: on\nintents: [0x10, ~, 'a b']\nkafka: {instance-id: ~}");

    assertThat(text(settings, Setting.SHARDS)).isEqualTo("0064");
    assertThat(text(settings, Setting.APPLICATION)).isEqualTo("on");
    assertThat(text(settings, Setting.INTENTS)).isEqualTo("0x10,,a b");
    assertThat(text(settings, Setting.KAFKA_INSTANCE_ID)).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "kafka: {instance-id: a}~kafka.instance-id: b | kafka.instance-id: set twice (expected: once)",
        "shards: 1~---~shards: 2 | a second document begins (expected: one)",
        "intents: [{a: b}] | intents: a list of lists or mappings (expected: a list of values)",
      })
  void whatCouldBeMeantOtherwiseIsAnError(String yaml, String problem) {
    assertThat(problems(() -> read(yaml.replace('~', '\n'))))
        .singleElement()
        .asString()
        .endsWith(": cannot be read: " + problem);
  }

  @Test
  void eachVariableStandsForOneSetting() {
    assertThat(List.of(Setting.values()))
        .extracting(Setting::variable)
        .doesNotHaveDuplicates()
        .doesNotContain(
            Settings.TOKEN_VARIABLE, Settings.CONSOLE_TOKEN_VARIABLE, Settings.CONFIG_VARIABLE);
  }

  static List<String> problems(ThrowingCallable reading) {
    ConfigurationException wrong = catchThrowableOfType(ConfigurationException.class, reading);
    assertThat(wrong).isNotNull();
    return wrong.problems();
  }

  private Settings read(String yaml) throws Exception {
    return Settings.read(write("node.yaml", yaml), Map.of(), Map.of());
  }

  private static String text(Settings settings, Setting setting) {
    return settings.value(setting).map(Settings.Value::text).orElse(null);
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }
}
