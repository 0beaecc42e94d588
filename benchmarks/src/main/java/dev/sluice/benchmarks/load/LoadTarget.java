package dev.sluice.benchmarks.load;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Intents;
import java.net.URI;

/**
 * What a client connects to, and how. Immutable.
 *
 * @param gatewayUri the base URL of the gateway, {@code ws://127.0.0.1:port}
 * @param apiUri the base of the HTTP endpoints, {@code http://127.0.0.1:port/api/v10}
 * @param token the bare bot token that the gateway knows
 * @param compression what the client asks for
 * @param shards how many shards it runs, from 0
 */
public record LoadTarget(
    URI gatewayUri, URI apiUri, String token, Compression compression, int shards) {

  /** What every client asks for. */
  public static final Intents INTENTS = Intents.nonPrivileged();

  /** {@return all but the token} */
  @Override
  public String toString() {
    return gatewayUri + " (" + compression + ", shards: " + shards + ')';
  }
}
