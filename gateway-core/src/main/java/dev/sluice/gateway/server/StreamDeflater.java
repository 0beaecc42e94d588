package dev.sluice.gateway.server;

import java.nio.ByteBuffer;
import java.util.zip.Deflater;

/** Compresses by zlib, with a sync flush after each message. */
final class StreamDeflater implements StreamCompressor {

  private final Deflater deflater;
  private final ServerScratch scratch;

  StreamDeflater(int level, ServerScratch scratch) {
    this.deflater = new Deflater(level);
    this.scratch = scratch;
  }

  @Override
  public ByteBuffer compress(byte[] message) {
    deflater.setInput(message);
    int length = 0;
    while (true) {
      int room = scratch.bytes().length - length;
      length += deflater.deflate(scratch.bytes(), length, room, Deflater.SYNC_FLUSH);
      if (length < scratch.bytes().length) {
        return ByteBuffer.wrap(scratch.bytes(), 0, length);
      }
      scratch.grow();
    }
  }

  @Override
  public void end() {
    deflater.end();
  }
}
