package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.ObjectCodec;
import com.fasterxml.jackson.databind.util.TokenBuffer;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;

/**
 * Reads terms as the tokens of JSON, for Jackson to bind. The atoms {@code nil} and {@code null}
 * are null, {@code true} and {@code false} booleans, other atoms and binaries strings; maps are
 * objects whose keys may be atoms, binaries or integers; lists, tuples and the term STRING, which
 * stands for a list of bytes, are arrays. So an id that came as an integer is a number.
 */
public final class EtfReader {

  /** What Jackson reads of one number too, at over three bits a digit. */
  static final int MAX_BIG_BYTES = 400;

  private final ByteBuffer in;
  private final TokenBuffer out;
  private final boolean takesAtomKeys;
  private final CharsetDecoder utf8 = UTF_8.newDecoder();

  private EtfReader(ByteBuffer in, ObjectCodec codec, boolean takesAtomKeys) {
    this.in = in;
    this.out = new TokenBuffer(codec, false);
    this.takesAtomKeys = takesAtomKeys;
  }

  /**
   * {@return the tokens of a term that the gateway sent, such as {@code d}}
   *
   * @param message the buffer that holds the term, whose position and limit do not matter
   * @param start the index of the term's first byte, which is its tag
   * @param end the index after its last byte
   * @param codec what binds the tokens
   * @throws JsonParseException if the bytes are not exactly one term that JSON has an equal for;
   *     tells the position, never the content
   */
  public static JsonParser term(ByteBuffer message, int start, int end, ObjectCodec codec)
      throws IOException {
    ByteBuffer in = message.duplicate().limit(end).position(start);
    return new EtfReader(in, codec, true).read();
  }

  /**
   * {@return the tokens of a payload that a client sent} Its keys must be binaries.
   *
   * @param message the payload between position and limit; consumed
   * @param codec what binds the tokens
   * @throws JsonParseException if the bytes are not exactly one payload; tells the position, never
   *     the content
   */
  public static JsonParser payload(ByteBuffer message, ObjectCodec codec) throws IOException {
    ByteBuffer in = message.slice();
    message.position(message.limit());
    EtfReader reader = new EtfReader(in, codec, false);
    if (!in.hasRemaining() || (in.get() & 0xFF) != EtfTag.VERSION) {
      throw reader.malformed("0x83");
    }
    return reader.read();
  }

  private JsonParser read() throws IOException {
    try {
      value(1);
    } catch (BufferUnderflowException e) {
      throw malformed("the rest of a term");
    }
    if (in.hasRemaining()) {
      throw malformed("the end");
    }
    return out.asParser();
  }

  private void value(int depth) throws IOException {
    int tag = octet();
    switch (tag) {
      case EtfTag.SMALL_INTEGER -> out.writeNumber(octet());
      case EtfTag.INTEGER -> out.writeNumber(in.getInt());
      case EtfTag.SMALL_BIG, EtfTag.LARGE_BIG -> big(tag);
      case EtfTag.NEW_FLOAT -> number(in.getDouble());
      case EtfTag.FLOAT -> number(decimal());
      case EtfTag.SMALL_ATOM, EtfTag.ATOM, EtfTag.SMALL_ATOM_UTF8, EtfTag.ATOM_UTF8 ->
          atom(text(tag));
      case EtfTag.BINARY -> out.writeString(text(tag));
      case EtfTag.STRING -> bytes();
      case EtfTag.NIL -> array(0, depth);
      case EtfTag.LIST -> {
        array(size(), depth);
        if (octet() != EtfTag.NIL) {
          throw malformed("the end of a list");
        }
      }
      case EtfTag.SMALL_TUPLE -> array(octet(), depth);
      case EtfTag.LARGE_TUPLE -> array(size(), depth);
      case EtfTag.MAP -> object(size(), depth);
      default -> throw malformed("a term");
    }
  }

  private void object(int pairs, int depth) throws IOException {
    checkDepth(depth);
    out.writeStartObject();
    for (int i = 0; i < pairs; i++) {
      out.writeFieldName(key());
      value(depth + 1);
    }
    out.writeEndObject();
  }

