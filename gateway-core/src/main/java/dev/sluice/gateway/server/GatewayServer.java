package dev.sluice.gateway.server;

import dev.sluice.gateway.NanoClock;
import java.util.Collection;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** One application as the gateway sees it. Not thread-safe; confine to one thread. */
public final class GatewayServer {

  private GatewayServer() {}

  /** Creates a server without sessions. */
  public static GatewayServer create(
      GatewayServerConfig config,
      GatewayServerListener listener,
      NanoClock clock,
      RandomGenerator random) {
    throw new UnsupportedOperationException();
  }

  /** {@return the configuration} */
  public GatewayServerConfig config() {
    throw new UnsupportedOperationException();
  }

  /**
   * Makes the connection of a new transport.
   *
   * @param query the query of the WebSocket request, without the question mark; null for none
   * @return the connection; HELLO is ready to be sent
   * @throws IllegalArgumentException if the query asks for an API version, encoding or compression
   *     that is not served; the driver answers HTTP 400
   */
  public GatewayServerConnection accept(@Nullable String query) {
    throw new UnsupportedOperationException();
  }

  /** {@return a snapshot of the sessions that can be resumed or are attached, oldest first} */
  public Collection<ServerSession> sessions() {
    throw new UnsupportedOperationException();
  }

  /** {@return a snapshot of the open connections, oldest first} */
  public Collection<GatewayServerConnection> connections() {
    throw new UnsupportedOperationException();
  }

  /** {@return the answer to {@code GET /gateway/bot} as of now} */
  public GatewayBot gatewayBot() {
    throw new UnsupportedOperationException();
  }
}
