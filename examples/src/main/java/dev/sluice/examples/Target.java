package dev.sluice.examples;

import dev.sluice.gateway.testkit.LocalGateway;
import java.net.URI;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whom an example talks to: Discord if the environment variable {@code TOKEN} has the token of a
 * bot, else a gateway that is started for it.
 *
 * @param token the bot's token
 * @param apiUri the base of the HTTP API
 * @param gatewayUri where a session starts, as {@code GET /gateway} tells
 * @param local the gateway that was started, or null
 */
record Target(String token, URI apiUri, URI gatewayUri, @Nullable LocalGateway local)
    implements AutoCloseable {

  /** {@return Discord, or else what is started} */
  static Target of(Map<String, String> environment, Supplier<LocalGateway> starter) {
    String token = environment.get("TOKEN");
    return token == null ? local(starter.get()) : discord(token);
  }

  static Target local(LocalGateway gateway) {
    return new Target(gateway.token(), gateway.apiUri(), gateway.uri(), gateway);
  }

  private static Target discord(String token) {
    return new Target(
        token,
        URI.create("https://discord.com/api/v10"),
        URI.create("wss://gateway.discord.gg"),
        null);
  }

  /** Ends the gateway that was started. */
  @Override
  public void close() {
    if (local != null) {
      local.close();
    }
  }

  /** {@return the target without the token} */
  @Override
  public String toString() {
    return "Target[" + gatewayUri + ']';
  }
}
