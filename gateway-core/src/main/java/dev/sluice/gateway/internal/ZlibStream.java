package dev.sluice.gateway.internal;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The zlib-stream of one transport. Every payload ends with a sync flush, the bytes {@code 00 00 FF
 * FF}; those bytes may also occur elsewhere, so a payload is complete when they end the input
 * <em>and</em> the context has consumed all of it.
 */
public final class ZlibStream implements StreamDecompressor {

  private static final int SYNC_FLUSH = 0x0000FFFF;
  private static final byte[] NOTHING = new byte[0];

  private final Inflater inflater = new Inflater();
  private final int maxMessageBytes;
  private byte[] unfinished = NOTHING;
  private long payloadInput;
  private int tail = -1;

  /**
   * Starts a stream.
   *
   * @param maxMessageBytes the most that one payload may inflate to
   */
  public ZlibStream(int maxMessageBytes) {
    this.maxMessageBytes = maxMessageBytes;
  }

  @Override
  public boolean decompress(ByteBuffer message, InflateBuffer output) throws DataFormatException {
    output.begin(unfinished, maxMessageBytes);
    unfinished = NOTHING;
    payloadInput += message.remaining();
    for (int i = Math.max(message.position(), message.limit() - 4); i < message.limit(); i++) {
      tail = (tail << 8) | (message.get(i) & 0xFF);
    }
    try {
      inflater.setInput(message);
      drain(output);
    } finally {
      inflater.setInput(NOTHING);
    }
    if (tail != SYNC_FLUSH) {
      unfinished = Arrays.copyOf(output.array(), output.length());
      return false;
    }
    tail = -1;
    payloadInput = 0;
    return output.length() > 0;
  }

  private void drain(InflateBuffer output) throws DataFormatException {
    ByteBuffer room;
    do {
      room = output.room();
      int inflated = inflater.inflate(room);
      output.written(payloadInput);
      if (inflater.finished() || inflater.needsDictionary()) {
        throw new DataFormatException(
            "zlib stream ended or wants a dictionary (expected: neither)");
      }
      if (inflated == 0 && !inflater.needsInput()) {
        throw new DataFormatException("zlib stream makes no progress");
      }
    } while (!room.hasRemaining() || !inflater.needsInput());
  }

  @Override
  public void end() {
    inflater.end();
  }
}
