package dev.sluice.gateway.nats;

import io.nats.client.impl.Headers;

/** One event on its way to a stream. Confined to the publisher's thread but for what says so. */
final class Publication {

  final String subject;
  final Headers headers;
  final byte[] data;
  private final Runnable onStored;

  /** When it was sent last. */
  long sentNanos;

  /** How often it was sent; a failure counts only if it is of the last time. On any thread. */
  volatile int attempts;

  /** Whether the stream has it. On any thread. */
  volatile boolean stored;

  /**
   * Makes a publication.
   *
   * @param onStored is run once the stream has it, on any thread, perhaps more than once
   */
  Publication(String subject, Headers headers, byte[] data, Runnable onStored) {
    this.subject = subject;
    this.headers = headers;
    this.data = data;
    this.onStored = onStored;
  }

  void store() {
    stored = true;
    onStored.run();
  }
}
