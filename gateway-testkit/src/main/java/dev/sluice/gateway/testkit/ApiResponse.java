package dev.sluice.gateway.testkit;

import java.util.Objects;

/**
 * What a request to Discord's HTTP API is answered with. Immutable.
 *
 * @param status the HTTP status, 200 to 599
 * @param body the body, JSON as a rule; empty with 204
 */
public record ApiResponse(int status, String body) {

  /** Success that there is nothing to say about. */
  public static final ApiResponse NO_CONTENT = new ApiResponse(204, "");

  /** What Discord answers on a path that it does not know. */
  public static final ApiResponse NOT_FOUND =
      new ApiResponse(404, "{\"message\": \"404: Not Found\", \"code\": 0}");

  /**
   * Checks the ranges.
   *
   * @param status the HTTP status, 200 to 599
   * @param body the body, JSON as a rule; empty with 204
   * @throws IllegalArgumentException if the status is another, or 204 has a body
   */
  public ApiResponse {
    Objects.requireNonNull(body, "body");
    if (status < 200 || status > 599) {
      throw new IllegalArgumentException("HTTP status: " + status + " (expected: 200..599)");
    }
    if (status == 204 && !body.isEmpty()) {
      throw new IllegalArgumentException(
          "body: " + body.length() + " characters (expected: none with 204)");
    }
  }
}
