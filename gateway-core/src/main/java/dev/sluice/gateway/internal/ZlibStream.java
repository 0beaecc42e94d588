package dev.sluice.gateway.internal;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The zlib-stream of one transport: one inflate context from its first message to its last. Every
 * payload ends with a sync flush, the bytes {@code 00 00 FF FF}; those bytes may also occur
 * elsewhere, so a payload is complete when they end the input <em>and</em> the context has consumed
 * all of it.
 *
 * <p>Holds native memory until {@link #end()}. Confined to one thread.
 */
public final class ZlibStream {

  private static final int SYNC_FLUSH = 0x0000FFFF;
  private static final byte[] NOTHING = new byte[0];

  /** Guards against a stream that expands without end; real traffic stays far below. */
  private static final int MAX_RATIO = 250;

  private static final int RATIO_FREE_BYTES = 1 << 20;

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

  /**
   * Inflates one WebSocket message.
   *
   * @param message the compressed bytes between position and limit; consumed, not retained
   * @param output receives the payload, together with what earlier messages brought of it
   * @return whether the payload is complete; if not, what came of it is kept for the next message
   * @throws DataFormatException if the bytes are no zlib stream, end it, or expand beyond the
   *     limits; the stream is of no use afterwards
   */
  public boolean inflate(ByteBuffer message, InflateBuffer output) throws DataFormatException {
    output.begin(unfinished);
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
    do {
      if (output.isFull()) {
        output.grow(maxMessageBytes);
      }
      // The buffer may be larger than this stream's limit, for others share it.
      int room = Math.min(output.array().length, maxMessageBytes + 1) - output.length();
      int inflated = inflater.inflate(output.array(), output.length(), room);
      output.advance(inflated);
      if (output.length() > maxMessageBytes) {
        throw new DataFormatException("inflated payload: over " + maxMessageBytes + " bytes");
      }
      if (inflater.finished() || inflater.needsDictionary()) {
        throw new DataFormatException(
            "zlib stream ended or wants a dictionary (expected: neither)");
      }
      if (output.length() > RATIO_FREE_BYTES && output.length() / MAX_RATIO > payloadInput) {
        throw new DataFormatException(
            "inflated payload: "
                + output.length()
                + " bytes of "
                + payloadInput
                + " (expected: at most "
                + MAX_RATIO
                + " for one)");
      }
      if (inflated == 0 && !inflater.needsInput()) {
        throw new DataFormatException("zlib stream makes no progress");
      }
    } while (output.isFull() || !inflater.needsInput());
  }

  /** Releases the native memory. The stream is of no use afterwards. */
  public void end() {
    inflater.end();
  }
}
