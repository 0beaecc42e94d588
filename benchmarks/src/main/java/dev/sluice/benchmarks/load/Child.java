package dev.sluice.benchmarks.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A JVM that this one started and talks to, a line each: commands to its input, answers in JSON
 * from its output. It ends when its input does. Not thread-safe.
 */
final class Child implements AutoCloseable {

  /** Netty and zstd-jni use native code and Unsafe; recent JDKs warn of both unless told. */
  private static final List<String> FLAGS =
      List.of(
          "-XX:+IgnoreUnrecognizedVMOptions",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow",
          "-Xlog:disable", // for it writes warnings of the JVM among the answers
          "-Xlog:all=warning:stderr");

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String FAILURE = "failure";
  private static final long EXIT_SECONDS = 15;

  private final String name;
  private final Process process;
  private final Writer input;
  private volatile boolean killed;
  private final BlockingQueue<Optional<String>> answers = new LinkedBlockingQueue<>();

  private Child(String name, Process process) {
    this.name = name;
    this.process = process;
    this.input = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
  }

  /**
   * Starts one.
   *
   * @param name who it is, for errors
   * @param flags of the JVM
   * @param main its class
   * @param arguments of that
   */
  static Child start(String name, List<String> flags, Class<?> main, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(FLAGS);
    command.addAll(flags);
    command.add("-cp");
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(main.getName());
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    Child child = new Child(name, process);
    Thread reader = new Thread(child::readAnswers, name + "-answers");
    reader.setDaemon(true);
    reader.start();
    return child;
  }

  /** Gives a command whose answer is taken later. */
  void tell(String command) throws IOException {
    input.write(command + '\n');
    input.flush();
  }

  /**
   * {@return the next answer}
   *
   * @param type what it is
   * @param timeoutSeconds how long it may take
   * @throws IOException if it is another, tells a failure, or does not come
   */
  <T> T answer(Class<T> type, long timeoutSeconds) throws IOException, InterruptedException {
    Optional<String> line = answers.poll(timeoutSeconds, TimeUnit.SECONDS);
    if (line == null) {
      throw new IOException(name + ": no answer in " + timeoutSeconds + " s");
    }
    if (line.isEmpty()) {
      throw new IOException(name + ": ended (expected: an answer)");
    }
    JsonNode answer = MAPPER.readTree(line.get());
    if (answer.has(FAILURE)) {
      throw new IOException(name + ": " + answer.get(FAILURE).asText());
    }
    return MAPPER.treeToValue(answer, type);
  }

  <T> T ask(String command, Class<T> type, long timeoutSeconds)
      throws IOException, InterruptedException {
    tell(command);
    return answer(type, timeoutSeconds);
  }

  /** Ends it, by force if it does not end by itself. */
  @Override
  public void close() throws IOException {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** Ends it at once, and waits until it is gone: what is measured next must have the machine. */
  void kill() {
    killed = true; // its output may break off
    process.destroyForcibly();
    try {
      if (!process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)) {
        System.err.println(name + ": still there " + EXIT_SECONDS + " s after it was killed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void readAnswers() {
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        answers.add(Optional.of(line));
      }
    } catch (IOException e) {
      if (!killed) {
        System.err.println(name + ": " + e);
      }
    } finally {
      answers.add(Optional.empty());
    }
  }

  /** What a child does with its commands. */
  interface Commands {

    /** {@return the answer to a command, which is its words} */
    Object answer(String[] words) throws Exception;
  }

  /**
   * Serves as a child until the input ends: answers the commands, and tells what failed. Nothing
   * else in the process may write to {@code out}.
   *
   * @param first the first answer, to no command
   */
  static void serve(PrintStream out, Object first, Commands commands) throws IOException {
    out.println(MAPPER.writeValueAsString(first));
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      try {
        out.println(MAPPER.writeValueAsString(commands.answer(line.split(" "))));
      } catch (Exception e) {
        fail(out, e);
      }
    }
  }

  /** Tells a failure in the place of an answer. */
  static void fail(PrintStream out, Exception failure) {
    failure.printStackTrace();
    try {
      out.println(
          MAPPER.writeValueAsString(
              MAPPER.createObjectNode().put(FAILURE, String.valueOf(failure))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
