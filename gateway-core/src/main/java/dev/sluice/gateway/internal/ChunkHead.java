package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.gateway.Encoding;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a GUILD_MEMBERS_CHUNK says of itself at the first level of its {@code d}. The members are
 * walked over, not read. Not thread-safe.
 */
public final class ChunkHead {

  private static final String NONCE = "nonce";
  private static final String INDEX = "chunk_index";
  private static final String COUNT = "chunk_count";
  private static final byte[] NONCE_BYTES = NONCE.getBytes(US_ASCII);
  private static final byte[] INDEX_BYTES = INDEX.getBytes(US_ASCII);
  private static final byte[] COUNT_BYTES = COUNT.getBytes(US_ASCII);

  private static final int ABSENT = -1;

  private @Nullable String nonce;
  private long index = ABSENT;
  private long count = ABSENT;

  /** Creates a head that has read nothing. */
  public ChunkHead() {}

  /**
   * Reads one {@code d}. Of a key that occurs twice the last counts.
   *
   * @param encoding how it is written
   * @param message the buffer that holds it; position, limit and byte order neither matter nor
   *     change
   * @param start the index of its first byte
   * @param end the index after its last byte
   * @return whether it is an object that is whole; if not, what was read means nothing
   * @throws IndexOutOfBoundsException if the range is not within the limit; never for the bytes
   */
  public boolean read(Encoding encoding, ByteBuffer message, int start, int end) {
    Objects.checkFromToIndex(start, end, message.limit());
    nonce = null;
    index = ABSENT;
    count = ABSENT;
    return switch (encoding) {
      case JSON -> readJson(message, start, end);
      case ETF -> readEtf(message, start, end);
    };
  }

  /** {@return the nonce of the request, null when it is absent or no text} */
  public @Nullable String nonce() {
    return nonce;
  }

  /** {@return {@code chunk_index}, -1 when it is absent or no integer from 0} */
  public long index() {
    return index;
  }

  /** {@return {@code chunk_count}, -1 when it is absent or no integer from 0} */
  public long count() {
    return count;
  }

  private boolean readJson(ByteBuffer message, int start, int end) {
    JsonWalker walker = new JsonWalker();
    walker.reset(message, start, end);
    int i = walker.character(walker.whitespace(start), '{');
    i = walker.whitespace(i);
    if (walker.at(i) == '}') {
      return true;
    }
    while (i >= 0) {
      int keyStart = i + 1;
      i = walker.string(i);
      int keyEnd = i - 1;
      i = walker.whitespace(walker.character(walker.whitespace(i), ':'));
      int valueStart = i;
      i = walker.value(i, false);
      if (i < 0) {
        return false;
      }
      member(walker, keyStart, keyEnd, valueStart, i);
      i = walker.whitespace(i);
      if (walker.at(i) == '}') {
        return true;
      }
      i = walker.whitespace(walker.character(i, ','));
    }
    return false;
  }

  private void member(JsonWalker walker, int keyStart, int keyEnd, int valueStart, int valueEnd) {
    if (walker.isText(keyStart, keyEnd, NONCE)) {
      nonce = walker.at(valueStart) == '"' ? walker.text(valueStart + 1, valueEnd - 1) : null;
    } else if (walker.isText(keyStart, keyEnd, INDEX)) {
      index = unsigned(walker, valueStart, valueEnd);
    } else if (walker.isText(keyStart, keyEnd, COUNT)) {
      count = unsigned(walker, valueStart, valueEnd);
    }
  }

  private static long unsigned(JsonWalker walker, int start, int end) {
    return walker.unsigned(start) == end ? walker.number() : ABSENT;
  }

  private boolean readEtf(ByteBuffer message, int start, int end) {
    EtfWalker walker = new EtfWalker();
    walker.reset(message, start, end);
    int i = walker.map(start);
    int pairs = walker.members() / 2;
    for (int pair = 0; pair < pairs && i >= 0; pair++) {
      int key = i;
      int value = walker.term(i);
      i = walker.term(value);
      if (i < 0) {
        return false;
      }
      if (walker.isText(key, NONCE_BYTES)) {
        boolean isBinary = !walker.isAtom(value) && walker.findText(value);
        nonce = isBinary ? text(message, walker.textStart(), walker.textEnd()) : null;
      } else if (walker.isText(key, INDEX_BYTES)) {
        index = walker.isUnsigned(value) ? walker.integer(value) : ABSENT;
      } else if (walker.isText(key, COUNT_BYTES)) {
        count = walker.isUnsigned(value) ? walker.integer(value) : ABSENT;
      }
    }
    return i >= 0;
  }

  private static String text(ByteBuffer message, int start, int end) {
    byte[] bytes = new byte[end - start];
    message.get(start, bytes);
    return new String(bytes, UTF_8);
  }
}
