package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Payloads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.provider.MethodSource;

/** Scans any bytes and compares what it finds with what a parser finds. */
final class EnvelopeFuzz {

  /** Messages in all orders of keys, with white space, escapes and numbers of all kinds. */
  static final List<String> MESSAGES =
      List.of(
          "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"v\":10,\"a\":[{\"b\":\"c\\\\\"}]}}",
          "{\"t\":\"TYPING_START\",\"s\":48235,\"op\":0,\"d\":[true,null,-1.5e3]}",
          "{\"t\":null,\"s\":null,\"op\":11,\"d\":null}",
          " { \"op\" : 10 , \"d\" : { \"op\" : 1 , \"d\" : \"\u00e9\" } , \"s\" : null } ",
          "{\"op\":0,\"d\":{\"s\":3},\"x\":{\"t\":[1,{}]},\"s\":9223372036854775807,\"t\":\"\\u0042\"}",
          "{\"\\u0074\":\"h\u00e9\ud83e\udeb6\",\"s\":12,\"op\":0,\"d\":\"}\",\"y\":-0.0}",
          "{\"t\":\"GUILD_CREATE\",\"s\":2,\"op\":0,\"d\":{\"x\":[],\"id\":7,\"guild_id\":\"8\"}}",
          "{\"t\":\"X\",\"s\":2,\"op\":0,\"d\":{ \"guild\\u005fid\" : \"18446744073709551615\" }}");

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNumberLength(Integer.MAX_VALUE).build())
          .build();

  private static final Pattern DATA_KEY = Pattern.compile("\"(d|\\\\u0064)\"\\s*:");

  private static final BigInteger MAX_ID = BigInteger.TWO.pow(64).subtract(BigInteger.ONE);

  private final JsonEnvelope envelope = new JsonEnvelope();

  static Stream<byte[]> seeds() {
    return Stream.concat(
        MESSAGES.stream().map(message -> message.getBytes(UTF_8)),
        Payloads.names().stream().map(Payloads::bytes).filter(bytes -> bytes.length < 5_000));
  }

  @MethodSource("seeds")
  @FuzzTest
  void agreesWithAParser(byte[] message) {
    check(message);
  }

  /** {@return whether the message was accepted} */
  boolean check(byte[] message) {
    Scanned scanned = scan(message, 0, message.length);
    Parsed parsed = parse(message);
    if (parsed != null && !(scanned.accepted && isSplitInTwo(scanned, parsed))) {
      assertSame("accepted", scanned.accepted, parsed.isValid(), message);
      if (scanned.accepted) {
        assertSame(scanned, parsed, message);
        assertSame("start of d", scanned.dataStart, parsed.dataStart, message);
        assertSame("end of d", scanned.dataEnd, parsed.dataEnd, message);
        assertSameGuild(scanned, parsed, message);
      }
    } else if (scanned.accepted && !hasDataBefore(scanned, message)) {
      // Whatever d is, what stands around it must be JSON, and say the same to a parser.
      Parsed around = parse(scanned.withoutData(message));
      assertSame("accepted", true, around != null && around.isValid(), message);
      assertSame(scanned, Objects.requireNonNull(around), message);
    }
    assertSame("no error", scanned.error == null, scanned.accepted, message);
    assertSameAmongOtherBytes(scanned, message);
    return scanned.accepted;
  }

  private static void assertSame(Scanned scanned, Parsed parsed, byte[] message) {
    assertSame("op", scanned.op, parsed.op, message);
    assertSame("s", scanned.sequence, parsed.sequence, message);
    assertSame("t", scanned.name, parsed.name, message);
  }

  /** Runs millions of times, so it describes nothing in advance. */
  private static void assertSame(
      String what, @Nullable Object actual, @Nullable Object expected, byte[] message) {
    if (!Objects.equals(actual, expected)) {
      assertThat(actual).as("%s of %s", what, text(message)).isEqualTo(expected);
    }
  }

  private static void assertSameGuild(Scanned scanned, Parsed parsed, byte[] message) {
    if (scanned.dataStart >= 0) {
      String key =
          switch (String.valueOf(parsed.name)) {
            case "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE" -> "id";
            default -> "guild_id";
          };
      List<Long> ids =
          ids(key, text(Arrays.copyOfRange(message, scanned.dataStart, scanned.dataEnd)));
      assertThat(ids).as("%s: %s", key, text(message)).contains(scanned.guildId);
    }
  }

  /** A scan that looked beyond its range would see other bytes there. */
  private void assertSameAmongOtherBytes(Scanned alone, byte[] message) {
    for (char filler : new char[] {'0', '"', '}', ' '}) {
      byte[] padded = new byte[message.length + 30];
      Arrays.fill(padded, (byte) filler);
      System.arraycopy(message, 0, padded, 15, message.length);
      assertSame("among " + filler, scan(padded, 15, 15 + message.length), alone, message);
    }
  }

  private Scanned scan(byte[] message, int start, int end) {
    ByteBuffer buffer = ByteBuffer.wrap(message);
    boolean accepted = envelope.scan(buffer, start, end);
    boolean hasData = accepted && envelope.dataStart() >= 0;
    EventType type = envelope.type() == null ? EventType.UNKNOWN : envelope.type();
    return new Scanned(
        accepted,
        accepted ? envelope.op() : -1,
        envelope.sequence(),
        accepted ? envelope.name() : null,
        hasData ? envelope.dataStart() - start : -1,
        hasData ? envelope.dataEnd() - start : -1,
        hasData ? GuildIds.find(type, buffer, envelope.dataStart(), envelope.dataEnd()) : 0,
        envelope.error());
  }

  /** The documented exception: a member after d in the usual order, whose end d was given. */
  private static boolean isSplitInTwo(Scanned scanned, Parsed parsed) {
    return parsed.hasMemberAfterData && scanned.dataEnd > parsed.firstDataEnd;
  }

  /** Of a d that is followed by another one nothing is known, so it need not be JSON either. */
  private static boolean hasDataBefore(Scanned scanned, byte[] message) {
    String before = new String(message, 0, Math.max(0, scanned.dataStart), UTF_8);
    return DATA_KEY.matcher(before).results().count() > 1;
  }

  /** {@return what a parser reads, or null when the bytes are no UTF-8 or no JSON object} */
  private static @Nullable Parsed parse(byte[] message) {
    String text;
    try {
      text = UTF_8.newDecoder().decode(ByteBuffer.wrap(message)).toString();
    } catch (CharacterCodingException e) {
      return null;
    }
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      Parsed parsed = new Parsed();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        parsed.member(parser, text);
      }
      return parser.nextToken() == null ? parsed : null;
    } catch (JacksonException e) {
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return the ids that members of that name hold, 0 standing for none} */
  private static List<Long> ids(String key, String data) {
    List<Long> ids = new ArrayList<>();
    try (JsonParser parser = JSON.createParser(data)) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          boolean isWanted = parser.currentName().equals(key);
          JsonToken token = parser.nextToken();
          if (isWanted) {
            ids.add(
                token == JsonToken.VALUE_STRING || token == JsonToken.VALUE_NUMBER_INT
                    ? id(parser.getText())
                    : 0);
            if (parser.getText().startsWith("0") || data.contains("\\u003")) {
              ids.add(0L); // nobody writes an id like that
            }
          }
          parser.skipChildren();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return ids.isEmpty() ? List.of(0L) : ids;
  }

  private static long id(String text) {
    boolean isNumber = !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    return isNumber && new BigInteger(text).compareTo(MAX_ID) <= 0
        ? Long.parseUnsignedLong(text)
        : 0;
  }

  private static String text(byte[] message) {
    return new String(message, UTF_8);
  }

  /**
   * The members of the envelope as a parser comes by them. Of one that occurs twice the last
   * counts.
   */
  private static final class Parsed {

    private int op = -1;
    private long sequence = -1;
    private @Nullable String name;
    private boolean sequenceValid = true;
    private boolean nameValid = true;
    private int dataStart = -1;
    private int dataEnd = -1;
    private int firstDataEnd = -1;
    private boolean hasMemberAfterData;

    boolean isValid() {
      return op >= 0 && sequenceValid && nameValid;
    }

    void member(JsonParser parser, String text) throws IOException {
      hasMemberAfterData = firstDataEnd >= 0;
      String key = parser.currentName();
      JsonToken token = parser.nextToken();
      boolean isNatural = token == JsonToken.VALUE_NUMBER_INT && parser.getText().charAt(0) != '-';
      BigInteger number = isNatural ? parser.getBigIntegerValue() : BigInteger.ONE.negate();
      switch (key) {
        case "op" -> op = number.bitLength() < 32 ? number.intValue() : -1;
        case "s" -> {
          boolean fits = isNatural && number.bitLength() < 64;
          sequence = fits ? number.longValue() : -1;
          sequenceValid = fits || token == JsonToken.VALUE_NULL;
        }
        case "t" -> {
          name = token == JsonToken.VALUE_STRING ? parser.getText() : null;
          nameValid = name != null || token == JsonToken.VALUE_NULL;
        }
        case "d" -> {
          int start = (int) parser.currentTokenLocation().getCharOffset();
          parser.skipChildren();
          parser.finishToken();
          int end = (int) parser.currentLocation().getCharOffset();
          dataStart = text.substring(0, start).getBytes(UTF_8).length;
          dataEnd = dataStart + text.substring(start, end).strip().getBytes(UTF_8).length;
          firstDataEnd = firstDataEnd < 0 ? dataEnd : firstDataEnd;
        }
        default -> {}
      }
      parser.skipChildren();
    }
  }

  private record Scanned(
      boolean accepted,
      int op,
      long sequence,
      @Nullable String name,
      int dataStart,
      int dataEnd,
      long guildId,
      @Nullable String error) {

    byte[] withoutData(byte[] message) {
      if (dataStart < 0) {
        return message;
      }
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.write(message, 0, dataStart);
      out.writeBytes("null".getBytes(UTF_8));
      out.write(message, dataEnd, message.length - dataEnd);
      return out.toByteArray();
    }
  }
}
