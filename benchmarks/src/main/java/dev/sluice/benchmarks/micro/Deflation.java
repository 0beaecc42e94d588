package dev.sluice.benchmarks.micro;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;

/**
 * The messages of a compressed stream that can be received for ever: first those that open it, then
 * a lap of events that may follow one another and itself any number of times. So what is measured
 * is one long stream, and nobody has to begin another.
 *
 * @param opening HELLO and READY
 * @param lap the events; after the last comes the first again
 */
record Deflation(List<byte[]> opening, List<byte[]> lap) {

  private static final int LEVEL = 6;
  private static final int ZSTD_WINDOW_LOG = 18; // in which Discord compresses

  /** A power of two, so that an index can be masked; much more than a window has room for. */
  static final int LAP = 2048;

  /**
   * {@return a zlib-stream} A full flush after the opening and at the end of a lap makes what
   * follows independent of what came before.
   */
  static Deflation zlib(String event) {
    Deflater deflater = new Deflater(LEVEL);
    try {
      List<byte[]> events = Messages.of(event, LAP);
      List<byte[]> opening = new ArrayList<>();
      opening.add(deflate(deflater, Messages.hello(), Deflater.SYNC_FLUSH));
      opening.add(deflate(deflater, Messages.ready(), Deflater.FULL_FLUSH));
      List<byte[]> lap = new ArrayList<>();
      for (byte[] message : events) {
        lap.add(deflate(deflater, message, Deflater.SYNC_FLUSH));
      }
      return new Deflation(opening, lap);
    } finally {
      deflater.end();
    }
  }

  /** {@return a zstd-stream} The opening is a frame, and so is a lap. */
  static Deflation zstd(String event) {
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      context
          .setLevel(LEVEL)
          .setWindowLog(ZSTD_WINDOW_LOG)
          .setContentSize(false)
          .setChecksum(false)
          .setDictID(false);
      List<byte[]> events = Messages.of(event, LAP);
      List<byte[]> opening = new ArrayList<>();
      opening.add(compress(context, Messages.hello(), EndDirective.FLUSH));
      opening.add(compress(context, Messages.ready(), EndDirective.END));
      List<byte[]> lap = new ArrayList<>();
      for (byte[] message : events) {
        boolean last = lap.size() == LAP - 1;
        lap.add(compress(context, message, last ? EndDirective.END : EndDirective.FLUSH));
      }
      return new Deflation(opening, lap);
    }
  }

  /** {@return the lap in direct buffers, such as a socket is read into} */
  ByteBuffer[] directLap() {
    return lap.stream().map(Messages::direct).toArray(ByteBuffer[]::new);
  }

  private static byte[] deflate(Deflater deflater, byte[] message, int flush) {
    deflater.setInput(message);
    byte[] out = new byte[message.length + 64];
    int length = deflater.deflate(out, 0, out.length, flush);
    return Arrays.copyOf(out, length);
  }

  private static byte[] compress(ZstdCompressCtx context, byte[] message, EndDirective flush) {
    ByteBuffer out = ByteBuffer.allocate(message.length + 128);
    if (!context.compressByteBufferStream(out, ByteBuffer.wrap(message), flush)) {
      throw new IllegalStateException("room: " + out.capacity() + " (expected: enough)");
    }
    return Arrays.copyOf(out.array(), out.position());
  }
}
