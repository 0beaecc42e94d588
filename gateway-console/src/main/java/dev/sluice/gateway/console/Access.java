package dev.sluice.gateway.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.MessageDigest;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Who may read and who may control. Immutable. */
final class Access {

  /** What a page of another origin cannot send without being asked first, which we never allow. */
  static final String HEADER = "X-Sluice-Console";

  private static final String BEARER = "Bearer ";
  private static final String SITE = "Sec-Fetch-Site";

  private final @Nullable AllowedHosts hosts; // null for any
  private final byte @Nullable [] token;

  Access(@Nullable AllowedHosts hosts, @Nullable String bearerToken) {
    this.hosts = hosts;
    this.token = bearerToken == null ? null : bearerToken.getBytes(UTF_8);
  }

  /** {@return whether a token is asked for} */
  boolean asksForToken() {
    return token != null;
  }

  /** Refuses a request that calls the console by a name of somebody else. */
  void checkHost(HttpServerRequest request) {
    if (!namesUs(request)) {
      throw new Refusal(
          421,
          "host: "
              + request.getHeader(HttpHeaders.HOST)
              + " (expected: localhost, or one that allowedHost(...) names)");
    }
  }

  private boolean namesUs(HttpServerRequest request) {
    return hosts == null || hosts.allows(request.getHeader(HttpHeaders.HOST));
  }

  /** {@return whether one who may ask how the bot is may also read why} */
  boolean mayReadReasons(HttpServerRequest request) {
    return mayRead(request) && namesUs(request);
  }

  /** {@return whether a request may read} */
  boolean mayRead(HttpServerRequest request) {
    byte[] expected = token;
    if (expected == null) {
      return true;
    }
    String header = request.getHeader(HttpHeaders.AUTHORIZATION);
    return header != null
        && header.regionMatches(true, 0, BEARER, 0, BEARER.length())
        && MessageDigest.isEqual(
            header.substring(BEARER.length()).strip().getBytes(UTF_8), expected);
  }

  /** Refuses a request without the token, and one that a page of somebody else makes. */
  void checkRead(HttpServerRequest request) {
    String site = request.getHeader(SITE);
    if (site != null && !site.equals("same-origin") && !site.equals("none")) {
      throw new Refusal(403, SITE + ": " + site + " (expected: same-origin)");
    }
    if (!mayRead(request)) {
      boolean missing = request.getHeader(HttpHeaders.AUTHORIZATION) == null;
      throw new Refusal(
          401,
          "bearer token: "
              + (missing ? "missing" : "wrong")
              + " (expected: Authorization: Bearer ...)");
    }
  }

  /**
   * Refuses a request that a page of another origin may have made in the name of its visitor, of
   * those that {@link #checkRead} lets pass. Such a page can send neither the header nor the
   * content type without asking first.
   */
  void checkControl(HttpServerRequest request) {
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    if (type == null || !type.toLowerCase(Locale.ROOT).matches("application/json *(;.*)?")) {
      throw new Refusal(415, "content type: " + type + " (expected: application/json)");
    }
    if (request.getHeader(HEADER) == null) {
      throw new Refusal(403, "header " + HEADER + ": missing (expected: 1)");
    }
    String origin = request.getHeader(HttpHeaders.ORIGIN);
    if (request.getHeader(SITE) == null // which a browser knows better than a proxy's names say
        && origin != null
        && !sameAuthority(origin, request.getHeader(HttpHeaders.HOST))) {
      throw new Refusal(403, "origin: " + origin + " (expected: the one of the page)");
    }
  }

  private static boolean sameAuthority(String origin, @Nullable String host) {
    try {
      String authority = new URI(origin).getAuthority();
      return authority != null && authority.equalsIgnoreCase(host);
    } catch (URISyntaxException e) {
      return false;
    }
  }
}
