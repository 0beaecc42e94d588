package dev.sluice.testkit.brokers;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A NATS server with JetStream in a process of its own, on the loopback interface. It can be
 * killed, come back on the same port with the same data, and be frozen. The program must be
 * installed: {@link #find} tells.
 *
 * <p>Not thread-safe; confine to one thread.
 */
public final class NatsServer implements AutoCloseable {

  /** What any event of the gateway fits into; there is no option for it on the command line. */
  private static final int MAX_PAYLOAD_BYTES = 8 << 20;

  private static final Duration START_TIMEOUT = Duration.ofSeconds(120);

  private final Path directory;
  private final Path executable;
  private final int port;
  private ChildProcess process;

  private NatsServer(Path directory, Path executable, int port)
      throws IOException, InterruptedException {
    this.directory = directory;
    this.executable = executable;
    this.port = port;
    process = launch();
  }

  /** {@return the program {@code nats-server}, if it is installed} */
  public static Optional<Path> find() {
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.concat(Stream.of(path.split(File.pathSeparator)), Stream.of("/usr/sbin"))
        .filter(directory -> !directory.isEmpty())
        .map(directory -> Path.of(directory, "nats-server"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /**
   * Starts a server.
   *
   * @param directory where it keeps its data and its log, {@code nats.log}
   * @return the server, which takes connections
   * @throws IllegalStateException if the program is not installed
   * @throws IOException if it cannot be started
   * @throws InterruptedException if this thread is interrupted while it waits
   */
  public static NatsServer start(Path directory) throws IOException, InterruptedException {
    Path executable =
        find().orElseThrow(() -> new IllegalStateException("nats-server is not installed"));
    Files.createDirectories(directory);
    return new NatsServer(directory, executable, Ports.free());
  }

  private ChildProcess launch() throws IOException, InterruptedException {
    File log = directory.resolve("nats.log").toFile();
    Path config = directory.resolve("nats.conf");
    Files.writeString(config, "max_payload: " + MAX_PAYLOAD_BYTES + '\n');
    CountDownLatch ready = new CountDownLatch(1);
    ProcessBuilder builder =
        new ProcessBuilder(
                List.of(
                    executable.toString(),
                    "--config",
                    config.toString(),
                    "--addr",
                    "127.0.0.1",
                    "--port",
                    Integer.toString(port),
                    "--jetstream",
                    "--store_dir",
                    directory.resolve("data").toString()))
            .redirectErrorStream(true);
    ChildProcess started =
        ChildProcess.start(
            builder,
            line -> {
              append(log, line);
              if (line.endsWith("Server is ready")) {
                ready.countDown();
              }
            });
    if (ready.await(START_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS)) {
      return started;
    }
    started.kill();
    throw new IOException("nats-server did not start:\n" + Files.readString(log.toPath()));
  }

  private static void append(File log, String line) {
    try {
      Files.writeString(
          log.toPath(), line + '\n', StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return the address for clients} */
  public String url() {
    return "nats://127.0.0.1:" + port;
  }

  /** {@return the process of the server, another one after each restart} */
  public ChildProcess process() {
    return process;
  }

  /** Kills the server (SIGKILL), as a machine that fails; what it has not written is gone. */
  public void kill() {
    process.kill();
  }

  /**
   * Starts the server again, on the same port and with its data; it is stopped first if it runs.
   *
   * @throws IOException if it cannot be started
   * @throws InterruptedException if this thread is interrupted while it waits
   */
  public void restart() throws IOException, InterruptedException {
    process.close();
    process = launch();
  }

  /** Freezes the server (SIGSTOP): its connections stay open, and nothing is answered. */
  public void freeze() {
    process.freeze();
  }

  /** Lets a frozen server go on (SIGCONT). */
  public void thaw() {
    process.thaw();
  }

  /** Kills the server: its data is of no use any more. */
  @Override
  public void close() {
    process.kill();
  }
}
