package dev.sluice.gateway.netty.internal.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class Utf8Test {

  private static final long SEED = 20_261_126;
  private static final int[] INTERESTING = {
    0x00, 0x22, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1,
    0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7, 0xF8, 0xFB, 0xFC, 0xFE, 0xFF
  };

  /**
   * The table of the well-formed byte sequences (Unicode 15, table 3-7), byte by byte: the ranges
   * of the first and the second byte, and how many continuations follow those.
   */
  private static final int[][] WELL_FORMED = {
    {0xC2, 0xDF, 0x80, 0xBF, 0},
    {0xE0, 0xE0, 0xA0, 0xBF, 1},
    {0xE1, 0xEC, 0x80, 0xBF, 1},
    {0xED, 0xED, 0x80, 0x9F, 1},
    {0xEE, 0xEF, 0x80, 0xBF, 1},
    {0xF0, 0xF0, 0x90, 0xBF, 2},
    {0xF1, 0xF3, 0x80, 0xBF, 2},
    {0xF4, 0xF4, 0x80, 0x8F, 2},
  };

  /** What {@link Utf8#check} must return, in the plainest way. */
  private static int reference(byte[] bytes, int from, int to) {
    int i = from;
    while (i < to) {
      int start = i;
      int first = bytes[i++] & 0xFF;
      if (first < 0x80) {
        continue;
      }
      int[] row = null;
      for (int[] candidate : WELL_FORMED) {
        if (first >= candidate[0] && first <= candidate[1]) {
          row = candidate;
        }
      }
      if (row == null) {
        return Utf8.MALFORMED;
      }
      int low = row[2];
      int high = row[3];
      for (int left = row[4]; left >= 0; left--) {
        if (i == to) {
          return start;
        }
        int next = bytes[i++] & 0xFF;
        if (next < low || next > high) {
          return Utf8.MALFORMED;
        }
        low = 0x80;
        high = 0xBF;
      }
    }
    return to;
  }

  @Test
  void knowsEveryCodePoint() {
    ByteBuffer bytes = ByteBuffer.allocateDirect(4 + Long.BYTES);
    for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
      if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
        continue;
      }
      byte[] encoded = Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
      bytes.clear().put(encoded);
      if (Utf8.check(bytes, 0, encoded.length) != encoded.length // at the end of the text
          || Utf8.check(bytes, 0, bytes.limit()) != bytes.limit()) { // within it
        throw new AssertionError(
            "U+" + Integer.toHexString(codePoint) + " (expected: well-formed)");
      }
      for (int i = 0; i < encoded.length; i++) {
        bytes.put(i, (byte) 0);
      }
    }
  }

  @Test
  void agreesOnEverySequenceOfThreeBytes() {
    byte[] bytes = new byte[3];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    for (int sequence = 0; sequence < 1 << 24; sequence++) {
      bytes[0] = (byte) (sequence >> 16);
      bytes[1] = (byte) (sequence >> 8);
      bytes[2] = (byte) sequence;
      expectAgreement(bytes, buffer, 0, 3);
    }
  }

  @Test
  void agreesOnSequencesOfFourBytesWithAndWithoutMoreBehindThem() {
    byte[] bytes = new byte[5];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    for (int first = 0x80; first < 0x100; first++) {
      for (int second = 0; second < 0x100; second++) {
        for (int third : INTERESTING) {
          for (int fourth : INTERESTING) {
            bytes[0] = (byte) first;
            bytes[1] = (byte) second;
            bytes[2] = (byte) third;
            bytes[3] = (byte) fourth;
            bytes[4] = 'x';
            expectAgreement(bytes, buffer, 0, 4);
            expectAgreement(bytes, buffer, 0, 5);
          }
        }
      }
    }
  }

  private static void expectAgreement(byte[] bytes, ByteBuffer buffer, int from, int to) {
    int expected = reference(bytes, from, to);
    int actual = Utf8.check(buffer, from, to);
    if (actual != expected) { // without AssertJ, for there are millions
      throw new AssertionError(
          "%s from %d to %d: %d (expected: %d)"
              .formatted(HexFormat.of().formatHex(bytes), from, to, actual, expected));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void agreesOnRandomTextsWithFaultsWhereverTheyBegin(boolean direct) {
    Random random = new Random(SEED);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = randomText(random);
      for (int faults = random.nextInt(3); faults > 0 && bytes.length > 0; faults--) {
        bytes[random.nextInt(bytes.length)] =
            (byte) INTERESTING[random.nextInt(INTERESTING.length)];
      }
      ByteBuffer buffer =
          direct
              ? ByteBuffer.allocateDirect(bytes.length).put(bytes).flip()
              : ByteBuffer.wrap(bytes);
      int from = random.nextInt(bytes.length + 1);
      expectAgreement(bytes, buffer, from, bytes.length);
      expectAgreement(bytes, buffer, 0, from);
      expectAgreement(bytes, buffer, 0, bytes.length);
    }
  }

  @Test
  void findsAFaultAtEveryIndexOfALongText() {
    byte[] bytes = "x".repeat(300).getBytes(StandardCharsets.US_ASCII);
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    for (int from = 0; from < 9; from++) {
      for (int i = from; i < bytes.length; i++) {
        buffer.put(i, (byte) 0xFF);
        assertThat(Utf8.check(buffer, from, bytes.length)).as("at %d", i).isEqualTo(-1);
        assertThat(Utf8.check(buffer, from, i)).as("before %d", i).isEqualTo(i);
        buffer.put(i, (byte) 'x');
      }
    }
  }

  @Test
  void aTextThatComesInPartsIsCheckedAsOneWithoutLookingBack() {
    Random random = new Random(SEED);
    for (int round = 0; round < 2_000; round++) {
      byte[] bytes = randomText(random);
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      int step = 1 + random.nextInt(9);
      int checked = 0;
      for (int to = 0; to < bytes.length; to = Math.min(bytes.length, to + step)) {
        checked = Utf8.check(buffer, checked, to);
        assertThat(checked).isGreaterThan(to - 4);
      }
      assertThat(Utf8.check(buffer, checked, bytes.length)).isEqualTo(bytes.length);
    }
  }

  static Arguments[] texts() {
    return new Arguments[] {
      arguments("nothing", ""),
      arguments("ASCII", "The quick brown fox jumps over the lazy dog. ".repeat(20)),
      arguments("with accents", "Zażółć gęślą jaźń, c'est déjà l'été. ".repeat(20)),
      arguments("Cyrillic", "Съешь же ещё этих мягких французских булок. ".repeat(20)),
      arguments("Japanese", "いろはにほへと ちりぬるを 我が世誰ぞ。".repeat(20)),
      arguments("emoji", "🦊🎉👩‍👩‍👧‍👦 ok ".repeat(20)),
    };
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("texts")
  void takesTextInWhicheverScriptCutAnywhere(String name, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    for (int cut = 0; cut <= bytes.length; cut++) {
      int checked = Utf8.check(buffer, 0, cut);
      assertThat(checked).isEqualTo(reference(bytes, 0, cut)).isNotNegative();
      assertThat(Utf8.check(buffer, checked, bytes.length)).isEqualTo(bytes.length);
    }
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "overlong slash in two bytes, C0AF",
    "overlong slash in three bytes, E080AF",
    "overlong slash in four bytes, F08080AF",
    "overlong U+07FF, E09FBF",
    "overlong U+FFFF, F08FBFBF",
    "first surrogate, EDA080",
    "last surrogate, EDBFBF",
    "pair of surrogates, EDA080EDB080",
    "U+110000, F4908080",
    "five bytes, F888808080",
    "six bytes, FC8480808080",
    "lonely continuation, 80",
    "one continuation too many, C3A4A4",
    "start within a character, E282C3A4",
    "byte that never occurs, FE",
    "byte order mark of UTF-16, FFFE",
    "surrogate as soon as it is one, EDA0",
    "overlong as soon as it is so, E080",
    "too large as soon as it is so, F490",
  })
  void refuses(String name, String hex) {
    byte[] fault = HexFormat.of().parseHex(hex);
    for (int ascii = 0; ascii < 80; ascii++) {
      ByteBuffer bytes = ByteBuffer.allocate(ascii + fault.length);
      Arrays.fill(bytes.array(), (byte) 'a');
      bytes.put(ascii, fault);
      assertThat(Utf8.check(bytes, 0, bytes.limit())).isEqualTo(Utf8.MALFORMED);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"C3", "E2", "E282", "ED9F", "F0", "F09F", "F09F8E", "F4", "F48F"})
  void tellsWhereACharacterThatBreaksOffBegins(String hex) {
    byte[] part = HexFormat.of().parseHex(hex);
    for (int ascii = 0; ascii < 80; ascii++) {
      ByteBuffer bytes = ByteBuffer.allocate(ascii + part.length);
      bytes.put(ascii, part);
      assertThat(Utf8.check(bytes, 0, bytes.limit())).isEqualTo(ascii);
    }
  }

  @Test
  void allocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    byte[] text =
        "{\"content\":\"caf\u00e9 \u20ac \ud83e\udd8a\"}"
            .repeat(20)
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocateDirect(text.length).put(text).flip();
    long sum = 0;
    for (int i = 0; i < 20_000; i++) {
      sum += Utf8.check(bytes, 0, text.length);
    }
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 10_000; i++) {
      sum += Utf8.check(bytes, 0, text.length);
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;

    assertThat(sum).isEqualTo(30_000L * text.length);
    assertThat(allocated).isLessThan(10_000); // what the measuring costs, less than a byte a check
  }

  private static byte[] randomText(Random random) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (int runs = random.nextInt(12); runs > 0; runs--) {
      int most = 1 << random.nextInt(22); // of all lengths of characters alike
      for (int length = random.nextInt(1 << random.nextInt(8)); length > 0; length--) {
        int codePoint = random.nextInt(Math.min(most, Character.MAX_CODE_POINT) + 1);
        if (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE) {
          text.writeBytes(Character.toString(codePoint).getBytes(StandardCharsets.UTF_8));
        }
      }
    }
    return text.toByteArray();
  }
}
