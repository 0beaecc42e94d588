package dev.sluice.gateway;

import dev.sluice.gateway.internal.Envelope;
import dev.sluice.gateway.internal.InflateBuffer;

/**
 * The working memory that the connections of one thread share: the buffer that payloads are
 * inflated into, and the views that {@code recv} and {@code send} hand out. So a thousand idle
 * shards of one event loop cost one such memory, not a thousand.
 *
 * <p>What is borrowed from a scratch is good until the next input to <em>any</em> connection that
 * shares it. Not thread-safe; confine it to the thread of its connections.
 */
public final class Scratch {

  final Envelope envelope = new Envelope();
  final InflateBuffer inflated = new InflateBuffer();
  final Dispatch dispatch = new Dispatch();
  final Outgoing outgoing = new Outgoing();

  private Scratch() {}

  /** {@return a new scratch, about 17 kB that grow with the largest payload and shrink again} */
  public static Scratch create() {
    return new Scratch();
  }
}
