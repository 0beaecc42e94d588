package dev.sluice.gateway.micrometer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.kafka.KafkaFleet;
import dev.sluice.gateway.kafka.KafkaFleetMetrics;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Holds the dashboard, the alerts and the pages to what a scrape of a node of a fleet has. */
final class MonitoringFilesTest {

  private static final Path DOCS = Path.of("../docs");
  private static final Path DASHBOARD = DOCS.resolve("monitoring/grafana-dashboard.json");
  private static final Path RULES = DOCS.resolve("monitoring/prometheus-rules.yml");
  private static final Path RULES_TEST =
      Path.of("src/test/resources/monitoring/prometheus-rules-test.yml");

  private static final long TIMEOUT_SECONDS = 30;
  private static final int GRID_COLUMNS = 24;

  /** What is on the dashboard in another form, or says nothing on a dashboard. */
  private static final Set<String> NOT_SHOWN =
      Set.of(
          "sluice_gateway_event_loop_lag_seconds", // its percentiles are
          "sluice_gateway_identify_wait_seconds", // likewise
          "sluice_gateway_events_filtered_total"); // the application asked for it

  private static Published published;
  private static JsonNode dashboard;
  private static JsonNode rules;

  @BeforeAll
  static void scrape() throws Exception {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    try (LocalGateway gateway = LocalGateway.start();
        ShardManager manager =
            ShardManager.builder(gateway.token(), Intents.of())
                .apiUri(gateway.apiUri())
                .shards(1)
                .build();
        ShardManagerMetrics metrics = new ShardManagerMetrics(manager, List.of(), 1)) {
      manager.start().toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      manager.ready().toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      metrics.bindTo(registry);
      KafkaFleetMetrics.bindTo(unstarted(), registry);
      published = Published.of(registry.scrape());
    }
    dashboard = new JsonMapper().readTree(Files.readString(DASHBOARD, UTF_8));
    rules = new YAMLMapper().readTree(Files.readString(RULES, UTF_8));
  }

  /** A node has all its meters before it starts. */
  private static KafkaFleet unstarted() {
    return KafkaFleet.builder("bot", Map.of("bootstrap.servers", "127.0.0.1:9")).build();
  }

  @Test
  void thePanelsShowWhatIsPublished() {
    for (JsonNode panel : panels()) {
      for (JsonNode target : panel.path("targets")) {
        String expression = target.path("expr").asText();
        published.used(expression);
        published.checkLegend(expression, target.path("legendFormat").asText());
      }
    }
    for (JsonNode variable : dashboard.at("/templating/list")) {
      if (variable.path("type").asText().equals("query")) {
        assertThat(published.used(variable.at("/query/query").asText()))
            .containsExactly("sluice_gateway_live");
      }
    }
  }

  @Test
  void whatIsPublishedIsShownOrLeftOutOnPurpose() {
    Set<String> used = new TreeSet<>(NOT_SHOWN);
    for (JsonNode panel : panels()) {
      panel.path("targets").forEach(t -> used.addAll(published.used(t.path("expr").asText())));
    }
    for (JsonNode rule : alerts()) {
      used.addAll(published.used(rule.path("expr").asText()));
    }

    assertThat(used).isEqualTo(published.families());
  }

  @Test
  void thePanelsAreWholeAndDoNotOverlap() {
    Set<Integer> ids = new HashSet<>();
    Set<List<Integer>> cells = new HashSet<>();
    for (JsonNode panel : panels()) {
      String title = panel.path("title").asText();
      assertThat(title).isNotBlank();
      assertThat(ids.add(panel.path("id").asInt())).as("id of %s", title).isTrue();
      if (!isRow(panel)) {
        assertThat(panel.path("description").asText()).as(title).isNotBlank();
        assertThat(panel.at("/fieldConfig/defaults/unit").asText()).as(title).isNotBlank();
        assertThat(panel.path("targets")).as(title).isNotEmpty();
      }
      JsonNode place = panel.path("gridPos");
      assertThat(place.path("x").asInt() + place.path("w").asInt())
          .as(title)
          .isBetween(1, GRID_COLUMNS);
    }
    for (JsonNode panel : dashboard.path("panels")) {
      JsonNode place = panel.path("gridPos");
      for (int x = 0; x < place.path("w").asInt(); x++) {
        for (int y = 0; y < place.path("h").asInt(); y++) {
          assertThat(cells.add(List.of(place.path("x").asInt() + x, place.path("y").asInt() + y)))
              .as("overlap of %s", panel.path("title").asText())
              .isTrue();
        }
      }
    }
  }

  @Test
  void theDashboardIsBoundToNoDataSource() {
    List<JsonNode> sources = dashboard.findValues("datasource");

    assertThat(sources).isNotEmpty();
    assertThat(sources).allMatch(source -> source.path("uid").asText().equals("${datasource}"));
    assertThat(dashboard.path("id").isNull()).isTrue();
  }

  @Test
  void theAlertsAskForWhatIsPublished() {
    List<JsonNode> alerts = alerts();

    assertThat(alerts).hasSizeGreaterThan(10);
    assertThat(alerts).extracting(alert -> alert.path("alert").asText()).doesNotHaveDuplicates();
    for (JsonNode alert : alerts) {
      String name = alert.path("alert").asText();
      published.used(alert.path("expr").asText());
      assertThat(alert.at("/labels/severity").asText()).as(name).isIn("page", "ticket");
      assertThat(alert.at("/annotations/summary").asText()).as(name).isNotBlank();
    }
  }

  @Test
  void thePagesNameWhatIsPublished() throws IOException {
    Pattern names = Pattern.compile("\\bsluice_(?:gateway|fleet)_[a-z0-9_]*[a-z0-9]");
    try (Stream<Path> files = Files.walk(DOCS)) {
      for (Path page : files.filter(file -> file.toString().endsWith(".md")).toList()) {
        Matcher name = names.matcher(Files.readString(page, UTF_8));
        while (name.find()) {
          assertThat(published.hasSeries(name.group())).as("%s in %s", name.group(), page).isTrue();
        }
      }
    }
  }

  @Test
  void promtoolAcceptsTheAlerts() throws Exception {
    assumeTrue(
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "promtool"))),
        "promtool of Prometheus is not on the PATH");

    promtool("check", "rules", RULES.toString());
    promtool("test", "rules", RULES_TEST.toString());
  }

  private static void promtool(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("promtool"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  private static List<JsonNode> panels() {
    List<JsonNode> panels = new ArrayList<>();
    for (JsonNode panel : dashboard.path("panels")) {
      panels.add(panel);
      panel.path("panels").forEach(panels::add);
    }
    return panels;
  }

  private static boolean isRow(JsonNode panel) {
    return panel.path("type").asText().equals("row");
  }

  private static List<JsonNode> alerts() {
    List<JsonNode> alerts = new ArrayList<>();
    rules.path("groups").forEach(group -> group.path("rules").forEach(alerts::add));
    return alerts;
  }
}
