package dev.sluice.gateway.testkit.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.ActiveFault;
import dev.sluice.gateway.testkit.ApiResponse;
import dev.sluice.gateway.testkit.Fault;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
@LocalGatewayTest(timeoutSeconds = 30)
final class TestGatewayTest {

  @Test
  void aManagedBotHandlesEventsAndSendsCommands(TestGateway gateway) {
    Queue<String> handled = new ConcurrentLinkedQueue<>();
    try (ShardManager bot =
        ShardManager.builder(gateway.token(), RawBot.INTENTS)
            .apiUri(gateway.apiUri())
            .eventLoopThreads(1)
            .onDispatch(
                (shard, dispatch) -> {
                  if (dispatch.type() == EventType.MESSAGE_CREATE) {
                    handled.add(dispatch.readTree().path("content").asText());
                    shard.send(new GatewayCommand.UpdatePresence(Presence.doNotDisturb()));
                  }
                })
            .build()) {
      bot.start();

      gateway.send(Events.messageCreate().content("a tunnel")).awaitReceived();

      assertThat(handled).containsExactly("a tunnel");
      gateway.awaitCommand(Opcode.PRESENCE_UPDATE).has("/status", "dnd");

      gateway.cut();
      gateway.send(Events.messageCreate().content("a ladder")).awaitReceived();

      assertThat(handled).containsExactly("a tunnel", "a ladder");
      gateway.awaitCommand(Opcode.PRESENCE_UPDATE);
      gateway.assertNoCommand();
      gateway.assertIdentifies(1);
      gateway.assertResumes(1);
    }
  }

