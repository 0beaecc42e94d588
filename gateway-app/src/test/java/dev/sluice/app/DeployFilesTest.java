package dev.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators deploy a node with fits the node. */
final class DeployFilesTest {

  @TempDir private Path directory;

  @Test
  void theFileOfSettingsHasEachWithItsDefault() throws Exception {
    String shipped =
        Files.readString(DeployFiles.DIRECTORY.resolve("conf/sluice-node.yaml"), UTF_8);
    assertThat(
            Settings.read(write("shipped.yaml", shipped), Map.of(), Map.of()).value(Setting.SHARDS))
        .isEmpty();

    Path all =
        write("all.yaml", shipped.replaceAll("(?m)^#( *[a-z])", "$1").replaceAll("(?m)^The.*", ""));
    Settings settings = Settings.read(all, Map.of(), Map.of());

    for (Setting setting : Setting.values()) {
      assertThat(settings.value(setting)).as(setting.key).isPresent();
      if (setting.fallback != null) {
        assertThat(settings.value(setting).orElseThrow().text()).isEqualTo(setting.fallback);
      }
    }
    assertThat(settings.kafkaProperties()).containsKey("security.protocol");
  }

  @Test
  void theManifestsFitTogether() throws Exception {
    JsonNode set = DeployFiles.manifest("statefulset.yaml");
    JsonNode pod = set.at("/spec/template");
    JsonNode container = pod.at("/spec/containers/0");
    JsonNode labels = pod.at("/metadata/labels");
    JsonNode service = DeployFiles.manifest("service.yaml");
    JsonNode budget = DeployFiles.manifest("poddisruptionbudget.yaml");

    assertThat(set.at("/spec/selector/matchLabels")).isEqualTo(labels);
    assertThat(service.at("/spec/selector")).isEqualTo(labels);
    assertThat(budget.at("/spec/selector/matchLabels")).isEqualTo(labels);
    assertThat(set.at("/spec/serviceName")).isEqualTo(service.at("/metadata/name"));
    List<String> volumes = texts(pod.at("/spec/volumes"), "/name");
    assertThat(texts(container.at("/volumeMounts"), "/name"))
        .containsExactlyInAnyOrderElementsOf(volumes);
    for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
      assertThat(container.at("/" + probe + "/httpGet/path").asText()).startsWith("/health/");
      assertThat(container.at("/" + probe + "/httpGet/port").asText())
          .isEqualTo(container.at("/ports/0/name").asText());
    }
    JsonNode resources = DeployFiles.manifest("kustomization.yaml").get("resources");
    for (JsonNode resource : resources) {
      assertThat(DeployFiles.manifest(resource.asText()).get("kind")).isNotNull();
    }
    assertThat(resources).hasSize(4);
  }

  @Test
  void theSettingsInTheManifestsAreRight() throws Exception {
    JsonNode container =
        DeployFiles.manifest("statefulset.yaml").at("/spec/template/spec/containers/0");
    Map<String, String> environment = new HashMap<>();
    for (JsonNode variable : container.get("env")) {
      environment.put(
          variable.get("name").asText(), variable.path("value").asText("sluice-node-0"));
    }
    String text = DeployFiles.manifest("configmap.yaml").at("/data/sluice-node.yaml").asText();
    Path secrets = Files.createDirectory(directory.resolve("secrets"));
    Files.writeString(secrets.resolve("token"), "a-token\n");
    Files.writeString(secrets.resolve("console-token"), "0123456789abcdef");
    environment.remove(Settings.CONFIG_VARIABLE);
    Path file = write("node.yaml", text.replace("/run/secrets/sluice-node", secrets.toString()));

    Settings settings = Settings.read(file, environment, Map.of());
    NodeConfig config = NodeConfig.of(settings).withToken();

    assertThat(settings.warnings()).isEmpty();
    assertThat(config.assignment()).isEqualTo(NodeConfig.Assignment.KAFKA);
    assertThat(config.kafka().instanceId()).isEqualTo("sluice-node-0");
    assertThat(config.console().port()).isEqualTo(container.at("/ports/0/containerPort").asInt());
    assertThat(
            DeployFiles.manifest("statefulset.yaml")
                .at("/spec/template/spec/terminationGracePeriodSeconds")
                .asLong())
        .isGreaterThan(config.drainTimeout().toSeconds() + 15);
    List<String> mounts = texts(container.get("volumeMounts"), "/mountPath");
    assertThat(mounts).contains("/run/secrets/sluice-node", "/etc/sluice-node");
  }

  @Test
  void theUnitKnowsTheNode() throws IOException {
    Map<String, List<String>> unit = DeployFiles.unit();

    assertThat(unit.get("RestartPreventExitStatus")).containsExactly(End.USAGE + " " + End.REFUSED);
    assertThat(unit.get("SuccessExitStatus"))
        .as("of a JVM that SIGTERM ends before the node is there")
        .containsExactly("143");
    for (String assignment : unit.get("Environment")) {
      String variable = assignment.substring(0, assignment.indexOf('='));
      assertThat(
              variable.equals(Settings.CONFIG_VARIABLE) || Setting.ofVariable(variable).isPresent())
          .as(variable)
          .isTrue();
    }
    assertThat(unit.get("WantedBy")).containsExactly("multi-user.target");
  }

  @Test
  void theContainerHasNoRootAndNoShell() throws IOException {
    List<String> lines = DeployFiles.container();
    int runtime = lastIndex(lines, "FROM ");

    assertThat(lines.subList(runtime, lines.size()))
        .noneMatch(line -> line.startsWith("RUN "))
        .contains("USER 65532:65532");
    assertThat(DeployFiles.entrypoint()).startsWith("java");
    assertThat(lines).anyMatch(line -> line.startsWith("CMD ["));
    JsonNode pod = DeployFiles.manifest("statefulset.yaml").at("/spec/template/spec");
    assertThat(pod.at("/securityContext/runAsUser").asInt()).isEqualTo(65532);
  }

  @Test
  void thePathsInCommentsExist() throws IOException {
    for (String file : List.of("container/Containerfile", "systemd/sluice-node.service")) {
      String text = Files.readString(DeployFiles.DIRECTORY.resolve(file), UTF_8);
      for (MatchResult path :
          Pattern.compile("(?:gateway-app|/opt/sluice-node)/((?:deploy|conf)/[^\\s\",]+)")
              .matcher(text)
              .results()
              .toList()) {
        String found = path.group(1);
        Path relative = Path.of(found.startsWith("conf/") ? "deploy/" + found : found);
        assertThat(relative).as(file).exists();
      }
    }
  }

  private static int lastIndex(List<String> lines, String prefix) {
    int index = -1;
    for (int i = 0; i < lines.size(); i++) {
      index = lines.get(i).startsWith(prefix) ? i : index;
    }
    return index;
  }

  private static List<String> texts(JsonNode array, String pointer) {
    List<String> texts = new ArrayList<>();
    array.forEach(element -> texts.add(element.at(pointer).asText()));
    return texts;
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }
}
