package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Payloads;
import dev.sluice.gateway.Streams;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Reads any bytes as terms and compares with a decoder that is slow and plain; what is JSON is
 * written as terms and read back.
 */
final class EtfFuzz {

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private static final int MAX_DEPTH = 1000;

  /** An integer may be of a larger type than it needs. */
  private static final Comparator<JsonNode> INTEGERS =
      (a, b) -> {
        boolean areIntegers = a.isIntegralNumber() && b.isIntegralNumber();
        boolean same = areIntegers ? a.bigIntegerValue().equals(b.bigIntegerValue()) : a.equals(b);
        return same ? 0 : 1;
      };

  private final EtfEnvelope envelope = new EtfEnvelope().limit(1 << 20);

  static Stream<byte[]> seeds() {
    return Stream.of(
            Streams.hex("etf-received.hex").stream(),
            Streams.hex("etf-sent.hex").stream(),
            EnvelopeFuzz.MESSAGES.stream().map(message -> message.getBytes(UTF_8)),
            Payloads.names().stream().map(Payloads::bytes).filter(bytes -> bytes.length < 1_500))
        .flatMap(seeds -> seeds)
        .filter(seed -> seed.length < 5_000);
  }

  @MethodSource("seeds")
  @FuzzTest
  void agreesWithAPlainDecoder(byte[] input) throws IOException {
    if (input.length > 0 && input[0] == (byte) 0x83) {
      read(input);
    } else {
      writeAndReadBack(input);
    }
  }

  private void read(byte[] message) {
    boolean accepted = envelope.scan(ByteBuffer.wrap(message), 0, message.length);
    assertThat(envelope.error() == null).isEqualTo(accepted);
    if (accepted) {
      assertThat(envelope.op()).isNotNegative();
      envelope.name();
      envelope.guildId();
    }
    if (message.length > 1 && message[1] == 80) {
      return; // a compressed term, which is no term to the plain decoder
    }
    JsonNode tree = new PlainDecoder(message, 1).decode();
    assertEqual(readTerm(message, 1, message.length), tree);
    if (tree != null) {
      PlainEnvelope plain = PlainEnvelope.of(message);
      assertThat(accepted).isEqualTo(plain != null && plain.isValid());
      if (plain != null && accepted) {
        assertSame(plain, message);
      }
    }
  }

  private void assertSame(PlainEnvelope plain, byte[] message) {
    assertThat(envelope.op()).isEqualTo(plain.op);
    assertThat(envelope.sequence()).isEqualTo(plain.sequence);
    assertThat(envelope.name()).isEqualTo(plain.name);
    assertThat(envelope.dataStart()).isEqualTo(plain.dataStart);
    assertThat(envelope.dataEnd()).isEqualTo(plain.dataEnd);
    EventType type = envelope.type() == null ? EventType.UNKNOWN : envelope.type();
    String key = new String(GuildIds.key(type), UTF_8);
    assertThat(PlainEnvelope.ids(key, message, plain.dataStart)).contains(envelope.guildId());
  }

  private static void assertEqual(@Nullable JsonNode actual, @Nullable JsonNode expected) {
    boolean same =
        actual == null || expected == null ? actual == expected : actual.equals(INTEGERS, expected);
    assertThat(same).as("%s and %s", actual, expected).isTrue();
  }

