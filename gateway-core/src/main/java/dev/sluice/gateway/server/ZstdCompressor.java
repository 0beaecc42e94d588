package dev.sluice.gateway.server;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import java.nio.ByteBuffer;

/** Compresses by zstd, with a flush after each message or the end of its frame. */
final class ZstdCompressor implements StreamCompressor {

  /** That of the window in which Discord compresses, 256 KiB. */
  private static final int WINDOW_LOG = 18;

  private final ZstdCompressCtx context = new ZstdCompressCtx();
  private final EndDirective atMessageEnd;
  private final ServerScratch scratch;

  ZstdCompressor(int level, boolean endsFrames, ServerScratch scratch) {
    this.scratch = scratch;
    this.atMessageEnd = endsFrames ? EndDirective.END : EndDirective.FLUSH;
    context
        .setLevel(level)
        .setWindowLog(WINDOW_LOG)
        .setContentSize(false)
        .setChecksum(false)
        .setDictID(false);
  }

  @Override
  public ByteBuffer compress(byte[] message) {
    ByteBuffer input = ByteBuffer.wrap(message);
    ByteBuffer output = ByteBuffer.wrap(scratch.bytes());
    while (!context.compressByteBufferStream(output, input, atMessageEnd)) {
      if (!output.hasRemaining()) {
        scratch.grow();
        output = ByteBuffer.wrap(scratch.bytes()).position(output.position());
      }
    }
    return output.flip();
  }

  @Override
  public void end() {
    context.close();
  }
}
