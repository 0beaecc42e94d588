package dev.sluice.gateway.testkit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Growing bytes that an event is written into, reused from one event to the next. Not thread-safe.
 */
final class JsonBuffer {

  private static final byte[] DIGITS =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
          .getBytes(StandardCharsets.US_ASCII);
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final int MAX_DECIMAL_DIGITS = 20;
  private static final int MILLIS_PER_DAY = 86_400_000;

  private byte[] bytes = new byte[8192];
  private int length;
  private ByteBuffer view = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
  private long cachedDay = Long.MIN_VALUE;
  private byte[] cachedDate = {};

  void clear() {
    length = 0;
  }

  /** {@return what was written, by a view that is valid until the next write} */
  ByteBuffer view() {
    return view.limit(length).position(0);
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, length);
  }

  void write(byte[] source) {
    ensure(source.length);
    System.arraycopy(source, 0, bytes, length, source.length);
    length += source.length;
  }

  void write(char ascii) {
    ensure(1);
    bytes[length++] = (byte) ascii;
  }

  void writeDecimal(long value) {
    ensure(MAX_DECIMAL_DIGITS);
    int digits = 1;
    for (long rest = value; rest >= 10; rest /= 10) {
      digits++;
    }
    writeDigits(value, digits);
  }

  void writeHex(SplittableRandom random, int digits) {
    ensure(digits);
    long bits = 0;
    for (int i = 0; i < digits; i++) {
      bits = i % 16 == 0 ? random.nextLong() : bits >>> 4;
      bytes[length++] = HEX[(int) bits & 0xf];
    }
  }

  void writeBase62(SplittableRandom random, int digits) {
    ensure(digits);
    long bits = 0;
    for (int i = 0; i < digits; i++) {
      bits = i % 8 == 0 ? random.nextLong() : bits >>> 8;
      bytes[length++] = DIGITS[((int) bits & 0xff) % DIGITS.length];
    }
  }

  /** Writes a time as Discord does, {@code 2026-07-30T18:42:07.318000+00:00}. */
  void writeIsoTime(long epochMillis) {
    long day = Math.floorDiv(epochMillis, MILLIS_PER_DAY);
    if (day != cachedDay) {
      cachedDay = day;
      cachedDate = LocalDate.ofEpochDay(day).toString().getBytes(StandardCharsets.US_ASCII);
    }
    int millis = (int) Math.floorMod(epochMillis, (long) MILLIS_PER_DAY);
    ensure(32);
    write(cachedDate);
    write('T');
    writeDigits(millis / 3_600_000, 2);
    write(':');
    writeDigits(millis / 60_000 % 60, 2);
    write(':');
    writeDigits(millis / 1000 % 60, 2);
    write('.');
    writeDigits(millis % 1000, 3);
    write(MICROS_AND_OFFSET);
  }

  private static final byte[] MICROS_AND_OFFSET = "000+00:00".getBytes(StandardCharsets.US_ASCII);

  private void writeDigits(long value, int digits) {
    long rest = value;
    for (int i = length + digits - 1; i >= length; i--) {
      bytes[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    length += digits;
  }

  private void ensure(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
      view = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }
  }
}
