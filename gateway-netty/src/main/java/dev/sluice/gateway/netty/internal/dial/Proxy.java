package dev.sluice.gateway.netty.internal.dial;

import io.netty.handler.proxy.ProxyHandler;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.util.function.Function;

/**
 * What stands between this machine and the hosts that it dials. Immutable.
 *
 * @param kind as it is called in messages, such as {@code SOCKS5}
 * @param host the proxy's name or address
 * @param port the proxy's port
 * @param newHandler makes the handler that asks the proxy, given its resolved address
 */
public record Proxy(
    String kind, String host, int port, Function<InetSocketAddress, ProxyHandler> newHandler) {

  /** {@return a failure that names the proxy, so that nobody looks for it at the other end} */
  ConnectException failure(Throwable cause) {
    String reason = cause.getMessage();
    ConnectException failure =
        new ConnectException(
            kind
                + " proxy "
                + host
                + ':'
                + port
                + ": "
                + (reason == null ? cause.getClass().getSimpleName() : reason));
    failure.initCause(cause);
    return failure;
  }
}