  @Test
  void anEventIsReceivedInTheOrderInWhichItWasSent(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway)) {
      for (int i = 0; i < 20; i++) {
        gateway.send(Events.messageCreate().content("message " + i));
      }
      SentEvent last = gateway.send(Events.messageCreate().content("the last"));

      last.awaitReceived();

      assertThat(bot.contents()).hasSize(21).last().isEqualTo("the last");
    }
  }

  @Test
  void anEventOfAFileComesAsItStandsThere(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway)) {
      SentEvent sent =
          gateway.send(Events.fromResource(TestGatewayTest.class, "message.json")).awaitReceived();

      assertThat(bot.contents()).containsExactly("from a file");
      assertThat(sent.id()).isEqualTo(1_401_234_567_890_123_456L);
      assertThat(sent.channelId()).isEqualTo(1_400_000_000_000_000_001L);
      assertThat(sent.toString()).startsWith("MESSAGE_CREATE {\"id\"");
    }
  }

  @Test
  @LocalGatewayTest(shards = 3, guildCreates = false)
  void anEventGoesToTheShardOfItsGuild(TestGateway gateway) {
    try (RawBot first = RawBot.connect(gateway, new ShardId(0, 3), RawBot.INTENTS);
        RawBot second = RawBot.connect(gateway, new ShardId(1, 3), RawBot.INTENTS);
        RawBot third = RawBot.connect(gateway, new ShardId(2, 3), RawBot.INTENTS)) {
      gateway.awaitReady();

      SentEvent sent =
          gateway.send(
              Events.messageCreate().guildId(gateway.guildId(1)).content("!status second"));
      gateway.send(Events.messageCreate().direct().content("direct"));
      gateway.awaitReceived();

      assertThat(first.contents()).containsExactly("direct");
      assertThat(second.contents()).containsExactly("!status second");
      assertThat(third.contents()).isEmpty();
      assertThat(sent.deliveries())
          .singleElement()
          .satisfies(delivery -> assertThat(delivery.shard()).isEqualTo(new ShardId(1, 3)));
      gateway.awaitCommand().isOfShard(1);
    }
  }

  @Test
  void sendWaitsForTheSession(TestGateway gateway) {
    CompletableFuture<SentEvent> sent =
        inBackground(() -> gateway.send(Events.messageCreate().content("early")));

    try (RawBot bot = RawBot.connect(gateway)) {
      sent.join().awaitReceived();

      assertThat(bot.contents()).containsExactly("early");
    }
  }

  @Test
  void anEventThatWasSentWhileTheBotWasAwayComesWithTheResume(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway)) {
      gateway.awaitReady();
      gateway.awaitReceived();
      gateway.cut(0);
      assertThat(bot.awaitClosed()).isEqualTo(1006);
      SentEvent sent = gateway.send(Events.messageCreate().content("meanwhile"));

      CompletableFuture<SentEvent> received = inBackground(sent::awaitReceived);
      bot.reconnect();
      received.join();

      assertThat(bot.contents()).containsExactly("meanwhile");
      gateway.assertIdentifies(1);
      gateway.assertResumes(1);
    }
  }

  @Test
  void aForgottenSessionIsNotResumed(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway)) {
      gateway.awaitReady();
      gateway.awaitReceived();
      gateway.cut();
      SentEvent sent = gateway.send(Events.messageCreate());

      gateway.expireSessions();
      bot.reconnect();

      assertFailure(sent::awaitReceived)
          .withMessageContaining("MESSAGE_CREATE, sequence 3 of shard 0/1: its session ended");
      gateway.assertResumes(0);
    }
  }

  @Test
  void theBotIsToldWhyItIsClosed(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway)) {
      gateway.awaitReady();

      gateway.closeConnections(4009);

      assertThat(bot.awaitClosed()).isEqualTo(4009);
      assertThat(gateway.journal()).contains("shard 0/1: the connection ended with 4009");
    }
  }

  @Test
  void theBotIsAskedToReconnect(TestGateway gateway) throws Exception {
    try (RawBot bot = RawBot.connect(gateway)) {
      gateway.awaitReady();
      gateway.awaitReceived();

      gateway.requestReconnect();
      bot.awaitOp(7);
      gateway.invalidateSessions(true);
      bot.awaitOp(9);
      CompletableFuture<Boolean> ready =
          inBackground(
              () -> {
                gateway.awaitReady();
                return true;
              });
      bot.leave();
      bot.reconnect();
      ready.join();

      gateway.assertResumes(1);
    }
  }

  @Test
  void commandsAreAwaitedByKind(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway)) {
      gateway.awaitReady();
      gateway.awaitReceived();
      bot.send(
          """
          {"op":4,"d":{"guild_id":"41","channel_id":"42","self_mute":true,"self_deaf":false}}""");
      bot.send(
          """
          {"op":3,"d":{"since":null,"activities":[],"status":"idle","afk":true}}""");

      BotCommand presence = gateway.awaitCommand(Opcode.PRESENCE_UPDATE);
      BotCommand voice = gateway.awaitCommand();

      presence.has("/status", "idle").has("/activities", new int[0]).has("/since", null);
      voice.has("/guild_id", 41).has("/channel_id", "42").has("/self_mute", true).hasNo("/mute");
      assertThat(voice.opcode()).isEqualTo(Opcode.VOICE_STATE_UPDATE);
      assertThat(voice.shard()).isEqualTo(ShardId.SINGLE);
      gateway.assertNoCommand();
    }
  }

  @Test
  void aRequestForMembersIsAnswered(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway)) {
      gateway.awaitReady();
      gateway.awaitReceived();
      bot.send(
          """
          {"op":8,"d":{"guild_id":"%d","user_ids":["7"],"nonce":"n1"}}"""
              .formatted(gateway.guildId()));

      BotCommand request = gateway.awaitCommand(Opcode.REQUEST_GUILD_MEMBERS);
      gateway
          .send(Events.guildMembersChunk(request, List.of(Map.of("user", Map.of("id", "7")))))
          .awaitReceived();

      assertThat(bot.events)
          .filteredOn(event -> event.path("t").asText().equals("GUILD_MEMBERS_CHUNK"))
          .extracting(event -> event.path("d").toString())
          .containsExactly(
              "{\"chunk_index\":0,\"chunk_count\":1,\"guild_id\":\""
                  + gateway.guildId()
                  + "\",\"members\":[{\"user\":{\"id\":\"7\"}}],\"nonce\":\"n1\"}");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Events.guildMembersChunk(request, Collections.nCopies(1001, "")))
          .withMessage("members: 1001 (expected: <= 1000)");
    }
  }

  @Test
  void aCommandThatIsNotAsExpectedIsTold(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway)) {
      gateway.send(Events.messageCreate().content("!status chess"));
      BotCommand command = gateway.awaitCommand();

      String inCommand = " in PRESENCE_UPDATE of shard 0/1: " + command.d();
      assertFailure(() -> command.has("/status", "online"))
          .withMessage("/status: \"dnd\" (expected: \"online\")" + inCommand);
      assertFailure(() -> command.has("/activities/1/name", "go"))
          .withMessage("/activities/1/name: no value (expected: \"go\")" + inCommand);
      assertFailure(() -> command.hasNo("/since"))
          .withMessage("/since: null (expected: no value)" + inCommand);
      assertFailure(() -> command.isOfShard(2)).withMessage("shard: 0 (expected: 2)" + inCommand);
      assertThat(bot.contents()).hasSize(1);
    }
  }

  @Test
  void anAnswerOverHttpIsAwaited(TestGateway gateway) throws Exception {
    try (RawBot bot = RawBot.connect(gateway)) {
      SentEvent message = gateway.send(Events.messageCreate().content("!ping"));
      SentEvent command = gateway.send(Events.slashCommand("ping"));
      String callback =
          "/interactions/" + command.id() + '/' + command.d().path("token").asText() + "/callback";
      String channel = "/channels/" + message.channelId() + "/messages";
      assertThat(request(gateway, "POST", callback, "{\"type\":4}").statusCode()).isEqualTo(204);
      JsonNode sent =
          Json.parse("body", request(gateway, "POST", channel, "{\"content\":\"pong\"}").body());
      request(gateway, "PUT", channel + "/1/reactions/x/@me?a=b", "");

      message.awaitAnswer().has("/content", "pong").hasNo("/embeds");
      command.awaitAnswer().has("/type", 4);
      BotRequest reaction = gateway.awaitRequest();

      assertThat(reaction.method()).isEqualTo("PUT");
      assertThat(reaction.path()).isEqualTo(channel + "/1/reactions/x/@me");
      assertThat(reaction.query()).isEqualTo("a=b");
      assertThat(reaction.body()).isEmpty();
      assertThat(reaction.json().isMissingNode()).isTrue();
      assertThat(sent.path("content").asText()).isEqualTo("pong");
      assertThat(sent.path("channel_id").asLong()).isEqualTo(message.channelId());
      assertThat(sent.at("/author/bot").asBoolean()).isTrue();
      assertThat(sent.path("id").asLong()).isPositive();
      assertThat(gateway.journal())
          .contains("the bot asked POST " + channel + " {\"content\":\"pong\"}, answered with 200");
      assertThat(bot.contents()).hasSizeLessThan(2);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          PATCH  | /channels/42/messages/7               | {"content":"a"} | 200
          POST   | /webhooks/1/a-token                   | {"content":"a"} | 200
          PATCH  | /webhooks/1/a-token/messages/@original | no JSON         | 200
          DELETE | /channels/42/messages/7               |                 | 204
          POST   | /channels/42/typing                   |                 | 204
          POST   | /guilds/42/roles                      | {}              | 404
          """)
  void requestsAreAnsweredAsIfAllHadGoneWell(
      String method, String path, String body, int status, TestGateway gateway) throws Exception {
    String sent = body == null ? "" : body;

    assertThat(request(gateway, method, path, sent).statusCode()).isEqualTo(status);

    assertThat(gateway.awaitRequest(method, path).body()).isEqualTo(sent);
  }

  @Test
  void aTestCanAnswerRequestsItself(TestGateway gateway) throws Exception {
    gateway.answerRequests(request -> new ApiResponse(429, "{\"retry_after\":1}"));

    HttpResponse<String> response = request(gateway, "POST", "/channels/42/messages", "{}");

    assertThat(response.statusCode()).isEqualTo(429);
    assertThat(response.body()).isEqualTo("{\"retry_after\":1}");
  }

  @Test
  @LocalGatewayTest(timeoutSeconds = 1)
  void anAnswerThatDoesNotComeIsTold(TestGateway gateway) throws Exception {
    try (RawBot bot = RawBot.connect(gateway).awaitReady()) {
      SentEvent message = gateway.send(Events.messageCreate().channelId(42));
      request(gateway, "POST", "/channels/43/messages", "{\"content\":\"pong\"}");

      assertFailure(message::awaitAnswer)
          .withMessageStartingWith(
              "POST /channels/42/messages: none within 1 s (expected: one; others that came:"
                  + " [POST /channels/43/messages {\"content\":\"pong\"}])\nwhat the gateway saw");
      BotRequest other = gateway.awaitRequest();
      assertFailure(() -> other.has("/content", "ping"))
          .withMessage("/content: \"pong\" (expected: \"ping\") in " + other);
      assertFailure(gateway::awaitRequest)
          .withMessageStartingWith("request: none within 1 s (expected: one)");
      assertThatIllegalStateException()
          .isThrownBy(gateway.send(Events.of("ENTITLEMENT_CREATE"))::awaitAnswer)
          .withMessageContaining("not to be answered (expected: a channel_id, or");
      assertThat(bot.others).isEmpty();
    }
  }

  @Test
  void aCommandThatNobodyAwaitedIsTold(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway)) {
      gateway.send(Events.messageCreate().content("!status chess"));

      assertFailure(gateway::assertNoCommand)
          .withMessageStartingWith("commands: [PRESENCE_UPDATE of shard 0/1: {")
          .withMessageContaining("(expected: none)");
      assertThat(bot.contents()).hasSize(1);
    }
  }

  @Test
  @LocalGatewayTest(timeoutSeconds = 1)
  void aCommandThatDoesNotComeIsToldWithWhatTheGatewaySaw(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway).awaitReady()) {
      gateway.send(Events.messageCreate().content("!status chess"));
      while (!gateway.journal().contains("sent PRESENCE_UPDATE")) { // bounded by the time-out
        Thread.onSpinWait();
      }

      assertFailure(() -> gateway.awaitCommand(Opcode.VOICE_STATE_UPDATE))
          .withMessageStartingWith(
              "VOICE_STATE_UPDATE: none within 1 s (expected: one; others that came:"
                  + " [PRESENCE_UPDATE of shard 0/1: {")
          .withMessageContaining("\nwhat the gateway saw:\n")
          .withMessageContaining("a connection was opened\n")
          .withMessageContaining("shard 0/1: identified with the intents 4609 [GUILDS, ")
          .withMessageContaining("the test sends MESSAGE_CREATE of guild " + gateway.guildId())
          .withMessageContaining("shard 0/1: sent PRESENCE_UPDATE {");
      assertThat(bot.contents()).hasSize(1);
    }
  }

  @Test
  @LocalGatewayTest(timeoutSeconds = 1)
  void aBotThatNeverCameIsTold(TestGateway gateway) {
    assertFailure(() -> gateway.send(Events.slashCommand("roll")))
        .withMessageStartingWith(
            "INTERACTION_CREATE: no session of the shard of guild "
                + gateway.guildId()
                + " within 1 s (expected: one to send it to)\nwhat the gateway saw:\n");
    assertFailure(gateway::cut)
        .withMessageStartingWith("all shards: not there (expected: at least one, to be struck)");
    assertFailure(() -> gateway.closeConnections(4000, 2, 3))
        .withMessageStartingWith("shard 2, 3: not there");
    assertFailure(gateway::awaitCommand)
        .withMessageStartingWith("command: none within 1 s (expected: one)");
  }

  @Test
  @LocalGatewayTest(shards = 2, timeoutSeconds = 1)
  void shardsThatAreNotReadyAreTold(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway, new ShardId(1, 2), RawBot.INTENTS).awaitReady()) {
      gateway.send(Events.messageCreate().guildId(gateway.guildId(1)));

      assertFailure(gateway::awaitReady)
          .withMessageStartingWith(
              "shards: 1 ready within 1 s (expected: 2; not ready: 0/2)\nwhat the gateway saw");
      assertThat(bot.others).isEmpty();
    }
  }

  @Test
  @LocalGatewayTest(timeoutSeconds = 1)
  void aBotThatAnswersNoHeartbeatIsTold(TestGateway gateway) {
    try (RawBot bot = RawBot.connectSilent(gateway).awaitReady()) {
      SentEvent sent = gateway.send(Events.messageCreate());

      assertFailure(sent::awaitReceived)
          .withMessageContaining("of shard 0/1: no heartbeat named it within 1 s");
      assertThat(bot.others).isEmpty();
    }
  }

  @Test
  @LocalGatewayTest(timeoutSeconds = 1)
  void aBotThatDoesNotGetWhatIsSentIsTold(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway).awaitReady()) {
      try (ActiveFault stalled =
          gateway.local().fault(Fault.stall(Fault.Direction.TO_CLIENT)).start()) {
        SentEvent sent = gateway.send(Events.messageCreate());

        assertFailure(sent::awaitReceived).withMessageContaining("within 1 s");
        assertThat(bot.contents()).isEmpty();
        assertThat(stalled).isNotNull();
      }
    }
  }

  @Test
  void anEventThatTheIntentsDoNotCoverIsTold(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway, ShardId.SINGLE, Intents.of(Intent.GUILDS))) {
      gateway.awaitReady();

      assertFailure(() -> gateway.send(Events.messageCreate()))
          .withMessageStartingWith(
              "MESSAGE_CREATE: not covered by the intents of shard 0/1, 1 [GUILDS] (expected:");
      assertThat(bot.contents()).isEmpty();
    }
  }

  @Test
  void sessionsThatWereNotExpectedAreTold(TestGateway gateway) {
    assertFailure(() -> gateway.assertIdentifies(1))
        .withMessageStartingWith("identifies: 0 (expected: 1)\n");
    assertFailure(() -> gateway.assertResumes(2))
        .withMessageStartingWith("resumes: 0 (expected: 2)\n");
  }

  @Test
  void anInterruptEndsAWaitAndStays(TestGateway gateway) {
    Thread.currentThread().interrupt();

    assertFailure(gateway::awaitCommand).withMessageStartingWith("interrupted: command: none");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void onlyCommandsCanBeAwaited(TestGateway gateway) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> gateway.awaitCommand(Opcode.HEARTBEAT))
        .withMessageStartingWith("opcode: HEARTBEAT (expected: one of [PRESENCE_UPDATE, ");
    assertThatIllegalArgumentException().isThrownBy(() -> gateway.guildId(1));
  }

  @Test
  void theTokenIsInNoJournal(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway)) {
      gateway.send(Events.messageCreate()).awaitReceived();

      assertThat(gateway.journal()).isNotEmpty().doesNotContain(gateway.token());
      assertThat(bot.contents()).hasSize(1);
    }
  }

  @Test
  void aClosedGatewayIsNoLongerAsked(TestGateway gateway) {
    gateway.local().close();

    assertThatIllegalStateException().isThrownBy(gateway::stats);
  }

  @Test
  void whatIsMadeUpLooksLikeDiscords(TestGateway gateway) {
    try (RawBot bot = RawBot.connect(gateway)) {
      SentEvent sent = gateway.send(Events.slashCommand("roll").option("sides", 6)).awaitReceived();

      JsonNode d = sent.d();
      assertThat(d.at("/guild_id").asLong()).isEqualTo(gateway.guildId());
      assertThat(d.at("/data/name").asText()).isEqualTo("roll");
      assertThat(bot.events)
          .filteredOn(event -> event.path("t").asText().equals("INTERACTION_CREATE"))
          .singleElement()
          .satisfies(event -> assertThat(event.path("d")).isEqualTo(d));
    }
  }

  /** Waits on a thread of its own, for the JDK's client needs those of the common pool. */
  private static <T> CompletableFuture<T> inBackground(Supplier<T> wait) {
    return CompletableFuture.supplyAsync(wait, task -> new Thread(task, "background").start());
  }

  private static HttpResponse<String> request(
      TestGateway gateway, String method, String path, String body) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(gateway.apiUri() + path))
                .header("Authorization", "Bot " + gateway.token())
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }

  private static ThrowableAssertAlternative<AssertionError> assertFailure(ThrowingCallable code) {
    return assertThatExceptionOfType(AssertionError.class).isThrownBy(code);
  }
}
