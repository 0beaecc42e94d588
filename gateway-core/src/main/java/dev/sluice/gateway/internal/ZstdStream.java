package dev.sluice.gateway.internal;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;

/**
 * The zstd-stream of one transport. Each WebSocket message is one payload, flushed to the end of a
 * block; the frame around the blocks may stay open for ever, or end with a message and be followed
 * by another.
 *
 * <p>Only {@link ZstdLibrary} says whether this class can be used, for the library is optional.
 */
public final class ZstdStream implements StreamDecompressor {

  private static final byte[] NOTHING = new byte[0];

  private final ZstdDecompressCtx context = new ZstdDecompressCtx();
  private final ZstdBlocks blocks = new ZstdBlocks();
  private final int maxMessageBytes;

  /**
   * Starts a stream.
   *
   * @param maxMessageBytes the most that one payload may decompress to
   */
  public ZstdStream(int maxMessageBytes) {
    this.maxMessageBytes = maxMessageBytes;
    context.setLongMax(ZstdBlocks.MAX_WINDOW_LOG);
  }

  @Override
  public boolean decompress(ByteBuffer message, InflateBuffer output) throws DataFormatException {
    int compressedBytes = message.remaining();
    output.begin(NOTHING, maxMessageBytes);
    blocks.follow(message);
    while (message.hasRemaining()) {
      decompress(output.stage(message), compressedBytes, output);
    }
    return output.length() > 0;
  }

  /** Takes a part of a message, from an array: on recent JDKs the library wraps anything else. */
  private void decompress(ByteBuffer input, int compressedBytes, InflateBuffer output)
      throws DataFormatException {
    ByteBuffer room;
    do {
      room = output.room();
      int before = room.position() - input.remaining();
      try {
        context.decompressByteBufferStream(room, input);
      } catch (ZstdException e) {
        throw new DataFormatException("zstd stream: " + e.getMessage());
      }
      output.written(compressedBytes);
      if (input.hasRemaining() && room.position() - input.remaining() == before) {
        throw new DataFormatException("zstd stream makes no progress");
      }
    } while (input.hasRemaining() || !room.hasRemaining());
  }

  @Override
  public void end() {
    context.close();
  }
}
