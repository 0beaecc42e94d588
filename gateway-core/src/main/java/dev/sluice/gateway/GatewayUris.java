package dev.sluice.gateway;

import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;

/** Base URLs of the gateway and what is dialled of them. */
final class GatewayUris {

  private GatewayUris() {}

  /**
   * Returns the URI without trailing slash and query; refuses what is not ws or wss with a host.
   */
  static URI checkBase(URI uri) {
    String scheme = uri.getScheme();
    if (!("wss".equalsIgnoreCase(scheme) || "ws".equalsIgnoreCase(scheme))
        || uri.getHost() == null) {
      throw new IllegalArgumentException("gatewayUri: " + uri + " (expected: wss://host)");
    }
    String path = uri.getPath() == null ? "" : uri.getPath();
    while (path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
    }
    try {
      return new URI(scheme, null, uri.getHost(), uri.getPort(), path, null, null);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("gatewayUri: " + uri + " (expected: wss://host)", e);
    }
  }

  /**
   * Returns the base of a resume URL that READY carried, or null when it is of no use: no URL, or
   * one that would leave TLS where the gateway itself was reached by it.
   */
  static @Nullable String resumeBase(@Nullable String resumeGatewayUrl, URI gatewayUri) {
    if (resumeGatewayUrl == null) {
      return null;
    }
    try {
      URI base = checkBase(new URI(resumeGatewayUrl));
      boolean leavesTls =
          gatewayUri.getScheme().equalsIgnoreCase("wss") && base.getScheme().equalsIgnoreCase("ws");
      return leavesTls ? null : base.toString().intern(); // few hosts serve many shards
    } catch (URISyntaxException | IllegalArgumentException unusable) {
      return null;
    }
  }

  /** Returns what to dial: the base with the query of version, encoding and compression. */
  static URI dial(String base, GatewayConfig config) {
    String compress = config.compression().parameter();
    return URI.create(
        base
            + "/?v="
            + GatewayConfig.API_VERSION
            + "&encoding="
            + config.encoding().parameter()
            + (compress == null ? "" : "&compress=" + compress));
  }
}
