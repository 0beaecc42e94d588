package dev.sluice.gateway.server;

import java.nio.ByteBuffer;

/** The transport compression of one connection: one stream, flushed at the end of each message. */
sealed interface StreamCompressor permits StreamDeflater, ZstdCompressor {

  /** {@return the compressed message, valid until the scratch is used again} */
  ByteBuffer compress(byte[] message);

  /** Frees the native memory; the last call. */
  void end();
}
