package dev.sluice.gateway.internal;

import dev.sluice.gateway.Compression;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import org.jspecify.annotations.Nullable;

/**
 * The transport compression of one transport: one context from its first message to its last. Holds
 * native memory until {@link #end()}. Confined to one thread.
 */
public sealed interface StreamDecompressor permits ZlibStream, ZstdStream {

  /**
   * {@return a new stream, or null for a compression that has none}
   *
   * @param compression what the transport was dialled with
   * @param maxMessageBytes the most that one payload may decompress to
   */
  static @Nullable StreamDecompressor open(Compression compression, int maxMessageBytes) {
    return switch (compression) {
      case NONE, PAYLOAD -> null;
      case ZLIB_STREAM -> new ZlibStream(maxMessageBytes);
      case ZSTD_STREAM -> new ZstdStream(maxMessageBytes);
    };
  }

  /**
   * Decompresses one WebSocket message.
   *
   * @param message the compressed bytes between position and limit; consumed, not retained
   * @param output receives the payload, together with what earlier messages brought of it
   * @return whether the payload is complete; if not, what came of it is kept for the next message
   * @throws DataFormatException if the bytes do not continue the stream, or expand beyond the
   *     limits; the stream is of no use afterwards
   */
  boolean decompress(ByteBuffer message, InflateBuffer output) throws DataFormatException;

  /** Releases the native memory. The stream is of no use afterwards. */
  void end();
}
