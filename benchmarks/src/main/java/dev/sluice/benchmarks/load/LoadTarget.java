package dev.sluice.benchmarks.load;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Intents;
import io.netty.handler.ssl.SslContext;
import java.net.URI;

/**
 * What a client connects to, and how. Immutable.
 *
 * @param gatewayUri the base URL of the gateway, {@code ws://127.0.0.1:port}
 * @param apiUri the base of the HTTP endpoints, {@code http://127.0.0.1:port/api/v10}
 * @param token the bare bot token that the gateway knows
 * @param compression what the client asks for
 * @param shards how many shards it runs, from 0
 * @param sslContext what is trusted, and by which provider, if the URLs are those of TLS; else null
 * @param broker where the events go, or null if they go nowhere
 */
public record LoadTarget(
    URI gatewayUri,
    URI apiUri,
    String token,
    Compression compression,
    int shards,
    SslContext sslContext,
    String broker) {

  /** What every client asks for. */
  public static final Intents INTENTS = Intents.nonPrivileged();

  /**
   * Makes a target without TLS and without a broker.
   *
   * @param gatewayUri the base URL of the gateway
   * @param apiUri the base of the HTTP endpoints
   * @param token the bare bot token that the gateway knows
   * @param compression what the client asks for
   * @param shards how many shards it runs, from 0
   */
  public LoadTarget(URI gatewayUri, URI apiUri, String token, Compression compression, int shards) {
    this(gatewayUri, apiUri, token, compression, shards, null, null);
  }

  /**
   * {@return the same target with another number of shards}
   *
   * @param shards how many
   */
  LoadTarget withShards(int shards) {
    return new LoadTarget(gatewayUri, apiUri, token, compression, shards, sslContext, broker);
  }

  /** {@return all but the token} */
  @Override
  public String toString() {
    return gatewayUri + " (" + compression + ", shards: " + shards + ')';
  }
}
