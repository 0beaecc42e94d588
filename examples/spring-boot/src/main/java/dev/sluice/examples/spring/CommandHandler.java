package dev.sluice.examples.spring;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.netty.DispatchHandler;
import dev.sluice.gateway.netty.Shard;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.Map;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import org.springframework.web.client.RestClient;

/** Answers every slash command with "pong". Runs on the workers, so it may wait for HTTP. */
@Component
class CommandHandler implements DispatchHandler {

  private static final String USER_AGENT =
      "DiscordBot (https://github.com/sluice-gateway/sluice, 0.1.0)";
  private static final int APPLICATION_COMMAND = 2; // the type of an interaction
  private static final int CHANNEL_MESSAGE = 4; // the type of an answer

  private final RestClient discord;
  private final Counter answered;

  CommandHandler(@Value("${discord.api-uri}") String apiUri, MeterRegistry meters) {
    discord =
        RestClient.builder()
            .baseUrl(apiUri)
            .defaultHeader(HttpHeaders.USER_AGENT, USER_AGENT)
            .build();
    answered = meters.counter("bot.commands.answered");
  }

  @Override
  public void onDispatch(Shard shard, Dispatch dispatch) throws IOException {
    if (dispatch.type() != EventType.INTERACTION_CREATE) {
      return;
    }
    JsonNode interaction = dispatch.readTree();
    if (interaction.path("type").asInt() != APPLICATION_COMMAND) {
      return;
    }
    discord
        .post()
        .uri(
            "/interactions/{id}/{token}/callback",
            interaction.path("id").asText(),
            interaction.path("token").asText())
        .contentType(MediaType.APPLICATION_JSON)
        .body(Map.of("type", CHANNEL_MESSAGE, "data", Map.of("content", "pong")))
        .retrieve()
        .toBodilessEntity();
    answered.increment();
  }
}
