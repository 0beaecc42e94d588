package dev.sluice.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Ready;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.ApiHandler;
import dev.sluice.gateway.testkit.ApiRequest;
import dev.sluice.gateway.testkit.LocalGateway;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/**
 * Answers the slash command {@code /echo}: the interaction comes through the gateway, the answer
 * goes over HTTP. On Discord it registers the command first; nothing else needs to be switched on.
 */
public final class SlashCommand {

  static final List<String> TEXTS = List.of("hello", "is this on?", "bye");

  private static final String COMMAND =
      """
      {"name":"echo","description":"Says it again",
       "options":[{"name":"text","description":"What to say","type":3,"required":true}]}""";
  private static final String INTERACTION =
      """
      {"id":"%d","type":2,"token":"token-%1$d","channel_id":"42","version":1,
       "data":{"id":"9","type":1,"name":"echo",
               "options":[{"name":"text","type":3,"value":"%2$s"}]}}""";
  private static final int APPLICATION_COMMAND = 2; // the type of an interaction
  private static final int CHANNEL_MESSAGE = 4; // the type of an answer

  private final Target target;
  private final PrintStream out;
  private final Rest rest;
  private final CountDownLatch unanswered;

  private SlashCommand(Target target, PrintStream out) {
    this.target = target;
    this.out = out;
    this.rest = new Rest(target);
    this.unanswered = new CountDownLatch(target.local() == null ? Integer.MAX_VALUE : TEXTS.size());
  }

  /**
   * Runs against Discord if {@code TOKEN} is set, else for a moment against a local gateway.
   *
   * @param args none
   */
  public static void main(String[] args) throws Exception {
    Consumer<ApiRequest> user = request -> System.out.println("the user gets " + request.body());
    try (Target target = Target.of(System.getenv(), () -> startGateway(user))) {
      run(target, System.out);
    }
  }

  static void run(Target target, PrintStream out) throws InterruptedException, ExecutionException {
    SlashCommand command = new SlashCommand(target, out);
    try (ShardManager manager =
        ShardManager.builder(target.token(), Intents.of()) // interactions need no intent
            .apiUri(target.apiUri())
            .eventTypes(Set.of(EventType.READY, EventType.INTERACTION_CREATE))
            .onDispatch(command::onDispatch)
            .build()) {
      manager.start().toCompletableFuture().get();
      command.unanswered.await();
    }
  }

  private void onDispatch(Shard shard, Dispatch dispatch) throws IOException {
    if (dispatch.type() == EventType.INTERACTION_CREATE) {
      answer(dispatch.readTree());
    } else if (target.local() == null && shard.id().id() == 0) {
      register(Ready.of(dispatch.readTree()).applicationId());
    }
  }

  /** Answers within the three seconds that Discord gives, without holding up the event loop. */
  private void answer(JsonNode interaction) {
    JsonNode command = interaction.path("data");
    if (interaction.path("type").asInt() != APPLICATION_COMMAND
        || !command.path("name").asText().equals("echo")) {
      return;
    }
    String text = command.at("/options/0/value").asText();
    ObjectNode answer = JsonNodeFactory.instance.objectNode().put("type", CHANNEL_MESSAGE);
    ObjectNode message = answer.putObject("data").put("content", text);
    message.putObject("allowed_mentions").putArray("parse"); // none: an echo is not to ping anybody
    String id = interaction.path("id").asText();
    String token = interaction.path("token").asText();
    rest.post("/interactions/" + id + '/' + token + "/callback", answer.toString())
        .whenComplete(
            (status, failure) -> {
              out.println("/echo " + text + " -> " + (failure != null ? failure : status));
              unanswered.countDown();
            });
  }

  private void register(long applicationId) {
    rest.post("/applications/" + Long.toUnsignedString(applicationId) + "/commands", COMMAND)
        .whenComplete(
            (status, failure) ->
                out.println("/echo registered -> " + (failure != null ? failure : status)));
  }

  /** {@return a gateway with a user who gives the command, and tells what came of it} */
  static LocalGateway startGateway(Consumer<ApiRequest> user) {
    GatewayServerListener commands =
        new GatewayServerListener() {
          @Override
          public void identified(ServerSession session) {
            for (int i = 0; i < TEXTS.size(); i++) {
              byte[] interaction = INTERACTION.formatted(i + 1, TEXTS.get(i)).getBytes(UTF_8);
              session.dispatch("INTERACTION_CREATE", ByteBuffer.wrap(interaction));
            }
          }
        };
    return LocalGateway.builder()
        .guildCreates(false)
        .listener(commands)
        .api(
            request -> {
              user.accept(request);
              return ApiHandler.interactions().handle(request);
            })
        .start();
  }
}
