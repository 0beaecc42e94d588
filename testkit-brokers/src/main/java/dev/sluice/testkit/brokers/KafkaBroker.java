package dev.sluice.testkit.brokers;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.IntSupplier;

/**
 * An Apache Kafka broker in a process of its own, on the loopback interface: one node that is
 * broker and controller. It can be killed, come back on the same port with the same data, and be
 * frozen.
 *
 * <p>Not thread-safe; confine to one thread.
 */
public final class KafkaBroker implements AutoCloseable {

  private static final Duration START_TIMEOUT = Duration.ofSeconds(120);
  private static final int START_ATTEMPTS = 3;
  private static final String PORT_TAKEN = "Address already in use";
  private static final int LOG_LINES = 100; // of a broker that did not start

  private final Path directory;
  private final List<String> options;
  private final int port;
  private ChildProcess process;

  private KafkaBroker(Path directory, int port, List<String> options)
      throws IOException, InterruptedException {
    this.directory = directory;
    this.port = port;
    this.options = options;
    process = launch();
  }

  /**
   * Starts a broker.
   *
   * @param directory where it keeps its data and its log, {@code broker.log}
   * @return the broker, which takes connections
   * @throws IOException if it cannot be started
   * @throws InterruptedException if this thread is interrupted while it waits
   */
  public static KafkaBroker start(Path directory) throws IOException, InterruptedException {
    return start(directory, Map.of());
  }

  /**
   * Starts a broker with settings of its own.
   *
   * @param directory where it keeps its data and its log, {@code broker.log}
   * @param settings of the broker, by Kafka's names, in place of those that suit most tests
   * @return the broker, which takes connections
   * @throws IOException if it cannot be started
   * @throws InterruptedException if this thread is interrupted while it waits
   */
  public static KafkaBroker start(Path directory, Map<String, String> settings)
      throws IOException, InterruptedException {
    return start(directory, settings, Ports::free);
  }

  /** Starts a broker on ports that may be another's by the time that it wants them. */
  static KafkaBroker start(Path directory, Map<String, String> settings, IntSupplier ports)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    for (int attempt = 1; ; attempt++) {
      try {
        return start(directory, settings, ports.getAsInt(), ports.getAsInt());
      } catch (IOException e) {
        if (attempt == START_ATTEMPTS || !String.valueOf(e.getMessage()).contains(PORT_TAKEN)) {
          throw e;
        }
      }
    }
  }

  private static KafkaBroker start(
      Path directory, Map<String, String> settings, int port, int controllerPort)
      throws IOException, InterruptedException {
    Properties properties = new Properties();
    properties.putAll(
        Map.of(
            "process.roles",
            "broker,controller",
            "node.id",
            "1",
            "controller.quorum.voters",
            "1@127.0.0.1:" + controllerPort,
            "controller.listener.names",
            "CONTROLLER",
            "listeners",
            "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort,
            "advertised.listeners",
            "PLAINTEXT://127.0.0.1:" + port,
            "log.dirs",
            directory.resolve("data").toString()));
    properties.putAll(
        Map.of(
            "offsets.topic.replication.factor", "1",
            "offsets.topic.num.partitions", "4",
            "transaction.state.log.replication.factor", "1",
            "transaction.state.log.min.isr", "1",
            "transaction.state.log.num.partitions", "4",
            "share.coordinator.state.topic.replication.factor", "1",
            "share.coordinator.state.topic.min.isr", "1",
            "group.initial.rebalance.delay.ms", "0",
            "group.min.session.timeout.ms", "1000",
            "auto.create.topics.enable", "false"));
    properties.putAll(
        Map.of(
            "num.network.threads", "2",
            "num.io.threads", "4",
            "background.threads", "2",
            // A broker that was killed may not come back before its old session has expired.
            "broker.session.timeout.ms", "3000",
            "broker.heartbeat.interval.ms", "500",
            // Of 128 MiB by default, which is most of the heap.
            "log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20),
            "log.index.size.max.bytes", Integer.toString(1 << 20)));
    properties.putAll(settings);
    try (Writer file =
        Files.newBufferedWriter(directory.resolve("server.properties"), StandardCharsets.UTF_8)) {
      properties.store(file, null);
    }
    return new KafkaBroker(
        directory, port, List.of("-Xmx512m", "-Xshare:auto", "-XX:TieredStopAtLevel=1"));
  }

  private ChildProcess launch() throws IOException, InterruptedException {
    List<String> jvm = new ArrayList<>(options);
    jvm.add("-Dlogback.configurationFile=dev/sluice/testkit/brokers/broker-logback.xml");
    List<String> command = ChildProcess.java(jvm, BrokerMain.class.getName());
    command.add(directory.resolve("server.properties").toString());
    ChildProcess started =
        ChildProcess.start(
            new ProcessBuilder(command)
                .redirectError(
                    ProcessBuilder.Redirect.appendTo(directory.resolve("broker.log").toFile())),
            line -> {});
    try {
      started.awaitFirstLine(START_TIMEOUT);
      return started;
    } catch (IllegalStateException e) {
      started.kill();
      List<String> log = Files.readAllLines(directory.resolve("broker.log"));
      throw new IOException(
          "the broker did not start:\n"
              + String.join("\n", log.subList(Math.max(0, log.size() - LOG_LINES), log.size())),
          e);
    }
  }

  /** {@return the value of {@code bootstrap.servers} for clients} */
  public String bootstrapServers() {
    return "127.0.0.1:" + port;
  }

  /** {@return the process of the broker, another one after each restart} */
  public ChildProcess process() {
    return process;
  }

  /** Kills the broker (SIGKILL), as a machine that fails; what it has not written is gone. */
  public void kill() {
    process.kill();
  }

  /**
   * Starts the broker again, on the same port and with its data; it is stopped first if it runs.
   *
   * @throws IOException if it cannot be started
   * @throws InterruptedException if this thread is interrupted while it waits
   */
  public void restart() throws IOException, InterruptedException {
    process.close();
    process = launch();
  }

  /** Freezes the broker (SIGSTOP): its connections stay open, and nothing is answered. */
  public void freeze() {
    process.freeze();
  }

  /** Lets a frozen broker go on (SIGCONT). */
  public void thaw() {
    process.thaw();
  }

  /** Kills the broker: its data is of no use any more. */
  @Override
  public void close() {
    process.kill();
  }
}
