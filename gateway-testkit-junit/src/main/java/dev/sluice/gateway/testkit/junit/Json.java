package dev.sluice.gateway.testkit.junit;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What is done with JSON here. */
final class Json {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  /** {@return a value as JSON, in the types that a parser would give it} */
  static JsonNode of(@Nullable Object value) {
    try {
      return MAPPER.readTree(MAPPER.writeValueAsBytes(value));
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "value: " + value + " (expected: one that Jackson writes as JSON)", e);
    }
  }

  /**
   * {@return the tree of a text}
   *
   * @throws IllegalArgumentException if it is no JSON object
   */
  static ObjectNode parse(String what, String json) {
    try {
      if (MAPPER.readTree(json) instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          what + ": " + e.getOriginalMessage() + " (expected: a JSON object)", e);
    }
    throw new IllegalArgumentException(what + ": no object (expected: a JSON object)");
  }

  /** {@return the tree of a text, a missing node if it is no JSON} */
  static JsonNode parseAny(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  /**
   * Asserts that a value is there, and what it is.
   *
   * @param whole what to show beside the value
   */
  static void requireValue(JsonNode tree, String pointer, @Nullable Object expected, Object whole) {
    JsonNode actual = tree.at(JsonPointer.compile(pointer));
    JsonNode wanted = of(expected);
    if (!matches(actual, wanted)) {
      throw new GatewayAssertionError(
          pointer + ": " + describe(actual) + " (expected: " + wanted + ") in " + whole,
          wanted,
          actual);
    }
  }

  /** Asserts that no value is there. */
  static void requireNone(JsonNode tree, String pointer, Object whole) {
    JsonNode actual = tree.at(JsonPointer.compile(pointer));
    if (!actual.isMissingNode()) {
      throw new GatewayAssertionError(
          pointer + ": " + describe(actual) + " (expected: no value) in " + whole);
    }
  }

  private static String describe(JsonNode value) {
    return value.isMissingNode() ? "no value" : value.toString();
  }

  static byte[] toBytes(JsonNode tree) {
    return tree.toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * {@return whether two values are equal, numbers by value, and by digits where one is a string}
   */
  static boolean matches(JsonNode actual, JsonNode expected) {
    if (actual.isNumber() && expected.isNumber()) {
      return actual.decimalValue().compareTo(expected.decimalValue()) == 0;
    }
    if (actual.isTextual() && expected.isNumber()) {
      return actual.textValue().equals(expected.asText());
    }
    if (actual instanceof ObjectNode object && expected instanceof ObjectNode other) {
      return object.size() == other.size()
          && object.properties().stream()
              .allMatch(entry -> matches(entry.getValue(), other.path(entry.getKey())));
    }
    if (actual instanceof ArrayNode array && expected instanceof ArrayNode other) {
      boolean equal = array.size() == other.size();
      for (int i = 0; equal && i < array.size(); i++) {
        equal = matches(array.path(i), other.path(i));
      }
      return equal;
    }
    return actual.equals(expected);
  }
}
