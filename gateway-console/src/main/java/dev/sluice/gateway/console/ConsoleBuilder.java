package dev.sluice.gateway.console;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.netty.FleetHealth;
import dev.sluice.gateway.netty.ReshardSettings;
import dev.sluice.gateway.netty.ShardManager;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a {@link Console}. Each may be set once.
 *
 * <p>Not thread-safe; confine to one thread.
 */
public final class ConsoleBuilder {

  /** The port unless another is set. */
  public static final int DEFAULT_PORT = 8077;

  /** The least length of a bearer token, so that nobody guesses it. */
  public static final int MIN_TOKEN_LENGTH = 16;

  static final String LOOPBACK = "127.0.0.1";

  private static final int MAX_PORT = 65_535;
  private static final String TOKEN = "[A-Za-z0-9._~+/-]+=*"; // RFC 6750
  private static final String HOST = "[A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+]";

  final ShardManager manager;
  final Set<String> allowedHosts = new LinkedHashSet<>();
  String bindAddress = LOOPBACK;
  int port = DEFAULT_PORT;
  String name = "Sluice";
  boolean control;
  @Nullable String bearerToken;
  @Nullable PrometheusMeterRegistry meterRegistry;
  Supplier<FleetHealth> health;
  ReshardSettings reshardSettings = ReshardSettings.DEFAULT; // tests have less time

  private final Set<String> set = new HashSet<>();

  ConsoleBuilder(ShardManager manager) {
    this.manager = requireNonNull(manager, "manager");
    this.health = manager::health;
  }

  /**
   * Sets the port. Default: {@value #DEFAULT_PORT}.
   *
   * @param port from 0 to 65535; 0 takes any that is free, {@link Console#uri} tells which
   * @return this
   * @throws IllegalArgumentException if it is outside that
   */
  public ConsoleBuilder port(int port) {
    once("port");
    if (port < 0 || port > MAX_PORT) {
      throw new IllegalArgumentException("port: " + port + " (expected: 0.." + MAX_PORT + ')');
    }
    this.port = port;
    return this;
  }

  /**
   * Sets the address to listen on. Default: 127.0.0.1. Another than a loopback address needs a
   * {@link #bearerToken}, and a proxy in front of it that speaks TLS if the network is not trusted.
   *
   * @param bindAddress an address or a name of this machine; {@code 0.0.0.0} is all of IPv4
   * @return this
   * @throws IllegalArgumentException if it is empty
   */
  public ConsoleBuilder bindAddress(String bindAddress) {
    once("bindAddress");
    if (bindAddress.isBlank()) {
      throw new IllegalArgumentException("bind address: empty (expected: an address or a name)");
    }
    this.bindAddress = bindAddress;
    return this;
  }

  /**
   * Sets the token that a request must carry as {@code Authorization: Bearer <token>}, but for the
   * page itself, which asks for it, and for the two of health. Default: none is needed.
   *
   * @param bearerToken at least {@value #MIN_TOKEN_LENGTH} characters of {@code A-Z a-z 0-9 . _ ~ +
   *     / -}; it appears in no log and no exception
   * @return this
   * @throws IllegalArgumentException if it is shorter or has others
   */
  public ConsoleBuilder bearerToken(String bearerToken) {
    once("bearerToken");
    if (bearerToken.length() < MIN_TOKEN_LENGTH) {
      throw new IllegalArgumentException(
          "bearer token: "
              + bearerToken.length()
              + " characters (expected: >= "
              + MIN_TOKEN_LENGTH
              + ')');
    }
    if (!bearerToken.matches(TOKEN)) {
      throw new IllegalArgumentException(
          "bearer token: other characters (expected: A-Z a-z 0-9 . _ ~ + / -, and = at the end)");
    }
    this.bearerToken = bearerToken;
    return this;
  }

  /**
   * Sets whether shards can be reconnected, restarted and resharded from the console. Default: no.
   * Without a {@link #bearerToken} anybody on this machine can.
   *
   * @param control whether they can
   * @return this
   */
  public ConsoleBuilder control(boolean control) {
    once("control");
    this.control = control;
    return this;
  }

  /**
   * Sets what the page calls the bot. Default: Sluice.
   *
   * @param name the name
   * @return this
   */
  public ConsoleBuilder name(String name) {
    once("name");
    this.name = requireNonNull(name, "name");
    return this;
  }

  /**
   * Allows another name in the Host header of requests, as a proxy may pass it on. A console on
   * loopback answers to {@code localhost}, {@code 127.0.0.1} and {@code [::1]} alone, so that no
   * page of a stranger reaches it by a name that resolves to this machine. May be called several
   * times.
   *
   * @param host a name or an address, IPv6 in brackets, without a port
   * @return this
   * @throws IllegalArgumentException if it is not one
   */
  public ConsoleBuilder allowedHost(String host) {
    if (!host.matches(HOST)) {
      throw new IllegalArgumentException(
          "allowed host: " + host + " (expected: a name or an address, without a port)");
    }
    allowedHosts.add(host);
    return this;
  }

  /**
   * Sets the registry that {@code /metrics} shows in place of one of the console's own. What it has
   * is the caller's affair: bind a {@link dev.sluice.gateway.micrometer.ShardManagerMetrics}, and
   * whatever else the bot has to tell.
   *
   * @param meterRegistry the registry; not closed with the console
   * @return this
   */
  public ConsoleBuilder meterRegistry(PrometheusMeterRegistry meterRegistry) {
    once("meterRegistry");
    this.meterRegistry = requireNonNull(meterRegistry, "meterRegistry");
    return this;
  }

  /**
   * Sets what the page and the probes say of health, for a manager that is not all of what has to
   * work. Default: {@link ShardManager#health()}.
   *
   * @param health called on the console's thread, at least once in five seconds; must not block
   * @return this
   */
  public ConsoleBuilder health(Supplier<FleetHealth> health) {
    once("health");
    this.health = requireNonNull(health, "health");
    return this;
  }

  /**
   * Starts the console.
   *
   * @return the console; listening
   * @throws IllegalStateException if it would listen to more than this machine without a token
   * @throws java.io.UncheckedIOException if it cannot listen: the address is not of this machine,
   *     the port is taken
   */
  public Console start() {
    if (bearerToken == null && !listensOnLoopback()) {
      throw new IllegalStateException(
          "bind address: "
              + bindAddress
              + " without a bearer token (expected: a loopback address, or bearerToken(...))");
    }
    return new Console(Server.start(this));
  }

  boolean listensOnLoopback() {
    try {
      return InetAddress.getByName(bindAddress).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false; // to listen will say that it is not known
    }
  }

  private void once(String setting) {
    if (!set.add(setting)) {
      throw new IllegalStateException(setting + ": set already (expected: once)");
    }
  }
}
