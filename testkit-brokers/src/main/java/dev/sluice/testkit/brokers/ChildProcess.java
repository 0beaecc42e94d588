package dev.sluice.testkit.brokers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * A process that a test starts, and may freeze, thaw and kill. It is killed at the latest when this
 * JVM exits.
 *
 * <p>Its standard output is read line by line by a thread of its own; its standard input stays open
 * as long as this JVM lives, so a child that reads it sees the end of a parent that was killed.
 *
 * <p>Thread-safe.
 */
public final class ChildProcess implements AutoCloseable {

  /** How long a child may take to end once it was asked to, before it is killed. */
  private static final Duration GRACE = Duration.ofSeconds(30);

  private final Process process;
  private final CompletableFuture<String> firstLine = new CompletableFuture<>();
  private final Thread hook;

  private ChildProcess(Process process, Consumer<String> output) {
    this.process = process;
    hook = new Thread(process::destroyForcibly, "kill-" + process.pid());
    Runtime.getRuntime().addShutdownHook(hook);
    Thread reader = new Thread(() -> read(output), "output-of-" + process.pid());
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts a process.
   *
   * @param builder what to start; its standard output must be the pipe that is the default
   * @param output gets each line of the standard output, on a thread that belongs to this child
   * @return the child, which runs
   * @throws IOException if it cannot be started
   */
  public static ChildProcess start(ProcessBuilder builder, Consumer<String> output)
      throws IOException {
    return new ChildProcess(builder.start(), output);
  }

  /**
   * Gives the start of a command that runs Java like this JVM does: the same Java, the same class
   * path.
   *
   * @param options of the JVM: heap, system properties
   * @param main the class with the main method
   * @return the command, to which arguments of the class may be added
   */
  public static List<String> java(List<String> options, String main) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(
        List.of(
            "-XX:+UseSerialGC",
            // Recent JDKs warn of native code and of Unsafe unless told.
            "-XX:+IgnoreUnrecognizedVMOptions",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            main));
    return command;
  }

  private void read(Consumer<String> output) {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        firstLine.complete(line);
        output.accept(line);
      }
      firstLine.completeExceptionally(new IllegalStateException("the process said nothing"));
    } catch (IOException e) { // a stream that is closed because the process was killed
      firstLine.completeExceptionally(new UncheckedIOException(e));
    }
  }

  /**
   * Waits for the first line of the standard output.
   *
   * @param timeout how long to wait
   * @return the line
   * @throws IllegalStateException if the process ends without one, or none comes in time
   * @throws InterruptedException if this thread is interrupted while it waits
   */
  public String awaitFirstLine(Duration timeout) throws InterruptedException {
    try {
      return firstLine.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException(process.info().command().orElse("the child") + " is mute", e);
    }
  }

  /** {@return the id of the process} */
  public long pid() {
    return process.pid();
  }

  /** {@return whether the process runs, frozen or not} */
  public boolean isAlive() {
    return process.isAlive();
  }

  /**
   * Waits for the end of the process.
   *
   * @param timeout how long to wait
   * @return its exit code
   * @throws IllegalStateException if it still runs then
   * @throws InterruptedException if this thread is interrupted while it waits
   */
  public int awaitExit(Duration timeout) throws InterruptedException {
    if (!process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new IllegalStateException("still alive after " + timeout + ": pid " + pid());
    }
    return process.exitValue();
  }

  /** Kills the process (SIGKILL), and waits until it is gone. */
  public void kill() {
    process.destroyForcibly();
    awaitEnd(GRACE);
    forget();
  }

  /** Asks the process to end (SIGTERM). */
  public void terminate() {
    process.destroy();
  }

  /** Freezes the process (SIGSTOP): it does not run, and its connections stay open. */
  public void freeze() {
    signal("STOP");
  }

  /** Lets a frozen process go on (SIGCONT). */
  public void thaw() {
    signal("CONT");
  }

  /** Ends the process: asks it to, and kills it when that takes too long. */
  @Override
  public void close() {
    if (process.isAlive()) {
      thaw(); // a frozen process ends of no other signal
      process.destroy();
      if (!awaitEnd(GRACE)) {
        process.destroyForcibly();
        awaitEnd(GRACE);
      }
    }
    forget();
  }

  private boolean awaitEnd(Duration timeout) {
    try {
      return process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void forget() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      hook.setName(hook.getName() + "-done"); // the JVM exits: the hook runs, and finds it dead
    }
  }

  private void signal(String name) {
    try {
      int code =
          new ProcessBuilder("kill", "-" + name, Long.toString(pid()))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor();
      if (code != 0 && process.isAlive()) {
        throw new IllegalStateException("kill -" + name + ' ' + pid() + " ended with " + code);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
