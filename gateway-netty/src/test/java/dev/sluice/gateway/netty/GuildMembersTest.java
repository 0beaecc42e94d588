package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.GuildMembersChunk;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.netty.GuildMembersException.Reason;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.MemberChunks;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class GuildMembersTest extends Resources {

  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(200);

  /** Answers each request with as many members as the guild's number says. */
  private static final class Members implements GatewayServerListener {

    final List<JsonNode> requests = new CopyOnWriteArrayList<>();

    @Override
    public void received(ServerSession session, Opcode opcode, JsonNode d) {
      if (opcode == Opcode.REQUEST_GUILD_MEMBERS) {
        requests.add(d);
        List<ObjectNode> members = new ArrayList<>();
        for (int i = 1; i <= d.path("guild_id").asInt(); i++) {
          ObjectNode member = JsonNodeFactory.instance.objectNode();
          member.putObject("user").put("id", Integer.toString(i));
          members.add(member);
        }
        MemberChunks.dispatch(session, d, members);
      }
    }
  }

  private final Recorder recorder = new Recorder();
  private final Members members = new Members();

  private ShardManager local(Encoding encoding) throws Exception {
    LocalGateway gateway = open(LocalGateway.builder().listener(members).start());
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.of(Intent.GUILD_MEMBERS))
                .apiUri(gateway.apiUri())
                .shards(1)
                .encoding(encoding)
                .eventSink(recorder)
                .build());
    get(manager.start());
    get(manager.ready());
    return manager;
  }

  private ShardManager scripted(ScriptedGateway gateway) throws Exception {
    ShardManager manager =
        open(
            ShardManager.builder("token", Intents.of())
                .gatewayUri(gateway.uri())
                .shards(1)
                .maxConcurrency(1)
                .identifyLimiter(new ShardManagerTest.UnlimitedIdentifies())
                .compression(Compression.NONE)
                .eventSink(recorder)
                .listener(recorder)
                .configure(config -> config.maxQueuedCommands(2).maxBackoff(Duration.ofMillis(50)))
                .build());
    get(manager.start());
    return manager;
  }

  private static String chunk(long sequence, String nonce, int index, int count, int... ids) {
    StringBuilder found = new StringBuilder();
    for (int id : ids) {
      found.append(found.isEmpty() ? "" : ",").append("{\"user\":{\"id\":\"" + id + "\"}}");
    }
    return Frames.event(
        "GUILD_MEMBERS_CHUNK",
        sequence,
        "{\"members\":["
            + found
            + "],\"nonce\":\""
            + nonce
            + "\",\"chunk_index\":"
            + index
            + ",\"chunk_count\":"
            + count
            + '}');
  }

  private static List<Integer> ids(GuildMembers answer) throws Exception {
    return answer.members().stream().map(m -> m.at("/user/id").asInt()).toList();
  }

  private static String nonce(ScriptedGateway.Peer peer) throws Exception {
    return peer.expectOp(8).at("/d/nonce").asText();
  }

  /** Waits until the shard has handled what this thread asked of it before. */
  private static void awaitHandled(ShardManager manager, ScriptedGateway.Peer peer)
      throws Exception {
    assertThat(get(manager.send(GatewayCommand.UpdateVoiceState.leave(7))))
        .isEqualTo(CommandOutcome.SENT);
    peer.expectOp(4);
  }

  private static void expectFailure(CompletableFuture<?> answer, Reason reason) {
    assertThatThrownBy(() -> answer.get(TIMEOUT_SECONDS, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            GuildMembersException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @ParameterizedTest
  @EnumSource
  void gathersTheChunksOfAWholeListWhichTheApplicationGetsToo(Encoding encoding) throws Exception {
    ShardManager manager = local(encoding);

    GuildMembers answer = get(manager.requestGuildMembers(RequestGuildMembers.all(2500), LONG));

    assertThat(answer.chunks()).hasSize(3);
    assertThat(answer.guildId()).isEqualTo(2500);
    assertThat(ids(answer))
        .hasSize(2500)
        .startsWith(1, 2, 3)
        .endsWith(2500)
        .doesNotHaveDuplicates();
    assertThat(answer.presences()).isEmpty();
    assertThat(answer.notFound()).isEmpty();
    assertThat(answer).hasToString("GuildMembers[2500 in 3 chunks]");
    recorder.await(
        "the chunks",
        () ->
            recorder.events(0).stream().filter(e -> e.name().equals("GUILD_MEMBERS_CHUNK")).count()
                == 3);
  }

  @Test
  void tellsWhichIdsAreOfNoMember() throws Exception {
    ShardManager manager = local(Encoding.JSON);

    GuildMembers answer =
        get(manager.requestGuildMembers(RequestGuildMembers.byIds(2, List.of(1L, 9L, -9L)), LONG));

    assertThat(answer.notFound()).containsExactly(9L, -9L);
    assertThat(answer).hasToString("GuildMembers[2 in 1 chunk]");
  }

  @Test
  void handsOnChunksAsTheyCome() throws Exception {
    ShardManager manager = local(Encoding.JSON);
    List<Integer> sizes = new CopyOnWriteArrayList<>();

    int chunks =
        get(
            manager.requestGuildMembers(
                RequestGuildMembers.all(1200),
                LONG,
                (shard, chunk, dispatch) -> sizes.add(dispatch.readTree().path("members").size())));

    assertThat(chunks).isEqualTo(2);
    assertThat(sizes).containsExactly(1000, 200);
  }

  @Test
  void aHandlerThatFailsEndsItsRequestAlone() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = scripted(gateway);
      ScriptedGateway.Peer peer = open(gateway.ready(3_600_000));
      CompletableFuture<GuildMembers> gathered =
          manager.requestGuildMembers(RequestGuildMembers.all(7), LONG);
      CompletableFuture<Integer> streamed =
          manager.requestGuildMembers(
              RequestGuildMembers.all(7),
              LONG,
              (shard, chunk, dispatch) -> {
                throw new NoClassDefFoundError("broken handler");
              });

      String nonce = nonce(peer);
      awaitHandled(manager, peer);
      peer.text(chunk(2, nonce, 0, 1, 5));

      expectFailure(streamed, Reason.HANDLER_FAILED);
      assertThat(ids(get(gathered))).containsExactly(5);
    }
  }

  @Test
  void callersThatWantTheSameListAtTheSameTimeShareOneRequest() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = scripted(gateway);
      ScriptedGateway.Peer peer = open(gateway.ready(3_600_000));
      CompletableFuture<GuildMembers> first =
          manager.requestGuildMembers(RequestGuildMembers.all(7), LONG);
      String nonce = nonce(peer);
      CompletableFuture<GuildMembers> second =
          manager.requestGuildMembers(RequestGuildMembers.all(7), LONG);
      assertThat(first.cancel(false)).as("the other one still waits").isTrue();
      awaitHandled(manager, peer);

      peer.text(chunk(2, nonce, 1, 2, 6));
      recorder.awaitEvent(0, "GUILD_MEMBERS_CHUNK");
      CompletableFuture<GuildMembers> late =
          manager.requestGuildMembers(RequestGuildMembers.byPrefix(7, "x", 1), LONG);
      String otherNonce = nonce(peer);
      peer.text(chunk(3, nonce, 0, 2, 5));
      peer.text(chunk(4, otherNonce, 0, 1, 8));

      assertThat(ids(get(second))).containsExactly(5, 6);
      assertThat(ids(get(late))).containsExactly(8);
    }
  }

  @Test
  void countsNoChunkTwiceThatAResumeBringsAgain() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = scripted(gateway);
      ScriptedGateway.Peer peer = open(gateway.ready(3_600_000));
      CompletableFuture<GuildMembers> answer =
          manager.requestGuildMembers(RequestGuildMembers.all(7), LONG);
      String nonce = nonce(peer);
      peer.text(chunk(2, nonce, 0, 2, 5));
      recorder.awaitEvent(0, "GUILD_MEMBERS_CHUNK");
      peer.reset();

      ScriptedGateway.Peer again = open(gateway.greet(3_600_000));
      again.expectOp(6);
      again.text(chunk(3, nonce, 0, 2, 5));
      again.text(chunk(4, nonce, 0, 9, 5));
      again.text(chunk(5, nonce, 1, 2, 6));
      again.text(Frames.event("RESUMED", 6, "{}"));

      assertThat(ids(get(answer))).containsExactly(5, 6);
    }
  }

  @Test
  void asksAgainAfterAResumeWhatWasLostWithTheTransport() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = scripted(gateway);
      ScriptedGateway.Peer peer = open(gateway.ready(3_600_000));
      CompletableFuture<GuildMembers> answer =
          manager.requestGuildMembers(RequestGuildMembers.byPrefix(7, "x", 1), LONG);
      String nonce = nonce(peer);
      peer.reset();

      ScriptedGateway.Peer again = open(gateway.greet(3_600_000));
      again.expectOp(6);
      again.text(Frames.event("RESUMED", 2, "{}"));
      assertThat(nonce(again)).isEqualTo(nonce);
      again.text(chunk(3, nonce, 0, 1, 5));

      assertThat(ids(get(answer))).containsExactly(5);
    }
  }

  @Test
  void asksAgainWhatWasRateLimitedAndDoesNotCountTheWaitAsSilence() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = scripted(gateway);
      ScriptedGateway.Peer peer = open(gateway.ready(3_600_000));
      List<Duration> heldBack = new CopyOnWriteArrayList<>();
      CompletableFuture<Integer> answer =
          manager.requestGuildMembers(
              RequestGuildMembers.byPrefix(7, "x", 1),
              Duration.ofMillis(500),
              new GuildMembersHandler() {
                @Override
                public void onChunk(Shard shard, GuildMembersChunk chunk, Dispatch dispatch) {}

                @Override
                public void onHeldBack(Shard shard, Duration atLeast) {
                  heldBack.add(atLeast);
                  throw new IllegalStateException("broken handler");
                }
              });
      String nonce = nonce(peer);
      peer.text(
          Frames.event(
              "RATE_LIMITED",
              2,
              "{\"retry_after\":1.0,\"opcode\":8,\"meta\":{\"guild_id\":\"7\",\"nonce\":\""
                  + nonce
                  + "\"}}"));

      assertThat(nonce(peer)).isEqualTo(nonce);
      peer.text(chunk(3, nonce, 0, 1, 5));

      assertThat(get(answer)).isEqualTo(1);
      assertThat(heldBack).containsExactly(Duration.ofSeconds(1));
    }
  }

  @Test
  @Tag("soak") // the window of a whole list is 30 s
  void aSecondWholeListIsHeldBackAndThenAnswered() throws Exception {
    ShardManager manager = local(Encoding.JSON);
    get(manager.requestGuildMembers(RequestGuildMembers.all(3), LONG));
    List<Duration> heldBack = new CopyOnWriteArrayList<>();

    CompletableFuture<Integer> second =
        manager.requestGuildMembers(
            RequestGuildMembers.all(3),
            SHORT,
            new GuildMembersHandler() {
              @Override
              public void onChunk(Shard shard, GuildMembersChunk chunk, Dispatch dispatch) {}

              @Override
              public void onHeldBack(Shard shard, Duration atLeast) {
                heldBack.add(atLeast);
              }
            });

    assertThat(second.get(60, TimeUnit.SECONDS)).isEqualTo(1);
    assertThat(members.requests).hasSize(2);
    assertThat(heldBack)
        .singleElement()
        .satisfies(
            wait -> assertThat(wait).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(31)));
  }

  @Test
  void failsWhenTheGatewaySaysNothing() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = scripted(gateway);
      ScriptedGateway.Peer peer = open(gateway.ready(3_600_000));
      CompletableFuture<GuildMembers> answer =
          manager.requestGuildMembers(RequestGuildMembers.all(7), SHORT);
      peer.text(chunk(2, nonce(peer), 0, 3, 5));

      expectFailure(answer, Reason.TIMED_OUT);
      assertThatThrownBy(answer::join)
          .hasMessageContaining("members of guild 7: 1 of 3 chunks for too long (shard in READY)");
    }
  }

  @Test
  void whatIsCancelledBeforeItWasSentIsNotSent() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = scripted(gateway);
      ScriptedGateway.Peer peer = open(gateway.greet(3_600_000));
      peer.expectOp(2);
      Shard shard = manager.shards().iterator().next();
      CompletableFuture<GuildMembers> first =
          shard.requestGuildMembers(RequestGuildMembers.byPrefix(7, "x", 1), LONG);
      CompletableFuture<GuildMembers> second =
          shard.requestGuildMembers(RequestGuildMembers.byPrefix(8, "x", 1), LONG);
      CompletableFuture<GuildMembers> third =
          shard.requestGuildMembers(RequestGuildMembers.byPrefix(9, "x", 1), LONG);
      expectFailure(third, Reason.REFUSED); // two may wait

      first.cancel(false);
      second.completeExceptionally(new IllegalStateException("as a time-out does"));
      CompletableFuture<GuildMembers> fourth =
          shard.requestGuildMembers(RequestGuildMembers.byPrefix(10, "x", 1), LONG);
      CompletableFuture<GuildMembers> fifth =
          shard.requestGuildMembers(RequestGuildMembers.byPrefix(11, "x", 1), LONG);
      expectFailure(
          shard.requestGuildMembers(RequestGuildMembers.byPrefix(12, "x", 1), LONG),
          Reason.REFUSED);
      assertThat(fifth).isNotDone();
      peer.text(Frames.ready("session", gateway.uri().toString()));

      JsonNode sent = peer.expectOp(8);
      assertThat(sent.at("/d/guild_id").asInt()).isEqualTo(10);
      peer.text(chunk(2, sent.at("/d/nonce").asText(), 0, 1, 5));
      assertThat(ids(get(fourth))).containsExactly(5);
    }
  }

  @Test
  void failsWithTheSessionOrTheShard() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = scripted(gateway);
      ScriptedGateway.Peer peer = open(gateway.ready(3_600_000));
      CompletableFuture<GuildMembers> sent =
          manager.requestGuildMembers(RequestGuildMembers.all(7), LONG);
      nonce(peer);
      CompletableFuture<GuildMembers> waits =
          manager.requestGuildMembers(RequestGuildMembers.all(7).withPresences(), LONG);
      awaitHandled(manager, peer);
      peer.text("{\"op\":9,\"d\":false}");

      expectFailure(sent, Reason.SESSION_LOST);
      expectFailure(waits, Reason.SESSION_LOST);

      ScriptedGateway.Peer again = open(gateway.ready(3_600_000));
      recorder.awaitState(0, GatewayState.READY, 2);
      CompletableFuture<GuildMembers> last =
          manager.requestGuildMembers(RequestGuildMembers.byPrefix(7, "x", 1), LONG);
      nonce(again);
      manager.stop(StopMode.RESTART);
      again.awaitClose();
      again.close();
      expectFailure(last, Reason.SHARD_ENDED);
      expectFailure(manager.requestGuildMembers(RequestGuildMembers.all(7), LONG), Reason.REFUSED);
    }
  }

  @Test
  void refusesWhatCannotBeAnswered() throws Exception {
    EmbeddedShard embedded = new EmbeddedShard();
    Shard shard = new Shard(embedded, new ShardId(1, 4), 1, embedded.context);
    long guild = 5L << 22;

    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> shard.requestGuildMembers(RequestGuildMembers.all(guild).withNonce("n"), LONG))
        .withMessage("nonce: n (expected: none, for it gets one of its own)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> shard.requestGuildMembers(RequestGuildMembers.all(6L << 22), LONG))
        .withMessage("guild: 25165824 of shard 2 (expected: of shard 1/4)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> shard.requestGuildMembers(RequestGuildMembers.all(guild), Duration.ZERO))
        .withMessage("timeout: PT0S (expected: >= 1 ms)");
    ShardIndex index = new ShardIndex();
    FleetCommands commands = new FleetCommands(index, embedded::config);
    expectFailure(
        commands.requestGuildMembers(RequestGuildMembers.all(guild), LONG), Reason.NOT_HERE);
    expectFailure(
        commands.requestGuildMembers(RequestGuildMembers.all(guild), LONG, (s, c, d) -> {}),
        Reason.NOT_HERE);
  }

  @Test
  void aRequestThatIsTooLongFailsWithTheReason() throws Exception {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ShardManager manager = scripted(gateway);
      open(gateway.ready(3_600_000));

      CompletableFuture<GuildMembers> answer =
          manager.requestGuildMembers(RequestGuildMembers.byPrefix(7, "x".repeat(5000), 1), LONG);

      assertThatThrownBy(() -> get(answer))
          .hasCauseInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("4096");
      assertThat(
              get(manager.send(GatewayCommand.UpdateVoiceState.leave(7)))) // the shard is unharmed
          .isEqualTo(CommandOutcome.SENT);
    }
  }
}
