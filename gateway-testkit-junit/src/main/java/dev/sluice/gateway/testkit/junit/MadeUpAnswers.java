package dev.sluice.gateway.testkit.junit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.testkit.ApiHandler;
import dev.sluice.gateway.testkit.ApiRequest;
import dev.sluice.gateway.testkit.ApiResponse;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Answers requests as if all had gone well, so that the client of a bot is content. */
final class MadeUpAnswers implements ApiHandler {

  private static final int OK = 200;

  /** What sends or edits a message: in a channel, or as the answer to an interaction. */
  private static final Pattern MESSAGES =
      Pattern.compile(
          "POST /channels/(\\d+)/messages|PATCH /channels/(\\d+)/messages/\\d+"
              + "|POST /webhooks/\\d+/[^/]+|PATCH /webhooks/\\d+/[^/]+/messages/[^/]+");

  private static final Pattern WITHOUT_CONTENT =
      Pattern.compile("(PUT|DELETE) .*|POST /channels/\\d+/typing");

  private final Supplier<ObjectNode> messages;

  /**
   * Makes the answers.
   *
   * @param messages makes up the data of a MESSAGE_CREATE
   */
  MadeUpAnswers(Supplier<ObjectNode> messages) {
    this.messages = messages;
  }

  @Override
  public ApiResponse handle(ApiRequest request) {
    String what = request.method() + ' ' + request.path();
    Matcher message = MESSAGES.matcher(what);
    if (message.matches()) {
      String channel = message.group(1) != null ? message.group(1) : message.group(2);
      return message(request, channel);
    }
    return WITHOUT_CONTENT.matcher(what).matches()
        ? ApiResponse.NO_CONTENT
        : ApiHandler.interactions().handle(request);
  }

  private ApiResponse message(ApiRequest request, @Nullable String channel) {
    ObjectNode message = messages.get();
    message.remove("guild_id");
    message.remove("member");
    message.put("content", Json.parseAny(request.body()).path("content").asText());
    message.withObject("/author").put("bot", true);
    if (channel != null) {
      message.put("channel_id", channel);
    }
    return new ApiResponse(OK, message.toString());
  }
}
