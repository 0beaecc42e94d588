package dev.sluice.benchmarks.load;

import dev.sluice.gateway.Compression;
import io.netty.handler.ssl.SslProvider;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The words of options and results. */
final class Label {

  static final String BATCHES = "batches";
  static final String PACED = "paced";
  static final String NO_TLS = "none";

  private Label() {}

  /** {@return a command as results tell it, without what is of one machine} */
  static String command(String name, String[] args) {
    return Stream.concat(
            Stream.of(name), Arrays.stream(args).filter(arg -> !arg.startsWith("--out=")))
        .collect(Collectors.joining(" "));
  }

  static SslProvider sslProvider(String label) {
    return switch (label) {
      case "jdk" -> SslProvider.JDK;
      case "openssl" -> SslProvider.OPENSSL;
      default ->
          throw new IllegalArgumentException("tls: " + label + " (expected: none, jdk or openssl)");
    };
  }

  static Compression compression(String label) {
    return switch (label) {
      case "none" -> Compression.NONE;
      case "zlib" -> Compression.ZLIB_STREAM;
      case "zstd" -> Compression.ZSTD_STREAM;
      default ->
          throw new IllegalArgumentException(
              "compression: " + label + " (expected: none, zlib or zstd)");
    };
  }
}
