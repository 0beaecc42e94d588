package dev.sluice.gateway.server;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.Deflater;

/** The compressor of one connection: one zlib stream, flushed at the end of each message. */
final class StreamDeflater {

  /** Where the compressors of a server put their output, one message at a time. */
  static final class Output {
    private byte[] bytes = new byte[8192];
  }

  private final Deflater deflater;
  private final Output output;

  StreamDeflater(int level, Output output) {
    this.deflater = new Deflater(level);
    this.output = output;
  }

  /** {@return the compressed message, valid until the output is used again} */
  ByteBuffer compress(byte[] message) {
    deflater.setInput(message);
    int length = 0;
    while (true) {
      int room = output.bytes.length - length;
      length += deflater.deflate(output.bytes, length, room, Deflater.SYNC_FLUSH);
      if (length < output.bytes.length) {
        return ByteBuffer.wrap(output.bytes, 0, length);
      }
      output.bytes = Arrays.copyOf(output.bytes, output.bytes.length * 2);
    }
  }

  /** Frees the native memory; the last call. */
  void end() {
    deflater.end();
  }
}
