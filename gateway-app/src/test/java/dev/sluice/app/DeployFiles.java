package dev.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;

/** The files that operators deploy a node with, parsed. */
final class DeployFiles {

  static final Path DIRECTORY = Path.of("deploy");

  private static final YAMLMapper YAML = new YAMLMapper();

  private DeployFiles() {}

  /** {@return the manifest of a kind} */
  static JsonNode manifest(String file) throws IOException {
    return YAML.readTree(Files.readString(DIRECTORY.resolve("kubernetes").resolve(file), UTF_8));
  }

  /** {@return the values of each key of the unit} */
  static Map<String, List<String>> unit() throws IOException {
    Map<String, List<String>> values = new TreeMap<>();
    Path file = DIRECTORY.resolve("systemd/sluice-node.service");
    for (String line : Files.readAllLines(file, UTF_8)) {
      int equals = line.indexOf('=');
      if (!line.startsWith("#") && equals > 0) {
        values
            .computeIfAbsent(line.substring(0, equals), key -> new ArrayList<>())
            .add(line.substring(equals + 1));
      }
    }
    return values;
  }

  /** {@return the lines of the container file that are no comments} */
  static List<String> container() throws IOException {
    return Files.readAllLines(DIRECTORY.resolve("container/Containerfile"), UTF_8).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .toList();
  }

  /** {@return the words of the container's ENTRYPOINT, which needs no shell} */
  static List<String> entrypoint() throws IOException {
    String line =
        container().stream().filter(it -> it.startsWith("ENTRYPOINT ")).findFirst().orElseThrow();
    JsonNode words = new ObjectMapper().readTree(line.substring("ENTRYPOINT ".length()));
    return StreamSupport.stream(words.spliterator(), false).map(JsonNode::asText).toList();
  }
}
