package dev.sluice.benchmarks.report;

import java.util.List;
import java.util.Map;

/** The names of what was measured, and their order in tables and charts. */
final class Clients {

  static final String SLUICE = "sluice";
  static final String NETTY = "netty";
  static final String NETTY_SLICES = "netty-slices";
  static final String JDA = "jda";
  static final String DISCORD4J = "discord4j";
  static final String KORD = "kord";

  static final List<String> ALL = List.of(SLUICE, NETTY, NETTY_SLICES, JDA, DISCORD4J, KORD);
  static final List<String> PEERS = List.of(JDA, DISCORD4J, KORD);

  static final List<String> COMPRESSIONS = List.of("none", "zlib", "zstd");
  static final List<String> DELIVERIES = List.of("batches", "paced");

  static final List<String> TLS = List.of("none", "jdk", "openssl");

  private static final Map<String, String> TITLES =
      Map.of(
          SLUICE, "Sluice",
          NETTY, "Netty, counts frames",
          NETTY_SLICES, "Netty, same decoder",
          JDA, "JDA",
          DISCORD4J, "Discord4J",
          KORD, "Kord");

  private static final Map<String, String> ENCODED =
      Map.of("none", "plain", "zlib", "zlib-stream", "zstd", "zstd-stream");

  private Clients() {}

  /**
   * {@return the name of a client for people}
   *
   * @param client the name in results
   */
  static String title(String client) {
    return TITLES.getOrDefault(client, client);
  }

  /**
   * {@return the name of a compression for people}
   *
   * @param compression the name in results
   */
  static String compression(String compression) {
    return ENCODED.getOrDefault(compression, compression);
  }

  /**
   * {@return what encrypts, for people}
   *
   * @param tls the name in results
   */
  static String tls(String tls) {
    return switch (tls) {
      case "none" -> "no TLS";
      case "jdk" -> "TLS by the JDK";
      case "openssl" -> "TLS by BoringSSL";
      default -> "TLS by " + tls;
    };
  }
}
