package dev.sluice.gateway.netty;

import java.net.URI;

/** What sockets and HTTP need to know of a URI. */
final class Uris {

  static final int MAX_PORT = 65_535;

  private Uris() {}

  /** Whether the URI is reached over TLS. */
  static boolean isSecure(URI uri) {
    return "wss".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
  }

  /** The host without the brackets around an IPv6 address. */
  static String host(URI uri) {
    String host = uri.getHost();
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  static int port(URI uri) {
    if (uri.getPort() != -1) {
      return uri.getPort();
    }
    return isSecure(uri) ? 443 : 80;
  }

  static String hostHeader(URI uri) {
    return uri.getPort() == -1 ? uri.getHost() : uri.getHost() + ':' + uri.getPort();
  }

  /** As two answers may name the same gateway. */
  static URI withoutTrailingSlash(URI uri) {
    String text = uri.toString();
    return text.endsWith("/") ? URI.create(text.substring(0, text.length() - 1)) : uri;
  }
}
