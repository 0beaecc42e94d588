package dev.sluice.gateway.testkit.junit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.testkit.ApiRequest;
import org.jspecify.annotations.Nullable;

/**
 * A request that the bot has sent to the HTTP API: a message, an answer to an interaction.
 * Immutable.
 *
 * <p>The assertions return the request, to be chained; they throw {@link AssertionError} with the
 * whole request in the message.
 */
public final class BotRequest {

  private static final int MAX_PATH = 100;

  private final ApiRequest request;
  private final JsonNode json;

  BotRequest(ApiRequest request) {
    this.request = request;
    this.json = Json.parseAny(request.body());
  }

  /** {@return the method, in upper case} */
  public String method() {
    return request.method();
  }

  /** {@return the path below {@code /api/v10}, such as {@code /channels/42/messages}} */
  public String path() {
    return request.path();
  }

  /** {@return what follows the question mark, as it came; empty if there is none} */
  public String query() {
    return request.query();
  }

  /** {@return the body as UTF-8, empty if there is none} */
  public String body() {
    return request.body();
  }

  /** {@return the body as JSON, a copy; a missing node if it is none} */
  public JsonNode json() {
    return json.deepCopy();
  }

  /**
   * Asserts that the body has a value, and what it is.
   *
   * @param pointer where it is, as a JSON pointer
   * @param expected the value: anything that Jackson writes as JSON, null for JSON's {@code null}.
   *     A number also equals a string of its digits, for ids are sent as strings
   * @return this
   * @throws AssertionError if there is none or another, or the body is no JSON
   * @throws IllegalArgumentException if the pointer is none
   */
  public BotRequest has(String pointer, @Nullable Object expected) {
    Json.requireValue(json, pointer, expected, this);
    return this;
  }

  /**
   * Asserts that the body has no such value.
   *
   * @param pointer where it would be, as a JSON pointer
   * @return this
   * @throws AssertionError if there is one, {@code null} too
   * @throws IllegalArgumentException if the pointer is none
   */
  public BotRequest hasNo(String pointer) {
    Json.requireNone(json, pointer, this);
    return this;
  }

  boolean is(String method, String path) {
    return method().equals(method) && path().equals(path);
  }

  /** {@return the method, the path and the body} */
  @Override
  public String toString() {
    String path = path();
    String shown = path.length() <= MAX_PATH ? path : path.substring(0, MAX_PATH) + "...";
    return method() + ' ' + shown + ' ' + body();
  }
}
