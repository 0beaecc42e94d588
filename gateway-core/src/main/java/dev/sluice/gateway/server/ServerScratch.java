package dev.sluice.gateway.server;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/** Where the connections of a server compress to, one message at a time. */
final class ServerScratch {

  private final int compressionLevel;
  private byte[] bytes = new byte[8192];
  private @Nullable Deflater payloads; // made at first use

  ServerScratch(int compressionLevel) {
    this.compressionLevel = compressionLevel;
  }

  /** {@return the memory, of some size} */
  byte[] bytes() {
    return bytes;
  }

  /** Makes the memory larger and keeps its content. */
  void grow() {
    bytes = Arrays.copyOf(bytes, bytes.length * 2);
  }

  /** {@return a message as one complete zlib stream, valid until the scratch is used again} */
  ByteBuffer deflate(byte[] message) {
    if (payloads == null) {
      payloads = new Deflater(compressionLevel);
    }
    payloads.reset();
    payloads.setInput(message);
    payloads.finish();
    int length = 0;
    while (true) {
      length += payloads.deflate(bytes, length, bytes.length - length);
      if (payloads.finished()) {
        return ByteBuffer.wrap(bytes, 0, length);
      }
      grow();
    }
  }
}
