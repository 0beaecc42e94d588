package dev.sluice.gateway.kafka.internal.fleet;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.KafkaException;

/** Failures as they were before a future had them. */
public final class Causes {

  private Causes() {}

  /**
   * {@return what is behind the exceptions that futures put around a failure, and Kafka's clients
   * around what they could not be made for}
   *
   * @param failure any
   */
  public static Throwable unwrap(Throwable failure) {
    Throwable cause = failure;
    while (isWrapper(cause) && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  private static boolean isWrapper(Throwable failure) {
    return failure instanceof CompletionException
        || failure instanceof ExecutionException
        || failure.getClass().equals(KafkaException.class); // "Failed to construct kafka consumer"
  }
}
