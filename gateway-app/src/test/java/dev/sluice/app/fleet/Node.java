package dev.sluice.app.fleet;

import dev.sluice.testkit.brokers.ChildProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One {@code sluice-node} in a process of its own. */
final class Node implements AutoCloseable {

  private static final String MAIN = "dev.sluice.app.SluiceNode";
  private static final Duration EXIT_TIMEOUT = Duration.ofSeconds(60);
  private static final int LOG_LINES = 25;

  private final String name;
  private final Path log;
  private final ChildProcess process;

  private Node(String name, Path log, ChildProcess process) {
    this.name = name;
    this.log = log;
    this.process = process;
  }

  static Node start(String name, Path directory, String heap, Map<String, String> environment)
      throws IOException {
    List<String> command =
        ChildProcess.java(
            List.of(
                "-Xmx" + heap,
                "-XX:TieredStopAtLevel=1",
                "-Dlogback.configurationFile=logback.xml") // not that of these
            // tests
            ,
            MAIN);
    command.add("run");
    Path log = directory.resolve(name + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    return new Node(name, log, ChildProcess.start(builder, line -> {}));
  }

  String name() {
    return name;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  void kill() {
    process.kill();
  }

  void freeze() {
    process.freeze();
  }

  void thaw() {
    process.thaw();
  }

  /** Stops it in good order; {@return its exit code} */
  int stop() throws InterruptedException {
    process.terminate();
    return process.awaitExit(EXIT_TIMEOUT);
  }

  /** {@return when it first logged a text} */
  Optional<Instant> firstLogged(String text) {
    return log().stream()
        .filter(line -> line.contains(text))
        .findFirst()
        .map(line -> Instant.parse(line.substring(0, line.indexOf(' '))));
  }

  /** {@return the end of its log} */
  String lastWords() {
    List<String> lines = log();
    return name
        + (isAlive() ? "" : " (ended)")
        + ":\n"
        + String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
  }

  private List<String> log() {
    try {
      return Files.readAllLines(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.kill();
  }
}