  private static @Nullable JsonNode readTerm(byte[] message, int start, int end) {
    try (JsonParser parser = EtfReader.term(ByteBuffer.wrap(message), start, end, MAPPER)) {
      return parser.readValueAsTree();
    } catch (JsonParseException e) {
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void writeAndReadBack(byte[] json) throws IOException {
    JsonNode tree = parse(json);
    // A surrogate without its other half has no UTF-8.
    if (tree == null || new String(json, UTF_8).toLowerCase().contains("\\ud")) {
      return;
    }
    byte[] written;
    byte[] fromGateway;
    try {
      written = EtfWriter.client(json);
      fromGateway = EtfWriter.gateway(json);
    } catch (JsonParseException e) {
      assertThat(e.getMessage()).contains("beyond a double");
      return;
    }
    try (JsonParser parser = EtfReader.payload(ByteBuffer.wrap(written), MAPPER)) {
      JsonNode read = parser.readValueAsTree();
      assertEqual(read, tree);
    }
    assertEqual(new PlainDecoder(written, 1).decode(), tree);
    JsonNode read = readTerm(fromGateway, 1, fromGateway.length);
    assertEqual(read, new PlainDecoder(fromGateway, 1).decode());
    assertThat(isSame(tree, Objects.requireNonNull(read))).as("%s and %s", tree, read).isTrue();
  }

  private static @Nullable JsonNode parse(byte[] json) {
    try {
      JsonNode tree = MAPPER.readTree(UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString());
      return tree.isMissingNode() ? null : tree;
    } catch (CharacterCodingException | JacksonException e) {
      return null;
    }
  }

  /** The gateway writes ids as integers, and names as atoms, of which some mean something else. */
  private static boolean isSame(JsonNode json, JsonNode read) {
    if (json.isObject() && read.isObject() && json.size() == read.size()) {
      return json.properties().stream()
          .allMatch(
              member ->
                  read.has(member.getKey())
                      && isSame(member.getValue(), read.get(member.getKey())));
    }
    if (json.isArray() && read.isArray() && json.size() == read.size()) {
      boolean same = true;
      for (int i = 0; i < json.size(); i++) {
        same &= isSame(json.get(i), read.get(i));
      }
      return same;
    }
    return INTEGERS.compare(json, read) == 0
        || (json.isTextual()
            && (read.isNull() || read.isIntegralNumber() || read.isBoolean())
            && (json.textValue().equals("nil") || json.textValue().equals(read.asText())));
  }

  /** Where the members of the outermost map are. Of one that occurs twice the last counts. */
  private static final class PlainEnvelope {

    private int op = -1;
    private long sequence = -1;
    private boolean sequenceValid = true;
    private @Nullable String name;
    private boolean nameValid = true;
    private int dataStart = -1;
    private int dataEnd = -1;

    /** {@return the envelope of a message that can be decoded, null when that is no map} */
    static @Nullable PlainEnvelope of(byte[] message) {
      if (message[1] != 116) {
        return null;
      }
      PlainEnvelope envelope = new PlainEnvelope();
      for (int[] member : members(message, 1)) {
        String key = text(message, member[0]);
        long number = unsigned(message, member[1]);
        switch (key == null ? "" : key) {
          case "op" -> envelope.op = number <= Integer.MAX_VALUE ? (int) number : -1;
          case "s" -> {
            envelope.sequence = Math.max(-1, number);
            envelope.sequenceValid = number >= 0 || isNull(message, member[1]);
          }
          case "t" -> {
            envelope.name = isNull(message, member[1]) ? null : text(message, member[1]);
            envelope.nameValid = text(message, member[1]) != null;
          }
          case "d" -> {
            envelope.dataStart = member[1];
            envelope.dataEnd = member[2];
          }
          default -> {}
        }
      }
      return envelope;
    }

    /** {@return what the members of that name have for an id, 0 standing for none} */
    static List<Long> ids(String key, byte[] message, int start) {
      List<Long> ids = new ArrayList<>();
      if (start >= 0 && message[start] == 116) {
        for (int[] member : members(message, start)) {
          if (key.equals(text(message, member[0]))) {
            String text = text(message, member[1]);
            BigInteger id =
                text != null && text.matches("[0-9]+")
                    ? new BigInteger(text)
                    : integer(message, member[1]);
            boolean fits = id.signum() >= 0 && id.bitLength() <= Long.SIZE;
            ids.add(fits ? id.longValue() : 0);
            if (text != null && text.startsWith("0")) {
              ids.add(0L); // nobody writes an id like that
            }
          }
        }
      }
      return ids.isEmpty() ? List.of(0L) : ids;
    }

    boolean isValid() {
      return op >= 0 && sequenceValid && nameValid;
    }

    private static List<int[]> members(byte[] message, int start) {
      List<int[]> members = new ArrayList<>();
      int i = start + 5;
      for (int left = ByteBuffer.wrap(message).getInt(start + 1); left > 0; left--) {
        int value = PlainDecoder.end(message, i);
        int end = PlainDecoder.end(message, value);
        members.add(new int[] {i, value, end});
        i = end;
      }
      return members;
    }

    private static boolean isNull(byte[] message, int index) {
      String text = message[index] == 109 ? null : text(message, index);
      return "nil".equals(text) || "null".equals(text);
    }

    /** {@return what an atom or a binary says, as if both were UTF-8; names have nothing else} */
    private static @Nullable String text(byte[] message, int index) {
      int start =
          switch (message[index]) {
            case 115, 119 -> index + 2;
            case 100, 118 -> index + 3;
            case 109 -> index + 5;
            default -> -1;
          };
      int end = start < 0 ? start : PlainDecoder.end(message, index);
      return start < 0 ? null : new String(message, start, end - start, UTF_8);
    }

    private static long unsigned(byte[] message, int index) {
      BigInteger integer = integer(message, index);
      return integer.signum() >= 0 && integer.bitLength() < Long.SIZE ? integer.longValue() : -1;
    }

    /** {@return an integer of at most eight bytes; -1 when there is none, for none is below 0} */
    private static BigInteger integer(byte[] message, int index) {
      boolean isInteger =
          switch (message[index]) {
            case 97, 98 -> true;
            case 110 -> (message[index + 1] & 0xFF) <= 8;
            default -> false;
          };
      if (!isInteger) {
        return BigInteger.ONE.negate();
      }
      JsonNode number = new PlainDecoder(message, index).value(1);
      boolean isNegative = message[index] == 110 && message[index + 2] != 0; // minus zero too
      return isNegative ? BigInteger.ONE.negate() : number.bigIntegerValue();
    }
  }

  /** Decodes terms one by one, just as the format's documentation says. */
  private static final class PlainDecoder {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final ByteBuffer in;

    PlainDecoder(byte[] message, int start) {
      in = ByteBuffer.wrap(message).position(Math.min(start, message.length));
    }

    static int end(byte[] message, int index) {
      PlainDecoder decoder = new PlainDecoder(message, index);
      decoder.value(1);
      return decoder.in.position();
    }

    /** {@return the only term, or null when there is none or more} */
    @Nullable JsonNode decode() {
      try {
        JsonNode value = value(1);
        return in.hasRemaining() ? null : value;
      } catch (BufferUnderflowException | IllegalArgumentException e) {
        return null;
      }
    }

    JsonNode value(int depth) {
      int tag = in.get();
      return switch (tag) {
        case 70 -> finite(in.getDouble());
        case 97 -> NODES.numberNode(in.get() & 0xFF);
        case 98 -> NODES.numberNode(in.getInt());
        case 99 -> finite(Double.parseDouble(decimal()));
        case 100, 115, 118, 119 -> atom(text(tag));
        case 104 -> list(in.get() & 0xFF, depth);
        case 105 -> list(size(), depth);
        case 106 -> list(0, depth);
        case 107 -> {
          ArrayNode bytes = NODES.arrayNode();
          for (int left = in.getShort() & 0xFFFF; left > 0; left--) {
            bytes.add(in.get() & 0xFF);
          }
          yield bytes;
        }
        case 108 -> {
          ArrayNode list = list(size(), depth);
          check(in.get() == 106);
          yield list;
        }
        case 109 -> NODES.textNode(text(tag));
        case 110, 111 -> integer(tag);
        case 116 -> {
          check(depth <= MAX_DEPTH);
          ObjectNode map = NODES.objectNode();
          for (int left = size(); left > 0; left--) {
            String key = key();
            map.set(key, value(depth + 1));
          }
          yield map;
        }
        default -> throw new IllegalArgumentException("tag: " + tag);
      };
    }

    private String key() {
      int tag = in.mark().get();
      in.reset();
      check(List.of(97, 98, 100, 109, 110, 111, 115, 118, 119).contains(tag));
      if (tag == 97 || tag == 98 || tag == 110 || tag == 111) {
        return value(1).asText();
      }
      in.get();
      return text(tag);
    }

    private ArrayNode list(int members, int depth) {
      check(depth <= MAX_DEPTH);
      ArrayNode list = NODES.arrayNode();
      for (int left = members; left > 0; left--) {
        list.add(value(depth + 1));
      }
      return list;
    }

    private JsonNode integer(int tag) {
      int bytes = tag == 110 ? in.get() & 0xFF : size();
      boolean isNegative = in.get() != 0;
      BigInteger integer = BigInteger.ZERO;
      for (int i = 0; i < bytes; i++) {
        integer = integer.or(BigInteger.valueOf(in.get() & 0xFF).shiftLeft(8 * i));
      }
      check(bytes <= EtfReader.MAX_BIG_BYTES);
      integer = isNegative ? integer.negate() : integer;
      if (integer.bitLength() < Integer.SIZE) {
        return NODES.numberNode(integer.intValue());
      }
      return integer.bitLength() < Long.SIZE
          ? NODES.numberNode(integer.longValue())
          : NODES.numberNode(integer);
    }

    private String decimal() {
      byte[] bytes = new byte[31];
      in.get(bytes);
      String text = new String(bytes, ISO_8859_1).trim();
      check(text.matches("[-+.eE0-9]+"));
      return text;
    }

    private String text(int tag) {
      int length =
          switch (tag) {
            case 109 -> size();
            case 100, 118 -> in.getShort() & 0xFFFF;
            default -> in.get() & 0xFF;
          };
      check(length <= in.remaining());
      byte[] bytes = new byte[length];
      in.get(bytes);
      try {
        return tag == 100 || tag == 115
            ? new String(bytes, ISO_8859_1)
            : UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      } catch (CharacterCodingException e) {
        throw new IllegalArgumentException(e);
      }
    }

    private int size() {
      int size = in.getInt();
      check(size >= 0);
      return size;
    }

    private static JsonNode finite(double number) {
      check(Double.isFinite(number));
      return NODES.numberNode(number);
    }

    private static JsonNode atom(String text) {
      return switch (text) {
        case "nil", "null" -> NODES.nullNode();
        case "true" -> NODES.booleanNode(true);
        case "false" -> NODES.booleanNode(false);
        default -> NODES.textNode(text);
      };
    }

    private static void check(boolean valid) {
      if (!valid) {
        throw new IllegalArgumentException("not as documented");
      }
    }
  }
}
