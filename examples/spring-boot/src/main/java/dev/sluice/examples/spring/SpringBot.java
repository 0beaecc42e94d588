package dev.sluice.examples.spring;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.ApiHandler;
import dev.sluice.gateway.testkit.ApiRequest;
import dev.sluice.gateway.testkit.LocalGateway;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.client.RestClient;

/**
 * A bot on Spring Boot. The wiring is in {@link GatewayConfiguration}, what the bot does in {@link
 * CommandHandler}.
 */
@SpringBootApplication
class SpringBot {

  private static final String INTERACTION =
      """
      {"id":"1","type":2,"token":"a-token","channel_id":"42","version":1,
       "data":{"id":"9","type":1,"name":"ping"}}""";
  private static final long MAX_SECONDS = 60;

  /**
   * Runs against Discord if {@code TOKEN} is set, until it is told to end; else answers a command
   * of a local gateway, and shows what an operator would see.
   *
   * @param args of Spring Boot, such as {@code --server.port=8080}
   */
  public static void main(String[] args) throws InterruptedException {
    if (System.getenv("TOKEN") != null) {
      SpringApplication.run(SpringBot.class, args);
      return;
    }
    BlockingQueue<ApiRequest> answers = new LinkedBlockingQueue<>();
    try (LocalGateway gateway = startGateway(answers::add);
        ConfigurableApplicationContext bot = run(gateway)) {
      System.out.println("/ping is answered by " + answers.poll(MAX_SECONDS, TimeUnit.SECONDS));
      String base = "http://127.0.0.1:" + bot.getEnvironment().getProperty("local.server.port");
      RestClient operator = RestClient.create(base);
      for (String path : new String[] {"/actuator/health/readiness", "/actuator/prometheus"}) {
        System.out.println("GET " + path);
        String body = operator.get().uri(path).retrieve().body(String.class);
        String.valueOf(body)
            .lines()
            .filter(line -> line.matches("\\{.*|(sluice_gateway_ready|bot_commands).*"))
            .forEach(System.out::println);
      }
    }
  }

  static ConfigurableApplicationContext run(LocalGateway gateway) {
    return SpringApplication.run(
        SpringBot.class,
        "--server.port=0",
        "--discord.token=" + gateway.token(),
        "--discord.api-uri=" + gateway.apiUri());
  }

  /** {@return a gateway with a user who gives one command} */
  static LocalGateway startGateway(Consumer<ApiRequest> requests) {
    GatewayServerListener user =
        new GatewayServerListener() {
          @Override
          public void identified(ServerSession session) {
            session.dispatch("INTERACTION_CREATE", ByteBuffer.wrap(INTERACTION.getBytes(UTF_8)));
          }
        };
    return LocalGateway.builder()
        .guildCreates(false)
        .listener(user)
        .api(
            request -> {
              requests.accept(request);
              return ApiHandler.interactions().handle(request);
            })
        .start();
  }
}