  private String key() throws IOException {
    int tag = octet();
    switch (tag) {
      case EtfTag.BINARY -> {
        return text(tag);
      }
      case EtfTag.SMALL_ATOM, EtfTag.ATOM, EtfTag.SMALL_ATOM_UTF8, EtfTag.ATOM_UTF8 -> {
        if (takesAtomKeys) {
          return text(tag);
        }
      }
      case EtfTag.SMALL_INTEGER -> {
        return Integer.toString(octet());
      }
      case EtfTag.INTEGER -> {
        return Integer.toString(in.getInt());
      }
      case EtfTag.SMALL_BIG, EtfTag.LARGE_BIG -> {
        return integer(tag).toString();
      }
      default -> {}
    }
    throw malformed(takesAtomKeys ? "a key" : "a binary for a key");
  }

  private void array(int members, int depth) throws IOException {
    checkDepth(depth);
    out.writeStartArray();
    for (int i = 0; i < members; i++) {
      value(depth + 1);
    }
    out.writeEndArray();
  }

  private void bytes() throws IOException {
    out.writeStartArray();
    for (int left = in.getShort() & 0xFFFF; left > 0; left--) {
      out.writeNumber(octet());
    }
    out.writeEndArray();
  }

  private void atom(String text) throws IOException {
    switch (text) {
      case "nil", "null" -> out.writeNull();
      case "true" -> out.writeBoolean(true);
      case "false" -> out.writeBoolean(false);
      default -> out.writeString(text);
    }
  }

  private void big(int tag) throws IOException {
    BigInteger integer = integer(tag);
    if (integer.bitLength() < Long.SIZE) {
      out.writeNumber(integer.longValue());
    } else {
      out.writeNumber(integer);
    }
  }

  private BigInteger integer(int tag) throws IOException {
    int bytes = tag == EtfTag.SMALL_BIG ? octet() : size();
    if (bytes > MAX_BIG_BYTES) {
      throw malformed("an integer of at most " + MAX_BIG_BYTES + " bytes");
    }
    int sign = octet();
    byte[] magnitude = new byte[bytes];
    for (int i = bytes - 1; i >= 0; i--) {
      magnitude[i] = in.get();
    }
    BigInteger integer = new BigInteger(1, magnitude);
    return sign == 0 ? integer : integer.negate();
  }

  private void number(double number) throws IOException {
    if (!Double.isFinite(number)) {
      throw malformed("a finite number");
    }
    out.writeNumber(number);
  }

  private double decimal() throws IOException {
    byte[] bytes = new byte[EtfTag.FLOAT_BYTES];
    in.get(bytes);
    String text = new String(bytes, ISO_8859_1).trim(); // of zeros
    // Java would take more, such as hexadecimal digits.
    if (text.chars().allMatch(c -> "+-.eE0123456789".indexOf(c) >= 0)) {
      try {
        return Double.parseDouble(text);
      } catch (NumberFormatException e) {
        throw malformed("a decimal number");
      }
    }
    throw malformed("a decimal number");
  }

  private String text(int tag) throws IOException {
    int length =
        switch (tag) {
          case EtfTag.BINARY -> size();
          case EtfTag.ATOM, EtfTag.ATOM_UTF8 -> in.getShort() & 0xFFFF;
          default -> octet();
        };
    if (length > in.remaining()) {
      throw malformed("the rest of a term");
    }
    ByteBuffer bytes = in.slice().limit(length);
    in.position(in.position() + length);
    if (tag == EtfTag.ATOM || tag == EtfTag.SMALL_ATOM) {
      return ISO_8859_1.decode(bytes).toString();
    }
    try {
      return utf8.decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw malformed("UTF-8");
    }
  }

  /** {@return a size of members or bytes, each of which is at least a byte} */
  private int size() throws IOException {
    int size = in.getInt();
    if (size < 0 || size > in.remaining()) {
      throw malformed("a size that the message can hold");
    }
    return size;
  }

  private int octet() {
    return in.get() & 0xFF;
  }

  private void checkDepth(int depth) throws IOException {
    if (depth > EtfTag.MAX_DEPTH) {
      throw malformed("a nesting of at most " + EtfTag.MAX_DEPTH);
    }
  }

  private JsonParseException malformed(String expected) {
    return new JsonParseException(
        null, "external term format, byte " + in.position() + " (expected: " + expected + ')');
  }
}
