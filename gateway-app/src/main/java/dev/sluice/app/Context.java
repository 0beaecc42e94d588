package dev.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.OutputStream;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * What the program has around it.
 *
 * @param environment the environment variables
 * @param out where results and events go
 * @param err where it is said what is wrong
 * @param stop completes when the program is told to end, by SIGTERM or Ctrl-C
 * @param stoppable completed by a command that heeds {@code stop}
 */
record Context(
    Map<String, String> environment,
    OutputStream out,
    PrintWriter err,
    CompletableFuture<Void> stop,
    CompletableFuture<Void> stoppable) {

  /** {@return a writer to {@code out}} */
  PrintWriter printer() {
    return new PrintWriter(out, true, UTF_8);
  }
}
