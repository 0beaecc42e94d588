package dev.sluice.gateway.console;

import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The names that a request may call the console by. A page of a stranger whose name resolves to
 * this machine (DNS rebinding) is told apart by the name that the browser then sends. Immutable.
 */
final class AllowedHosts {

  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

  private final Set<String> names = new HashSet<>(LOOPBACK);

  AllowedHosts(Collection<String> more) {
    for (String name : more) {
      names.add(name.toLowerCase(Locale.ROOT));
    }
  }

  /** {@return whether a Host header names the console; a port is not looked at} */
  boolean allows(@Nullable String host) {
    return host != null && names.contains(withoutPort(host).toLowerCase(Locale.ROOT));
  }

  private static String withoutPort(String host) {
    int colon = host.lastIndexOf(':');
    return colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
  }
}
