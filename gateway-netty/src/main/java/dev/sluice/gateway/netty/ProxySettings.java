package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.netty.internal.dial.Proxy;
import io.netty.handler.proxy.HttpProxyHandler;
import io.netty.handler.proxy.ProxyHandler;
import io.netty.handler.proxy.Socks5ProxyHandler;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A proxy that every connection of a manager goes through: those of the shards and GET
 * /gateway/bot. The proxy resolves the names of Discord's hosts; TLS is between this machine and
 * Discord, so the proxy sees which hosts are dialled but not what is said.
 *
 * <p>Immutable. The password appears in no log, exception or {@code toString}.
 */
public final class ProxySettings {

  private static final int MAX_SOCKS_CHARS = 255;

  private enum Kind {
    HTTP,
    SOCKS5
  }

  private final Kind kind;
  private final String host;
  private final int port;
  private final @Nullable String user;
  private final @Nullable String password;

  private ProxySettings(
      Kind kind, String host, int port, @Nullable String user, @Nullable String password) {
    this.kind = kind;
    this.host = host;
    this.port = port;
    this.user = user;
    this.password = password;
  }

  /**
   * An HTTP proxy that is asked by {@code CONNECT}, over TCP without TLS.
   *
   * @param host its name, which this machine resolves, or its address
   * @param port its port, 1 to 65535
   * @return the settings
   * @throws IllegalArgumentException if the host is empty or the port out of range
   */
  public static ProxySettings httpConnect(String host, int port) {
    return of(Kind.HTTP, host, port);
  }

  /**
   * A SOCKS proxy of version 5.
   *
   * @param host its name, which this machine resolves, or its address
   * @param port its port, 1 to 65535
   * @return the settings
   * @throws IllegalArgumentException if the host is empty or the port out of range
   */
  public static ProxySettings socks5(String host, int port) {
    return of(Kind.SOCKS5, host, port);
  }

  private static ProxySettings of(Kind kind, String host, int port) {
    if (host.isBlank()) {
      throw new IllegalArgumentException("host: '" + host + "' (expected: a name or an address)");
    }
    if (port < 1 || port > Uris.MAX_PORT) {
      throw new IllegalArgumentException("port: " + port + " (expected: 1.." + Uris.MAX_PORT + ')');
    }
    return new ProxySettings(kind, host, port, null, null);
  }

  /**
   * Adds what the proxy wants to know who asks: Basic authentication of HTTP, the user name and
   * password of SOCKS5. To an HTTP proxy they go as they are, readable on the way there.
   *
   * @param user the user; for HTTP without a colon
   * @param password the password
   * @return new settings
   * @throws IllegalArgumentException if the user is empty, or the proxy's protocol cannot carry
   *     either
   */
  public ProxySettings credentials(String user, String password) {
    requireNonNull(password, "password");
    if (user.isEmpty()) {
      throw new IllegalArgumentException("user: '' (expected: not empty)");
    }
    if (kind == Kind.HTTP && user.indexOf(':') >= 0) {
      throw new IllegalArgumentException("user: " + user + " (expected: no colon, as HTTP wants)");
    }
    if (kind == Kind.SOCKS5 && !(fitsSocks(user) && fitsSocks(password))) {
      throw new IllegalArgumentException(
          "user or password: what SOCKS5 cannot carry (expected: <= "
              + MAX_SOCKS_CHARS
              + " ASCII characters each)");
    }
    return new ProxySettings(kind, host, port, user, password);
  }

  private static boolean fitsSocks(String text) {
    return text.length() <= MAX_SOCKS_CHARS && text.chars().allMatch(c -> c < 0x80);
  }

  /** {@return the proxy, and the user if there is one; never the password} */
  @Override
  public String toString() {
    return kind + " proxy " + (user == null ? "" : user + '@') + host + ':' + port;
  }

  Proxy proxy() {
    return new Proxy(kind.name(), host, port, this::newHandler);
  }

  private ProxyHandler newHandler(InetSocketAddress address) {
    return switch (kind) {
      case HTTP ->
          user == null || password == null
              ? new HttpProxyHandler(address)
              : new HttpProxyHandler(address, user, password);
      case SOCKS5 -> new Socks5ProxyHandler(address, user, password);
    };
  }
}
