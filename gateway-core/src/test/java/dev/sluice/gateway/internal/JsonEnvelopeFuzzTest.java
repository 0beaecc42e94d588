package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.Payloads;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Scans damaged messages and compares with a parser. */
class JsonEnvelopeFuzzTest {

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private static final Pattern MINUS_ZERO = Pattern.compile("-0(?![.eE0-9])");

  private static final List<String> MESSAGES =
      List.of(
          "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"v\":10,\"a\":[{\"b\":\"c\\\\\"}]}}",
          "{\"t\":\"TYPING_START\",\"s\":48235,\"op\":0,\"d\":[true,null,-1.5e3]}",
          "{\"t\":null,\"s\":null,\"op\":11,\"d\":null}",
          " { \"op\" : 10 , \"d\" : { \"op\" : 1 , \"d\" : \"\u00e9\" } , \"s\" : null } ",
          "{\"op\":0,\"d\":{\"s\":3},\"x\":{\"t\":[1,{}]},\"s\":9223372036854775807,\"t\":\"\\u0042\"}",
          "{\"\\u0074\":\"h\u00e9\ud83e\udeb6\",\"s\":12,\"op\":0,\"d\":\"}\",\"y\":-0.0}");

  private static final byte[] TELLING =
      "{}[]\",:\\utsopd0123.eEnlx \n\u0000\u00c3\u00ff".getBytes(UTF_8);

  private final JsonEnvelope envelope = new JsonEnvelope();
  private final Random random = new Random(7);
  private int accepted;
  private int refused;

  @Test
  void agreesWithAParserOnMessagesCutAtAnyByte() {
    for (String message : MESSAGES) {
      byte[] bytes = message.getBytes(UTF_8);
      for (int length = 0; length <= bytes.length; length++) {
        check(Arrays.copyOf(bytes, length));
      }
    }
    assertThat(accepted).isGreaterThanOrEqualTo(MESSAGES.size());
  }

  @Test
  void agreesWithAParserOnMessagesWithAnyByteChanged() {
    for (String message : MESSAGES) {
      byte[] bytes = message.getBytes(UTF_8);
      for (int i = 0; i < bytes.length; i++) {
        byte original = bytes[i];
        for (int value = 0; value < 256; value += value < 128 ? 1 : 8) {
          bytes[i] = (byte) value;
          check(bytes);
        }
        bytes[i] = original;
      }
    }
    assertThat(accepted).isGreaterThan(5_000);
    assertThat(refused).isGreaterThan(5_000);
  }

  @Test
  void agreesWithAParserOnMessagesDamagedAtRandom() {
    for (int run = 0; run < 20_000; run++) {
      byte[] message = MESSAGES.get(random.nextInt(MESSAGES.size())).getBytes(UTF_8);
      for (int change = random.nextInt(4); change >= 0; change--) {
        message = damage(message);
      }
      check(message);
    }
    assertThat(accepted).isGreaterThan(1_000);
    assertThat(refused).isGreaterThan(1_000);
  }

  @Test
  void agreesWithAParserOnBytesAtRandom() {
    for (int run = 0; run < 5_000; run++) {
      byte[] message = new byte[random.nextInt(40)];
      for (int i = 0; i < message.length; i++) {
        message[i] = telling();
      }
      check(message);
    }
    assertThat(refused).isGreaterThan(1_000);
  }

  @Test
  void agreesWithAParserOnSamplesDamagedAtRandom() {
    for (String sample : Payloads.names()) {
      byte[] message = Payloads.bytes(sample);
      for (int run = 0; message.length < 10_000 && run < 20; run++) {
        check(damage(message));
      }
    }
    assertThat(accepted).isGreaterThan(100);
  }

  private void check(byte[] message) {
    Outcome outcome = scan(message, 0, message.length);
    JsonNode tree = parse(message);
    if (tree != null && outcome.scanned && isSplitInTwo(outcome.data(message), tree)) {
      return;
    }
    if (tree != null && outcome.scanned != hasValidEnvelope(tree)) {
      fail("scan: %s: %s", outcome, new String(message, UTF_8));
    }
    if (outcome.scanned) {
      accepted++;
      assertSame(outcome, message, tree);
    } else {
      refused++;
      assertThat(outcome.error).isNotNull();
    }
    assertSameAmongOtherBytes(outcome, message);
  }

