package dev.sluice.gateway.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.internal.EtfWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** How the messages of one connection are encoded and compressed, as its request asked for. */
final class ServerCodec {

  private final Encoding encoding;
  private final @Nullable StreamCompressor compressor;
  private final int payloadThresholdBytes;
  private final ServerScratch scratch;

  private ServerCodec(
      Encoding encoding,
      @Nullable StreamCompressor compressor,
      int payloadThresholdBytes,
      ServerScratch scratch) {
    this.encoding = encoding;
    this.compressor = compressor;
    this.payloadThresholdBytes = payloadThresholdBytes;
    this.scratch = scratch;
  }

  /**
   * Makes the codec of a connection.
   *
   * @param query the query of its request
   * @param config how the server behaves
   * @param scratch the server's
   * @throws IllegalArgumentException if the query asks for what is not served
   */
  static ServerCodec of(String query, GatewayServerConfig config, ServerScratch scratch) {
    Encoding encoding = Encoding.JSON;
    Compression compression = Compression.NONE;
    for (String parameter : query.split("&", -1)) {
      int equals = parameter.indexOf('=');
      String name = equals < 0 ? parameter : parameter.substring(0, equals);
      String value = equals < 0 ? "" : parameter.substring(equals + 1);
      switch (name) {
        case "encoding" ->
            encoding =
                switch (value) {
                  case "json" -> Encoding.JSON;
                  case "etf" -> Encoding.ETF;
                  default -> throw notServed(name, value, "json or etf");
                };
        case "compress" ->
            compression =
                switch (value) {
                  case "zlib-stream" -> Compression.ZLIB_STREAM;
                  case "zstd-stream" -> Compression.ZSTD_STREAM;
                  default -> throw notServed(name, value, "zlib-stream or zstd-stream");
                };
        default -> {}
      }
    }
    StreamCompressor compressor =
        switch (compression) {
          case NONE, PAYLOAD -> null;
          case ZLIB_STREAM -> new StreamDeflater(config.compressionLevel(), scratch);
          case ZSTD_STREAM -> zstd(config, scratch);
        };
    return new ServerCodec(encoding, compressor, config.payloadCompressionThreshold(), scratch);
  }

  private static StreamCompressor zstd(GatewayServerConfig config, ServerScratch scratch) {
    try {
      // zstd takes the level 0 for its default.
      int level = Math.max(1, config.compressionLevel());
      return new ZstdCompressor(level, config.zstdFramePerMessage(), scratch);
    } catch (LinkageError e) {
      throw new IllegalArgumentException(
          "compress: zstd-stream (expected: zlib-stream, or com.github.luben:zstd-jni on the class"
              + " or module path)",
          e);
    }
  }

  private static IllegalArgumentException notServed(String name, String value, String served) {
    return new IllegalArgumentException(name + ": " + value + " (expected: " + served + ')');
  }

  /** {@return the payload of a client's message, null if it is none; consumes it} */
  @Nullable ObjectNode decode(FrameType type, ByteBuffer message) {
    return type == encoding.frameType() ? Payloads.parse(encoding, message) : null;
  }

  /**
   * {@return the message of a payload, valid until the scratch is used again}
   *
   * @param json the payload
   * @param compressesPayloads whether the client asked for payload compression
   */
  ServerFrame encode(byte[] json, boolean compressesPayloads) {
    byte[] payload = encoding == Encoding.ETF ? etf(json) : json;
    FrameType type = encoding.frameType();
    ByteBuffer message;
    if (compressor != null) {
      type = FrameType.BINARY;
      message = compressor.compress(payload);
    } else if (compressesPayloads
        && encoding == Encoding.JSON
        && payload.length >= payloadThresholdBytes) {
      type = FrameType.BINARY;
      message = scratch.deflate(payload);
    } else {
      message = ByteBuffer.wrap(payload);
    }
    return new ServerFrame(type, message.asReadOnlyBuffer());
  }

  private static byte[] etf(byte[] json) {
    try {
      return EtfWriter.gateway(json);
    } catch (IOException e) {
      return json; // malformed on purpose, and so it is in any encoding
    }
  }

  /** Frees the native memory. */
  void end() {
    if (compressor != null) {
      compressor.end();
    }
  }
}
