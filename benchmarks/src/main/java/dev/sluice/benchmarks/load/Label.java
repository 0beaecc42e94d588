package dev.sluice.benchmarks.load;

import dev.sluice.gateway.Compression;

/** The words of options and results. */
final class Label {

  static final String BATCHES = "batches";
  static final String PACED = "paced";

  private Label() {}

  static String of(Compression compression) {
    return switch (compression) {
      case NONE -> "none";
      case ZLIB_STREAM -> "zlib";
      case ZSTD_STREAM -> "zstd";
      case PAYLOAD -> throw new IllegalArgumentException("compression: payload (expected: stream)");
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
