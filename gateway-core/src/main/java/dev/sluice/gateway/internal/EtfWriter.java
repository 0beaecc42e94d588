package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Writes payloads in Erlang's external term format from what they are in JSON. Two styles: that of
 * a client, whose keys and strings are all binaries, and that of the gateway, whose keys and event
 * names are atoms and whose ids are integers.
 */
public final class EtfWriter {

  private static final JsonFactory JSON = new JsonFactory();

  private static final byte[] HEARTBEAT = {
    (byte) EtfTag.VERSION,
    EtfTag.MAP,
    0,
    0,
    0,
    2,
    EtfTag.BINARY,
    0,
    0,
    0,
    2,
    'o',
    'p',
    EtfTag.SMALL_INTEGER,
    1,
    EtfTag.BINARY,
    0,
    0,
    0,
    1,
    'd'
  };
  private static final byte[] NIL = {EtfTag.SMALL_ATOM_UTF8, 3, 'n', 'i', 'l'};

  private static final int MAX_STRING_LENGTH = 0xFFFF;
  private static final int MAX_ATOM_BYTES = 0xFF;
  private static final int MAX_SMALL_BIG_BYTES = 0xFF;

  /** What an id has of digits; there are shorter ones only of things from before Discord. */
  private static final int MIN_ID_DIGITS = 15;

  private static final int MAX_ID_DIGITS = 20;

  private final JsonParser json;
  private final boolean isGateway;
  private byte[] out = new byte[1024];
  private int length;

  private EtfWriter(JsonParser json, boolean isGateway) {
    this.json = json;
    this.isGateway = isGateway;
  }

  /**
   * {@return a payload as clients write it}
   *
   * @param payload the payload in JSON
   * @throws IOException if it is not valid JSON, or has a number that is beyond a double
   */
  public static byte[] client(byte[] payload) throws IOException {
    return write(payload, false);
  }

  /**
   * {@return a payload as the gateway writes it}
   *
   * @param payload the payload in JSON
   * @throws IOException if it is not valid JSON, or has a number that is beyond a double
   */
  public static byte[] gateway(byte[] payload) throws IOException {
    return write(payload, true);
  }

  /**
   * Writes a client's heartbeat at the position of a buffer, which moves behind it. Allocates
   * nothing.
   *
   * @param sequence the last sequence that was received; any negative number before the first
   * @param out a buffer with room for {@link PayloadWriter#MAX_HEARTBEAT_BYTES}
   * @return how many bytes were written
   * @throws BufferOverflowException if the heartbeat does not fit; nothing has been written
   */
  static int heartbeat(long sequence, ByteBuffer out) {
    if (out.remaining() < PayloadWriter.MAX_HEARTBEAT_BYTES) {
      throw new BufferOverflowException();
    }
    int start = out.position();
    out.put(HEARTBEAT);
    if (sequence < 0) {
      out.put(NIL);
    } else if (sequence <= 0xFF) {
      out.put((byte) EtfTag.SMALL_INTEGER).put((byte) sequence);
    } else {
      boolean isBig = sequence > Integer.MAX_VALUE;
      int bytes = isBig ? bytes(sequence) : Integer.BYTES;
      out.put((byte) (isBig ? EtfTag.SMALL_BIG : EtfTag.INTEGER));
      if (isBig) {
        out.put((byte) bytes).put((byte) 0);
      }
      for (int i = 0; i < bytes; i++) {
        out.put((byte) (sequence >>> (Byte.SIZE * (isBig ? i : bytes - 1 - i))));
      }
    }
    return out.position() - start;
  }

  private static byte[] write(byte[] payload, boolean isGateway) throws IOException {
    try (JsonParser json = JSON.createParser(payload)) {
      EtfWriter writer = new EtfWriter(json, isGateway);
      writer.octet(EtfTag.VERSION);
      json.nextToken();
      writer.value("", 0);
      if (json.nextToken() != null) {
        throw new JsonParseException(json, "more than one value (expected: one)");
      }
      return Arrays.copyOf(writer.out, writer.length);
    }
  }

  private void value(String key, int depth) throws IOException {
    JsonToken token = json.currentToken();
    if (token == null) {
      throw new JsonParseException(json, "no value (expected: one)");
    }
    switch (token) {
      case START_OBJECT -> object(depth);
      case START_ARRAY -> array(depth);
      case VALUE_STRING -> string(key, json.getText(), depth);
      case VALUE_NUMBER_INT -> integer(json.getBigIntegerValue());
      case VALUE_NUMBER_FLOAT -> number(json.getDoubleValue());
      case VALUE_TRUE -> atom("true".getBytes(US_ASCII));
      case VALUE_FALSE -> atom("false".getBytes(US_ASCII));
      case VALUE_NULL -> put(NIL);
      default -> throw new JsonParseException(json, token + " (expected: a value)");
    }
  }