  private static void assertSame(Outcome outcome, byte[] message, @Nullable JsonNode tree) {
    // Whatever d is, what stands around it must be JSON, and say the same to a parser.
    JsonNode rest = tree == null ? parse(outcome.withoutData(message)) : tree;
    if (rest == null
        || !hasValidEnvelope(rest)
        || rest.get("op").intValue() != outcome.op
        || rest.path("s").asLong(-1) != outcome.sequence
        || !Objects.equals(rest.path("t").textValue(), outcome.name)) {
      fail("scan: %s: %s", outcome, new String(message, UTF_8));
    }
    if (tree != null && !Objects.equals(parse(outcome.data(message)), tree.get("d"))) {
      fail("scan: %s: %s", outcome, new String(message, UTF_8));
    }
  }

  /** A scan that looked beyond its range would see other bytes there. */
  private void assertSameAmongOtherBytes(Outcome alone, byte[] message) {
    byte[] padded = new byte[message.length + 30];
    Arrays.fill(padded, telling());
    System.arraycopy(message, 0, padded, 15, message.length);
    Outcome among = scan(padded, 15, 15 + message.length);
    if (!among.equals(alone)) {
      fail("alone: %s, padded: %s: %s", alone, among, new String(message, UTF_8));
    }
  }

  private Outcome scan(byte[] message, int start, int end) {
    boolean scanned = envelope.scan(ByteBuffer.wrap(message), start, end);
    boolean hasData = scanned && envelope.dataStart() >= 0;
    return new Outcome(
        scanned,
        scanned ? envelope.op() : -1,
        envelope.sequence(),
        scanned ? envelope.name() : null,
        hasData ? envelope.dataStart() - start : 0,
        hasData ? envelope.dataEnd() - start : 0,
        envelope.error());
  }

  /** The documented exception: a changed bracket made a member of its own out of a part of d. */
  private static boolean isSplitInTwo(byte[] data, JsonNode tree) {
    String last = "";
    for (Iterator<String> names = tree.fieldNames(); names.hasNext(); ) {
      last = names.next();
    }
    return data.length > 0 && parse(data) == null && !last.equals("d");
  }

  private static boolean hasValidEnvelope(JsonNode tree) {
    JsonNode op = tree.path("op");
    JsonNode s = tree.path("s");
    JsonNode t = tree.path("t");
    return tree.isObject()
        && op.isIntegralNumber()
        && op.canConvertToInt()
        && op.intValue() >= 0
        && (s.isMissingNode()
            || s.isNull()
            || (s.isIntegralNumber() && s.canConvertToLong() && s.longValue() >= 0))
        && (t.isMissingNode() || t.isNull() || t.isTextual());
  }

  /**
   * {@return the tree, or null when the bytes are no UTF-8 or no JSON} A minus zero becomes a minus
   * one: to the scan it is negative, but in a tree it would be lost.
   */
  private static @Nullable JsonNode parse(byte[] message) {
    try {
      String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(message)).toString();
      JsonNode tree = MAPPER.readTree(MINUS_ZERO.matcher(text).replaceAll("-1"));
      return tree.isMissingNode() ? null : tree;
    } catch (CharacterCodingException | JacksonException e) {
      return null;
    }
  }

  private byte[] damage(byte[] message) {
    int at = random.nextInt(message.length + 1);
    int removed = random.nextInt(3) == 0 ? random.nextInt(5) : random.nextInt(2);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(message, 0, at);
    for (int inserted = random.nextInt(3); inserted > 0; inserted--) {
      out.write(telling());
    }
    int rest = Math.min(message.length, at + removed);
    out.write(message, rest, message.length - rest);
    return out.toByteArray();
  }

  private byte telling() {
    return TELLING[random.nextInt(TELLING.length)];
  }

  private record Outcome(
      boolean scanned,
      int op,
      long sequence,
      @Nullable String name,
      int dataStart,
      int dataEnd,
      @Nullable String error) {

    byte[] data(byte[] message) {
      return Arrays.copyOfRange(message, dataStart, dataEnd);
    }

    byte[] withoutData(byte[] message) {
      if (dataEnd == 0) {
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
