package dev.sluice.gateway;

import dev.sluice.gateway.internal.Envelope;
import dev.sluice.gateway.internal.EtfEnvelope;
import dev.sluice.gateway.internal.InflateBuffer;
import dev.sluice.gateway.internal.JsonEnvelope;
import dev.sluice.gateway.internal.PayloadInflater;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The working memory that the connections of one thread share: the buffer that payloads are
 * inflated into, and the views that {@code recv} and {@code send} hand out. So a thousand idle
 * shards of one event loop cost one such memory, not a thousand.
 *
 * <p>What is borrowed from a scratch is good until the next input to <em>any</em> connection that
 * shares it. Not thread-safe; confine it to the thread of its connections.
 */
public final class Scratch {

  final InflateBuffer inflated = new InflateBuffer();
  final Dispatch dispatch = new Dispatch();
  final Outgoing outgoing = new Outgoing();

  private final Envelope json = new JsonEnvelope();
  private @Nullable EtfEnvelope etf; // made at first use, as is what follows
  private @Nullable PayloadInflater payloadInflater;

  private @Nullable String resumeUrl; // of the last session

  private Scratch() {}

  /** {@return a new scratch, about 17 kB that grow with the largest payload and shrink again} */
  public static Scratch create() {
    return new Scratch();
  }

  Envelope envelope(GatewayConfig config) {
    if (config.encoding() == Encoding.JSON) {
      return json;
    }
    if (etf == null) {
      etf = new EtfEnvelope();
    }
    return etf.limit(config.maxMessageBytes());
  }

  /** {@return a resume URL as one string for all sessions in a row that have the same} */
  @Nullable String shared(@Nullable String resumeUrl) {
    if (!Objects.equals(resumeUrl, this.resumeUrl)) {
      this.resumeUrl = resumeUrl;
    }
    return this.resumeUrl;
  }

  PayloadInflater payloadInflater() {
    if (payloadInflater == null) {
      payloadInflater = new PayloadInflater();
    }
    return payloadInflater;
  }
}
