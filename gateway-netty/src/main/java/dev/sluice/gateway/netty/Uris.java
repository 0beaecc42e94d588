package dev.sluice.gateway.netty;

import java.net.URI;

/** What sockets and HTTP need to know of a URI. */
final class Uris {

  private Uris() {}

  /** Whether the URI is reached over TLS. */
  static boolean isSecure(URI uri) {
    return "wss".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
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
