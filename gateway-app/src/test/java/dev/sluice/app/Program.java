package dev.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** The program within a test: a command line, what it printed, and its exit code. */
final class Program {

  final ByteArrayOutputStream out = new ByteArrayOutputStream();
  final StringWriter err = new StringWriter();
  final CompletableFuture<Void> stop = new CompletableFuture<>();
  final Map<String, String> environment;
  private final Context context;

  Program(Map<String, String> environment) {
    this(environment, null);
  }

  /** Prints to another stream. */
  Program(Map<String, String> environment, OutputStream stdout) {
    this.environment = environment;
    this.context =
        new Context(
            environment,
            stdout == null ? out : stdout,
            new PrintWriter(err, true),
            stop,
            new CompletableFuture<>());
  }

  /** Runs to the end; {@return the exit code} */
  int run(String... args) {
    return SluiceNode.execute(context, args);
  }

  /** Runs on a thread of its own. */
  CompletableFuture<Integer> start(String... args) {
    CompletableFuture<Integer> exitCode = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                exitCode.complete(run(args));
              } catch (RuntimeException | Error e) {
                exitCode.completeExceptionally(e);
              }
            },
            "program");
    thread.setDaemon(true);
    thread.start();
    return exitCode;
  }

  String printed() {
    return out.toString(UTF_8);
  }

  static String[] args(String command, Map<String, String> settings) {
    List<String> args = new ArrayList<>(List.of(command));
    settings.forEach((key, value) -> args.addAll(List.of("--set", key + '=' + value)));
    return args.toArray(String[]::new);
  }
}
