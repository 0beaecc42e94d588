package dev.sluice.gateway.console;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;

/**
 * One browser that watches, and how far it has come. Confined to the console's thread.
 *
 * <p>What it has not read yet is bounded: once so much waits, nothing is added until it has read.
 */
final class Viewer {

  /** How much may wait to be read before ticks are left out. */
  static final int MAX_WAITING_BYTES = 1 << 18;

  final HttpServerResponse response;
  long tick; // the last one that it was sent
  long structure = -1; // of the fleet, as it was sent
  long sequence; // of the timeline
  long operations; // their version
  long stalledSinceNanos; // while isStalled
  boolean isStalled;

  Viewer(HttpServerResponse response) {
    this.response = response;
    response.setWriteQueueMaxSize(MAX_WAITING_BYTES);
  }

  void send(Buffer event) {
    response.write(event);
  }
}
