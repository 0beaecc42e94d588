package dev.sluice.examples.fleet;

import dev.sluice.testkit.brokers.ChildProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A node of the fleet: a process of {@code sluice-node}, as an operator would start it. */
final class DemoNode implements AutoCloseable {

  /** How long Kafka waits for a node that is silent; the least that brokers allow. */
  static final int SESSION_TIMEOUT_SECONDS = 6;

  private static final String MAIN = "dev.sluice.app.SluiceNode";

  private final ChildProcess process;

  private DemoNode(ChildProcess process) {
    this.process = process;
  }

  /** Starts node {@code number}; its log is a file of the directory. */
  static DemoNode start(int number, Map<String, String> settings, String token, Path directory)
      throws IOException {
    List<String> command = new ArrayList<>(ChildProcess.java(List.of("-Xmx160m"), MAIN));
    command.add("run");
    settings.forEach((key, value) -> command.addAll(List.of("--set", key + '=' + value)));
    command.addAll(List.of("--set", "kafka.properties.client.id=" + name(number)));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(variable -> variable.startsWith("SLUICE_"));
    builder.environment().put("SLUICE_TOKEN", token);
    builder.redirectError(
        ProcessBuilder.Redirect.appendTo(directory.resolve(name(number) + ".log").toFile()));
    return new DemoNode(ChildProcess.start(builder, line -> {}));
  }

  static String name(int number) {
    return "node-" + number;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Ends it as a power failure would. */
  void kill() {
    process.kill();
  }

  /** Asks it to stop, and waits for that. */
  @Override
  public void close() {
    process.close();
  }
}
