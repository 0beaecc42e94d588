package dev.sluice.gateway.kafka.internal.fleet;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Failures as they were before a future had them. */
public final class Causes {

  private Causes() {}

  /**
   * {@return what is behind the exceptions that futures put around a failure}
   *
   * @param failure any
   */
  public static Throwable unwrap(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }
}
