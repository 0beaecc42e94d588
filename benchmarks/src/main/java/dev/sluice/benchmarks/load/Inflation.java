package dev.sluice.benchmarks.load;

import com.github.luben.zstd.ZstdDecompressCtx;
import dev.sluice.gateway.Compression;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The bare stream of one connection, inflated into a buffer that all connections of a thread share,
 * over what was there before.
 */
abstract class Inflation {

  private static final int OUTPUT_BYTES = 64 << 10;

  /** Longer than Discord's 256 KiB, as clients must allow. */
  private static final int MAX_WINDOW_LOG = 23;

  /** An array for zlib and native memory for zstd, which is what each takes without a copy. */
  private static final FastThreadLocal<byte[]> ARRAY =
      new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
          return new byte[OUTPUT_BYTES];
        }
      };

  private static final FastThreadLocal<ByteBuffer> DIRECT =
      new FastThreadLocal<>() {
        @Override
        protected ByteBuffer initialValue() {
          return ByteBuffer.allocateDirect(OUTPUT_BYTES);
        }
      };

  static Inflation of(Compression compression) {
    return switch (compression) {
      case ZLIB_STREAM -> new Zlib();
      case ZSTD_STREAM -> new Zstd();
      case NONE, PAYLOAD ->
          throw new IllegalArgumentException("compression: " + compression + " (expected: stream)");
    };
  }

  /** Inflates one whole message, which must end where a flush does. */
  abstract void inflate(ByteBuf message) throws IOException;

  /** Frees the native memory. */
  abstract void end();

  private static final class Zlib extends Inflation {

    private final Inflater inflater = new Inflater();

    @Override
    void inflate(ByteBuf message) throws IOException {
      byte[] output = ARRAY.get();
      inflater.setInput(message.internalNioBuffer(message.readerIndex(), message.readableBytes()));
      try {
        int inflated;
        do {
          inflated = inflater.inflate(output);
          if (inflated == 0 && !inflater.needsInput()) {
            throw new IOException("zlib stream: stands still (expected: more of it)");
          }
        } while (inflated == output.length || !inflater.needsInput());
      } catch (DataFormatException e) {
        throw new IOException(e);
      }
    }

    @Override
    void end() {
      inflater.end();
    }
  }

  private static final class Zstd extends Inflation {

    private final ZstdDecompressCtx context = new ZstdDecompressCtx();

    Zstd() {
      context.setLongMax(MAX_WINDOW_LOG);
    }

    @Override
    void inflate(ByteBuf message) {
      ByteBuffer output = DIRECT.get();
      ByteBuffer input = message.internalNioBuffer(message.readerIndex(), message.readableBytes());
      do {
        output.clear();
        context.decompressDirectByteBufferStream(output, input);
      } while (input.hasRemaining() || !output.hasRemaining());
    }

    @Override
    void end() {
      context.close();
    }
  }
}
