package dev.sluice.gateway.internal;

import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Inflates payloads each of which is one complete zlib stream (RFC 1950). Nothing carries over from
 * one to the next, so all connections of a thread can share it. Confined to that thread; its native
 * memory is freed with it.
 */
public final class PayloadInflater {

  private static final byte[] NOTHING = new byte[0];

  private final Inflater inflater = new Inflater();

  /** Creates an inflater, which takes about 40 kB of native memory. */
  public PayloadInflater() {}

  /**
   * Inflates one payload.
   *
   * @param payload the compressed bytes between position and limit; consumed, not retained
   * @param output receives the payload
   * @param maxBytes the most that it may inflate to
   * @throws DataFormatException if the bytes are not exactly one zlib stream, or expand beyond the
   *     limits
   */
  public void inflate(ByteBuffer payload, InflateBuffer output, int maxBytes)
      throws DataFormatException {
    int compressedBytes = payload.remaining();
    output.begin(NOTHING, maxBytes);
    inflater.reset();
    try {
      inflater.setInput(payload);
      while (!inflater.finished()) {
        int inflated = inflater.inflate(output.room());
        output.written(compressedBytes);
        if (inflated == 0 && !inflater.finished()) {
          throw new DataFormatException("zlib stream is cut short or wants a dictionary");
        }
      }
      if (inflater.getRemaining() > 0) {
        throw new DataFormatException(
            "zlib stream: followed by " + inflater.getRemaining() + " bytes (expected: none)");
      }
    } finally {
      inflater.setInput(NOTHING);
    }
  }
}
