package dev.sluice.examples.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.testkit.ApiRequest;
import dev.sluice.gateway.testkit.LocalGateway;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.context.ConfigurableApplicationContext;

@Timeout(120)
final class SpringBotTest {

  private final BlockingQueue<ApiRequest> answers = new LinkedBlockingQueue<>();
  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void theApplicationRunsTheBotAndTellsHowItIs() throws Exception {
    try (LocalGateway gateway = SpringBot.startGateway(answers::add)) {
      gateway.respondToGatewayBot(503, "{}").get();
      try (ConfigurableApplicationContext bot = SpringBot.run(gateway)) {
        HttpResponse<String> before = get(bot, "/actuator/health/readiness");
        assertThat(before.statusCode()).isEqualTo(503);
        assertThat(before.body()).contains("gatewayReady", "DOWN", "reasons");
        assertThat(get(bot, "/actuator/health/liveness").statusCode()).isEqualTo(200);

        gateway.restoreGatewayBot().get();
        ApiRequest answer = answers.poll(60, TimeUnit.SECONDS);

        assertThat(answer).hasToString("POST /interactions/1/a-token/callback");
        assertThat(answer.body()).contains("\"type\":4", "\"content\":\"pong\"");
        HttpResponse<String> after = get(bot, "/actuator/health/readiness");
        assertThat(after.body()).contains("\"status\":\"UP\"");
        assertThat(after.statusCode()).isEqualTo(200);
        assertThat(get(bot, "/actuator/prometheus").body())
            .contains("sluice_gateway_ready 1.0", "bot_commands_answered_total");
        assertThat(get(bot, "/actuator/env").statusCode()).isEqualTo(404);
      }
      assertThat(gateway.stats().get().sessions()).as("sessions after the goodbye").isZero();
    }
  }

  private HttpResponse<String> get(ConfigurableApplicationContext bot, String path)
      throws Exception {
    String port = bot.getEnvironment().getRequiredProperty("local.server.port");
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