  private void object(int depth) throws IOException {
    octet(EtfTag.MAP);
    int size = length;
    number(0, Integer.BYTES);
    int pairs = 0;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      byte[] bytes = key.getBytes(UTF_8);
      if (isGateway && isAtom(key, bytes)) {
        atom(bytes);
      } else {
        binary(bytes);
      }
      json.nextToken();
      value(key, depth + 1);
      pairs++;
    }
    ByteBuffer.wrap(out).putInt(size, pairs);
  }

  private void array(int depth) throws IOException {
    int start = length;
    octet(EtfTag.LIST);
    number(0, Integer.BYTES);
    int members = 0;
    boolean areBytes = true;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      int at = length;
      value("", depth + 1);
      areBytes &= out[at] == EtfTag.SMALL_INTEGER;
      members++;
    }
    if (members == 0) {
      length = start;
    } else if (areBytes && members <= MAX_STRING_LENGTH) {
      shorten(start, members);
      return;
    } else {
      ByteBuffer.wrap(out).putInt(start + 1, members);
    }
    octet(EtfTag.NIL);
  }

  /** Makes a list of small integers the shorter term that Erlang has for it. */
  private void shorten(int start, int members) {
    int first = start + 1 + Integer.BYTES;
    byte[] list = Arrays.copyOfRange(out, first, length);
    length = start;
    octet(EtfTag.STRING);
    number(members, Short.BYTES);
    for (int i = 0; i < members; i++) {
      octet(list[2 * i + 1]);
    }
  }

  private void string(String key, String text, int depth) {
    byte[] bytes = text.getBytes(UTF_8);
    if (isGateway && depth == 1 && key.equals("t") && bytes.length <= MAX_ATOM_BYTES) {
      atom(bytes);
    } else if (isGateway && isId(key, text)) {
      big(new BigInteger(text));
    } else {
      binary(bytes);
    }
  }

  /** Keys that are ids are no atoms, of which a server can only have so many. */
  private static boolean isAtom(String key, byte[] bytes) {
    boolean isId = key.length() >= MIN_ID_DIGITS && key.chars().allMatch(EtfWriter::isDigit);
    return bytes.length <= MAX_ATOM_BYTES && !isId;
  }

  private static boolean isId(String key, String text) {
    return (key.equals("id") || key.endsWith("_id"))
        && text.length() >= MIN_ID_DIGITS
        && text.length() <= MAX_ID_DIGITS
        && text.charAt(0) != '0'
        && text.chars().allMatch(EtfWriter::isDigit)
        && new BigInteger(text).bitLength() <= Long.SIZE;
  }

  private static boolean isDigit(int character) {
    return character >= '0' && character <= '9';
  }

  private void integer(BigInteger integer) {
    if (integer.bitLength() >= Integer.SIZE) {
      big(integer);
      return;
    }
    int value = integer.intValue();
    if (value >= 0 && value <= 0xFF) {
      octet(EtfTag.SMALL_INTEGER);
      octet(value);
    } else {
      octet(EtfTag.INTEGER);
      number(value, Integer.BYTES);
    }
  }

  private void big(BigInteger integer) {
    byte[] magnitude = integer.abs().toByteArray();
    int from = magnitude[0] == 0 ? 1 : 0; // the bit of the sign
    int bytes = magnitude.length - from;
    if (bytes <= MAX_SMALL_BIG_BYTES) {
      octet(EtfTag.SMALL_BIG);
      octet(bytes);
    } else {
      octet(EtfTag.LARGE_BIG);
      number(bytes, Integer.BYTES);
    }
    octet(integer.signum() < 0 ? 1 : 0);
    for (int i = magnitude.length - 1; i >= from; i--) {
      octet(magnitude[i]);
    }
  }

  private void number(double number) throws IOException {
    if (!Double.isFinite(number)) {
      throw new JsonParseException(json, "number beyond a double (expected: within)");
    }
    octet(EtfTag.NEW_FLOAT);
    number(Double.doubleToLongBits(number), Double.BYTES);
  }

  private void atom(byte[] text) {
    octet(EtfTag.SMALL_ATOM_UTF8);
    octet(text.length);
    put(text);
  }

  private void binary(byte[] text) {
    octet(EtfTag.BINARY);
    number(text.length, Integer.BYTES);
    put(text);
  }

  private void number(long number, int bytes) {
    for (int i = bytes - 1; i >= 0; i--) {
      octet((int) (number >>> (Byte.SIZE * i)));
    }
  }

  private void octet(int octet) {
    if (length == out.length) {
      out = Arrays.copyOf(out, length * 2);
    }
    out[length++] = (byte) octet;
  }

  private void put(byte[] bytes) {
    if (bytes.length > out.length - length) {
      out = Arrays.copyOf(out, Math.max(out.length * 2, length + bytes.length));
    }
    System.arraycopy(bytes, 0, out, length, bytes.length);
    length += bytes.length;
  }

  private static int bytes(long number) {
    return (Long.SIZE - Long.numberOfLeadingZeros(number) + Byte.SIZE - 1) / Byte.SIZE;
  }
}
