package dev.sluice.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/** Reads the fields of typed views, and says what is wrong with one. */
final class Views {

  private static final int MAX_SHOWN = 100;

  private Views() {}

  static int intWithin(String name, JsonNode value, int min, int max) throws IOException {
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < min
        || value.intValue() > max) {
      throw unexpected(name, value, "a whole number in " + min + ".." + max);
    }
    return value.intValue();
  }

  /** A snowflake, which is text in JSON and mostly a number in ETF; 0 for anything else. */
  static long id(JsonNode value) {
    if (value.isIntegralNumber()) {
      return value.longValue();
    }
    try {
      return value.isTextual() ? Long.parseUnsignedLong(value.textValue()) : 0;
    } catch (NumberFormatException notAnId) {
      return 0;
    }
  }

  static IOException unexpected(String name, JsonNode value, String expected) {
    return new IOException(name + ": " + shown(value) + " (expected: " + expected + ')');
  }

  static String shown(JsonNode value) {
    if (value.isMissingNode()) {
      return "missing";
    }
    String text = value.toString();
    return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
  }
}
