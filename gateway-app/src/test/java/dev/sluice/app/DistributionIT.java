package dev.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is packed runs, wherever it is unpacked. */
final class DistributionIT {

  private static final Path ARCHIVE = Path.of(System.getProperty("distribution", "none"));

  @TempDir private static Path directory;
  private static Path home;

  @BeforeAll
  static void unpack() throws Exception {
    assumeTrue(Files.isRegularFile(ARCHIVE), "the distribution is packed by mvn package");
    Path spaced = Files.createDirectory(directory.resolve("with a space"));
    assertThat(run(spaced, "tar", "-xzf", ARCHIVE.toAbsolutePath().toString()).status).isZero();
    try (Stream<Path> unpacked = Files.list(spaced)) {
      home = unpacked.findFirst().orElseThrow();
    }
  }

  @Test
  void theScriptRuns() throws Exception {
    Run version = run(directory, home.resolve("bin/sluice-node").toString(), "--version");

    assertThat(version.output).matches("sluice-node \\S+ \\(Java \\d+\\)\n");
    assertThat(version.status).isZero();
  }

  @Test
  void theScriptRunsThroughALinkAndFindsTheSettingsThatComeWithIt() throws Exception {
    Path link = Files.createSymbolicLink(directory.resolve("sluice-node"), script());

    Run run = run(directory, link.toString(), "run");

    assertThat(run.output).contains("token: not set (expected: ");
    assertThat(run.status).isEqualTo(End.USAGE);
  }

  @Test
  void theScriptSaysWhenThereIsNoJava() throws Exception {
    Run run = run(directory, "env", "JAVA_HOME=/nowhere", script().toString());

    assertThat(run.output).contains("/nowhere/bin/java not found (expected: Java 17");
    assertThat(run.status).isEqualTo(127);
  }

  @Test
  void theContainerFindsWhatItStarts() throws IOException {
    List<String> words = DeployFiles.entrypoint();

    for (String word : words) {
      int path = word.indexOf("/opt/sluice-node/");
      if (path >= 0) {
        assertThat(home.resolve(word.substring(path + "/opt/sluice-node/".length())))
            .isRegularFile();
      }
    }
    assertThat(words).hasSize(4).startsWith("java");
  }

  @Test
  void theUnitFindsWhatItStarts() throws IOException {
    String start = DeployFiles.unit().get("ExecStart").get(0).split(" ")[0];

    assertThat(home.resolve(start.substring("/opt/sluice-node/".length()))).isExecutable();
  }

  @Test
  void eachJarIsThereOnce() throws IOException {
    try (Stream<Path> jars = Files.list(home.resolve("lib"))) {
      List<String> names = jars.map(jar -> jar.getFileName().toString()).sorted().toList();
      assertThat(names).contains("sluice-node.jar").noneMatch(name -> name.startsWith("kafka_"));
      assertThat(names.stream().filter(name -> name.startsWith("gateway-app"))).isEmpty();
    }
    assertThat(home.resolve("LICENSE")).isRegularFile();
    assertThat(home.resolve("deploy/kubernetes/statefulset.yaml")).isRegularFile();
    assertThat(home.resolve("deploy/systemd/sluice-node.service")).isRegularFile();
  }

  private static Path script() {
    return home.resolve("bin/sluice-node");
  }

  private record Run(int status, String output) {}

  private static Run run(Path directory, String... command) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
    builder.environment().keySet().removeIf(variable -> variable.startsWith("SLUICE_"));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Run(process.exitValue(), output);
  }
}
