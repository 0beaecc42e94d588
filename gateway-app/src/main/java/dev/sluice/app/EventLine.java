package dev.sluice.app;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * Writes events as lines of JSON: {@code {"type":"MESSAGE_CREATE","shard":3,"shards":64,
 * "sequence":17,"session":"9f86d081884c7d65","guild":"81384788765712384","d":{...}}}. The guild is
 * missing where there is none. Not thread-safe.
 */
final class EventLine {

  private final ByteArrayOutputStream line = new ByteArrayOutputStream(4_096);

  /**
   * Writes one line, in one write.
   *
   * @param session what tells the session from others
   * @param guildId the guild, 0 for none
   * @param data {@code d}, as JSON
   * @param out takes it
   * @throws IOException if that fails
   */
  void write(
      String type,
      int shard,
      int shards,
      long sequence,
      String session,
      long guildId,
      ByteBuffer data,
      OutputStream out)
      throws IOException {
    line.reset();
    ascii("{\"type\":\"");
    line.writeBytes(JsonStringEncoder.getInstance().quoteAsUTF8(type));
    ascii("\",\"shard\":" + shard + ",\"shards\":" + shards + ",\"sequence\":" + sequence);
    ascii(",\"session\":\"" + session + '"');
    if (guildId != 0) {
      ascii(",\"guild\":\"" + Long.toUnsignedString(guildId) + '"');
    }
    ascii(",\"d\":");
    while (data.hasRemaining()) {
      byte next = data.get();
      // White space between tokens, for within a string it would be escaped.
      line.write(next == '\n' || next == '\r' ? ' ' : next);
    }
    ascii("}\n");
    line.writeTo(out);
  }

  private void ascii(String text) {
    line.writeBytes(text.getBytes(US_ASCII));
  }

  /** {@return JSON text as what {@link #write} takes} */
  static ByteBuffer data(String json) {
    return ByteBuffer.wrap(json.getBytes(UTF_8));
  }
}
