package dev.sluice.gateway.testkit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.regex.Pattern;

/** Takes the answers to interactions. Thread-safe. */
final class InteractionCallbacks implements ApiHandler {

  static final ApiHandler INSTANCE = new InteractionCallbacks();

  private static final Pattern PATH = Pattern.compile("/interactions/\\d{1,20}/[^/]+/callback");
  private static final ApiResponse NO_JSON =
      new ApiResponse(
          400, "{\"message\": \"The request body contains invalid JSON.\", \"code\": 50109}");
  private static final ApiResponse NO_TYPE =
      new ApiResponse(400, "{\"message\": \"Invalid Form Body\", \"code\": 50035}");

  private final JsonMapper mapper = new JsonMapper();

  private InteractionCallbacks() {}

  @Override
  public ApiResponse handle(ApiRequest request) {
    if (!request.method().equals("POST") || !PATH.matcher(request.path()).matches()) {
      return ApiResponse.NOT_FOUND;
    }
    JsonNode body;
    try {
      body = mapper.readTree(request.body());
    } catch (JsonProcessingException e) {
      return NO_JSON;
    }
    return body.path("type").isInt() ? ApiResponse.NO_CONTENT : NO_TYPE;
  }
}
