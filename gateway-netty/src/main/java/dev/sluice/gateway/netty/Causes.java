package dev.sluice.gateway.netty;

import java.util.concurrent.CompletionException;

/** Reads exceptions. */
final class Causes {

  private Causes() {}

  /** What a stage failed with, without the wrapper of the stages after it. */
  static Throwable unwrap(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? cause : failure;
  }

  /** The failure and, where it is wrapped, what it comes from: TLS says why only there. */
  static String describe(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String text = failure.toString();
    return text.contains(root.toString()) ? text : text + " (from " + root + ')';
  }
}
