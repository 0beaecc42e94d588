package dev.sluice.benchmarks.peers;

import java.util.zip.DataFormatException;
import net.dv8tion.jda.api.utils.data.DataObject;
import net.dv8tion.jda.internal.utils.compress.ZlibDecompressor;

/**
 * What JDA does to the bytes of a message before it looks at what they say, with its own classes:
 * its {@code WebSocketClient} calls the same two in the same order. It hands both an array of just
 * the message, which here is for the caller to make.
 *
 * <p>Not thread-safe; confine to one thread.
 */
public final class JdaParser {

  /** The one of {@code DefaultShardManagerBuilder}. */
  private static final int MAX_BUFFER_SIZE = 2048;

  private final ZlibDecompressor decompressor = new ZlibDecompressor(MAX_BUFFER_SIZE);

  /**
   * Parses a payload.
   *
   * @param payload the JSON
   * @return all of it
   */
  public DataObject parse(byte[] payload) {
    return DataObject.fromJson(payload);
  }

  /**
   * Inflates a message of zlib-stream and parses it.
   *
   * @param message the next of its stream, whole
   * @return all of it
   * @throws DataFormatException if it does not go on with the stream
   */
  public DataObject inflateAndParse(byte[] message) throws DataFormatException {
    return parse(inflate(message));
  }

  /**
   * Inflates a message of zlib-stream.
   *
   * @param message the next of its stream, whole
   * @return the payload
   * @throws DataFormatException if it does not go on with the stream
   */
  public byte[] inflate(byte[] message) throws DataFormatException {
    byte[] payload = decompressor.decompress(message);
    if (payload == null) {
      throw new DataFormatException("message: without 00 00 FF FF at its end (expected: whole)");
    }
    return payload;
  }

  /** Begins another stream, as JDA does on each connection. */
  public void restart() {
    decompressor.reset();
  }
}
