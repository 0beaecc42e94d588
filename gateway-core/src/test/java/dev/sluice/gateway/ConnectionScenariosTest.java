package dev.sluice.gateway;

import static dev.sluice.gateway.Scenario.BASE;
import static dev.sluice.gateway.Scenario.INTENTS;
import static dev.sluice.gateway.Scenario.NOW;
import static dev.sluice.gateway.Scenario.RESUME_URL;
import static dev.sluice.gateway.Scenario.TOKEN;
import static dev.sluice.gateway.Scenario.in;
import static dev.sluice.gateway.Scenario.live;
import static dev.sluice.gateway.Scenario.scenario;
import static dev.sluice.gateway.Scenario.session;
import static dev.sluice.gateway.Scenario.storedScenario;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.sluice.gateway.Reconnect.Cause;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectionScenariosTest {

  @Test
  void identifiesAndBecomesReady() {
    scenario()
        .shard(3, 16)
        .expectState(GatewayState.IDLE)
        .expectCause(Cause.START)
        .expectOpen(BASE)
        .expectDelayMillis(0)
        .open()
        .expectState(GatewayState.WAIT_HELLO)
        .expectNothingSent()
        .hello(41_250)
        .expectState(GatewayState.IDENTIFYING)
        .expectSent(Opcode.IDENTIFY)
        .expectSentData(
            d -> {
              assertThat(d.get("token").asText()).isEqualTo(TOKEN);
              assertThat(d.get("intents").asInt()).isEqualTo(INTENTS.value());
              assertThat(d.get("shard").toString()).isEqualTo("[3,16]");
              assertThat(d.get("large_threshold").asInt()).isEqualTo(50);
              assertThat(d.get("properties").get("browser").asText()).isEqualTo("sluice");
              assertThat(d.has("presence")).isFalse();
            })
        .ready("session-1", RESUME_URL)
        .expectDispatch(EventType.READY)
        .expectState(GatewayState.READY)
        .event()
        .expectDispatch(EventType.TYPING_START)
        .expectNothingSent()
        .expectIgnored(0)
        .expectMalformed(0);
  }

  @Test
  void worksTheSameCompressed() {
    scenario()
        .compressed()
        .expectOpen(BASE)
        .open()
        .hello()
        .expectSent(Opcode.IDENTIFY)
        .ready()
        .event()
        .expectDispatch(EventType.TYPING_START)
        .lost()
        .expectOpen(RESUME_URL)
        .resume()
        .event()
        .expectDispatch(EventType.TYPING_START);
  }

  @Test
  void aConnectionCanBeMadeWithTheSystemsClock() {
    GatewayConnection connection =
        GatewayConnection.create(GatewayConfig.builder(TOKEN, INTENTS).build());

    assertThat(connection.shouldReconnect()).isTrue();
    assertThat(connection.shard()).isEqualTo(ShardId.SINGLE);
    assertThat(connection.nextTimeoutNanos()).isEqualTo(Long.MAX_VALUE);
    assertThat(connection.reconnect().uri())
        .isEqualTo(URI.create(BASE + "/?v=10&encoding=json&compress=zlib-stream"));
  }

  @Test
  void everySequenceCountsAlsoThatOfAnUnknownEvent() {
    Scenario scenario =
        live().dispatch(7, "SOMETHING_NEW", "[1]").expectDispatch(EventType.UNKNOWN);

    assertThat(scenario.dispatch().name()).isEqualTo("SOMETHING_NEW");
    assertThat(scenario.connection().receivedSequence()).isEqualTo(7);
  }

  @Test
  void theSequenceNeverFalls() {
    Scenario scenario = live().dispatch(9, "TYPING_START", "{}").dispatch(4, "TYPING_START", "{}");

    scenario.expectDispatch(EventType.TYPING_START); // delivered: at least once
    assertThat(scenario.connection().receivedSequence()).isEqualTo(9);
  }

  @Test
  void aReplayIsDeliveredAndEndsWithResumed() {
    Scenario scenario =
        storedScenario()
            .open()
            .hello()
            .expectSent(Opcode.RESUME)
            .event()
            .expectDispatch(EventType.TYPING_START)
            .expectState(GatewayState.RESUMING)
            .event()
            .resumed()
            .expectDispatch(EventType.RESUMED)
            .expectState(GatewayState.READY);

    assertThat(scenario.connection().receivedSequence()).isEqualTo(43);
  }

  @Test
  void aGatewayMayAnswerResumeWithANewSession() {
    Scenario scenario = in(GatewayState.RESUMING);
    int epoch = scenario.connection().sessionEpoch();

    scenario.ready("session-2", RESUME_URL).expectState(GatewayState.READY);

    assertThat(scenario.connection().sessionId()).isEqualTo("session-2");
    assertThat(scenario.connection().receivedSequence()).isEqualTo(1);
    assertThat(scenario.connection().sessionEpoch()).isEqualTo(epoch + 1);
  }

  @Test
  void anEventBeforeTheSessionIsIgnored() {
    for (GatewayState state :
        List.of(GatewayState.WAIT_HELLO, GatewayState.WAIT_PERMIT, GatewayState.IDENTIFYING)) {
      Scenario scenario = in(state).dispatch(3, "TYPING_START", "{}").expectNoDispatch();
      scenario.expectIgnored(1).expectState(state);
      assertThat(scenario.connection().receivedSequence()).isEqualTo(-1);
    }
  }

  @Test
  void aSecondHelloRearmsTheHeartbeat() {
    for (GatewayState state :
        List.of(
            GatewayState.WAIT_PERMIT,
            GatewayState.IDENTIFYING,
            GatewayState.RESUMING,
            GatewayState.READY)) {
      Scenario scenario = in(state).jitter(0.5).hello(10_000).expectState(state);
      assertThat(scenario.connection().heartbeatInterval()).isEqualTo(10_000);
      scenario.advanceMillis(5_000).expectSent(Opcode.HEARTBEAT);
    }
  }

  // Sessions.

  @Test
  void resumesAStoredSessionOnItsUrl() {
    scenario()
        .session(session(40))
        .expectOpen(RESUME_URL)
        .open()
        .hello()
        .expectState(GatewayState.RESUMING)
        .expectSent(Opcode.RESUME)
        .expectSentData(
            d -> {
              assertThat(d.get("token").asText()).isEqualTo(TOKEN);
              assertThat(d.get("session_id").asText()).isEqualTo("session-0");
              assertThat(d.get("seq").asLong()).isEqualTo(40);
            });
  }

  @Test
  void aStoredSessionWithoutUrlIsResumedOnTheBase() {
    GatewaySession stored = session(40);
    scenario()
        .session(
            new GatewaySession(
                stored.sessionId(),
                null,
                40,
                7,
                stored.shard(),
                INTENTS,
                10,
                Encoding.JSON,
                Compression.NONE,
                NOW,
                NOW))
        .expectOpen(BASE)
        .open()
        .hello()
        .expectSent(Opcode.RESUME);
  }

  static List<GatewaySession> mismatches() {
    Encoding json = Encoding.JSON;
    Compression none = Compression.NONE;
    return List.of(
        stored(new ShardId(0, 2), INTENTS, 10, json, none),
        stored(ShardId.SINGLE, Intents.of(Intent.GUILDS), 10, json, none),
        stored(ShardId.SINGLE, INTENTS, 9, json, none),
        stored(ShardId.SINGLE, INTENTS, 10, Encoding.ETF, none),
        stored(ShardId.SINGLE, INTENTS, 10, json, Compression.ZLIB_STREAM));
  }

  private static GatewaySession stored(
      ShardId shard, Intents intents, int version, Encoding encoding, Compression compression) {
    return new GatewaySession(
        "session-0", RESUME_URL, 40, 7, shard, intents, version, encoding, compression, NOW, NOW);
  }

  @ParameterizedTest
  @MethodSource("mismatches")
  void aStoredSessionThatDoesNotMatchIsAFreshIdentify(GatewaySession stored) {
    Scenario scenario = scenario().session(stored).expectOpen(BASE).expectSessionDropped();

    assertThat(scenario.connection().reconnect().detail())
        .contains(stored.mismatch(config(), ShardId.SINGLE))
        .contains("expected: ");
    scenario.open().hello().expectSent(Opcode.IDENTIFY).advanceMillis(41_250);
    scenario.expectHeartbeatOf(null);
  }

  private static GatewayConfig config() {
    return GatewayConfig.builder(TOKEN, INTENTS).compression(Compression.NONE).build();
  }

  @Test
  void theSessionCanBeStoredAndHoldsNoToken() {
    GatewaySession stored = live().event().event().connection().session();

    assertThat(stored)
        .isEqualTo(
            new GatewaySession(
                "session-1",
                RESUME_URL,
                2, // the last event is still with the application
                9,
                ShardId.SINGLE,
                INTENTS,
                10,
                Encoding.JSON,
                Compression.NONE,
                NOW,
                NOW));
    assertThat(String.valueOf(stored)).doesNotContain(TOKEN);
  }

  @Test
  void theTokenIsInNoConfigurationThatIsPrinted() {
    assertThat(config().toString()).doesNotContain(TOKEN);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GatewayConfig.builder(TOKEN + ' ', INTENTS))
        .withMessageNotContaining(TOKEN);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GatewayConfig.builder("Bot " + TOKEN, INTENTS))
        .withMessageNotContaining(TOKEN);
  }

  // Identify permits.

  @Test
  void identifiesOnlyWithAPermit() {
    Scenario scenario = scenario().permitsGranted().open();
    assertThat(scenario.connection().identifyWanted()).isFalse();
    scenario.hello().expectState(GatewayState.WAIT_PERMIT).expectNothingSent();
    assertThat(scenario.connection().identifyWanted()).isTrue();

    scenario.permit().expectSent(Opcode.IDENTIFY).expectState(GatewayState.IDENTIFYING);

    assertThat(scenario.connection().identifyWanted()).isFalse();
    assertThat(scenario.connection().identifyAbandoned()).isFalse();
  }

  @Test
  void beatsWhileItWaitsForItsPermit() {
    scenario()
        .permitsGranted()
        .open()
        .hello()
        .advanceAcknowledgedMillis(300_000)
        .expectState(GatewayState.WAIT_PERMIT)
        .permit()
        .expectSent(Opcode.IDENTIFY);
  }

  @Test
  void aTransportThatIsLostBeforeIdentifyAbandonsThePermit() {
    Scenario scenario = in(GatewayState.WAIT_PERMIT).lost();
    assertThat(scenario.connection().identifyAbandoned()).isTrue();
    scenario.permit().expectIgnored(1).expectNothingSent();

    scenario.open().hello();
    assertThat(scenario.connection().identifyAbandoned()).isFalse();
    scenario.permit().expectSent(Opcode.IDENTIFY);
  }

  @Test
  void aPermitIsAbandonedHoweverTheWaitEnds() {
    assertThat(in(GatewayState.WAIT_PERMIT).closed(4004).connection().identifyAbandoned()).isTrue();
    assertThat(in(GatewayState.WAIT_PERMIT).stop(StopMode.GOODBYE).connection().identifyAbandoned())
        .isTrue();
    assertThat(in(GatewayState.WAIT_PERMIT).reconnectRequest().connection().identifyAbandoned())
        .isTrue();
    assertThat(in(GatewayState.IDENTIFYING).lost().connection().identifyAbandoned()).isFalse();
  }

  @Test
  void aPermitThatNobodyWantsIsIgnored() {
    live().permit().expectIgnored(1).expectNothingSent();
    in(GatewayState.WAIT_PERMIT).permit().permit().expectIgnored(1).expectSent(Opcode.IDENTIFY);
  }

  @Test
  void aPermitEndsWithItsTransport() {
    Scenario scenario = scenario().permitsGranted().open().hello();
    scenario.connection().identifyPermitted();
    scenario.connection().transportLost();

    scenario.open().hello().expectNothingSent().expectState(GatewayState.WAIT_PERMIT);
    assertThat(scenario.connection().identifyWanted()).isTrue();
  }

  @Test
  void aSingleConnectionKeepsFiveSecondsBetweenItsIdentifies() {
    scenario()
        .jitter(0)
        .open()
        .jitter(0.9)
        .hello()
        .expectSent(Opcode.IDENTIFY)
        .jitter(0)
        .lost()
        .expectDelayMillis(0)
        .open()
        .jitter(0.9)
        .hello()
        .expectState(GatewayState.WAIT_PERMIT)
        .advanceMillis(5_199)
        .expectNothingSent()
        .advanceMillis(1)
        .expectSent(Opcode.IDENTIFY);
  }

  // Generations, misuse.

  @Test
  void inputsOfAnOlderTransportAreIgnoredAndCounted() {
    Scenario scenario = live();
    GatewayConnection connection = scenario.connection();
    int old = connection.generation();
    scenario.lost().resume();
    byte[] event =
        "{\"t\":\"TYPING_START\",\"s\":90,\"op\":0,\"d\":{}}".getBytes(StandardCharsets.UTF_8);

    assertThat(connection.recv(old, "{\"op\":7,\"d\":null}")).isNull();
    assertThat(connection.recv(old, FrameType.TEXT, event, 0, event.length)).isNull();
    assertThat(connection.recv(old, FrameType.TEXT, ByteBuffer.wrap(event))).isNull();
    connection.recvCloseCode(old, 4004);
    connection.transportLost(old);

    scenario.expectIgnored(5).expectState(GatewayState.READY);
    assertThat(connection.receivedSequence()).isEqualTo(2);
    assertThat(connection.generation()).isEqualTo(old + 1);
  }

  @Test
  void inputsOfTheNewestTransportCount() {
    Scenario scenario = live();
    GatewayConnection connection = scenario.connection();
    int generation = connection.generation();
    String event = "{\"t\":\"TYPING_START\",\"s\":90,\"op\":0,\"d\":{}}";
    byte[] bytes = ("xx" + event + "xx").getBytes(StandardCharsets.UTF_8);

    assertThat(connection.recv(generation, event)).isNotNull();
    assertThat(connection.recv(generation, FrameType.TEXT, bytes, 2, bytes.length - 4)).isNotNull();
    assertThat(
            connection.recv(
                generation, FrameType.TEXT, ByteBuffer.wrap(bytes, 2, bytes.length - 4)))
        .isNotNull();
    connection.transportLost(generation);
    scenario.expectState(GatewayState.BACKOFF).resume();
    connection.recvCloseCode(connection.generation(), 4000);
    scenario.expectState(GatewayState.BACKOFF).expectIgnored(0);
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"WAIT_HELLO", "WAIT_PERMIT", "IDENTIFYING", "RESUMING", "READY"})
  void whatArrivesWithoutATransportIsIgnored(GatewayState state) {
    in(state).event().expectNoDispatch().reconnectRequest().expectState(state).expectIgnored(2);
  }

  @ParameterizedTest
  @EnumSource(names = {"IDLE", "CONNECTING", "BACKOFF", "FATAL", "STOPPED"})
  void anEndWithoutATransportIsIgnored(GatewayState state) {
    in(state).lost().closed(4000).closed(4004).expectState(state).expectIgnored(3);
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"CONNECTING"})
  void aDialThatFailsUnasked(GatewayState state) {
    Scenario scenario = in(state);
    scenario.connection().connectFailed(0);

    scenario.expectIgnored(1).expectState(state);
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"CONNECTING"})
  void aTransportOpensOnlyWhileDialling(GatewayState state) {
    Scenario scenario = in(state);

    assertThatIllegalStateException()
        .isThrownBy(() -> scenario.connection().opened())
        .withMessage("opened() in " + state + " (expected: CONNECTING)");
    scenario.expectState(state);
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"IDLE", "BACKOFF"})
  void dialsOnlyWhenADialIsDue(GatewayState state) {
    Scenario scenario = in(state);
    assertThat(scenario.connection().shouldReconnect()).isFalse();

    assertThatIllegalStateException()
        .isThrownBy(() -> scenario.connection().connecting())
        .withMessage("connecting() in " + state + " (expected: shouldReconnect())");
    assertThatIllegalStateException()
        .isThrownBy(() -> scenario.connection().reconnect())
        .withMessage("reconnect() in " + state + " (expected: shouldReconnect())");
    scenario.expectState(state);
  }

  @Test
  void aMessageWithinAMessageIsRefused() {
    List<GatewayConnection> connections = new ArrayList<>();
    List<IllegalStateException> thrown = new ArrayList<>();
    GatewayConfig config =
        GatewayConfig.builder(TOKEN, INTENTS)
            .compression(Compression.NONE)
            .instantSource(
                () -> {
                  try {
                    connections.get(0).recv("{}");
                  } catch (IllegalStateException e) {
                    thrown.add(e);
                  }
                  return NOW;
                })
            .build();
    GatewayConnection connection =
        GatewayConnection.create(config, new ManualClock(), new ScriptedRandom(0));
    connections.add(connection);
    connection.connecting();
    connection.opened();
    connection.recv("{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
    assertThat(connection.send()).isNotNull();

    Dispatch ready =
        connection.recv("{\"op\":0,\"s\":1,\"t\":\"READY\",\"d\":{\"session_id\":\"a\"}}");

    assertThat(thrown).hasSize(1);
    assertThat(ready).isNotNull();
    assertThat(connection.state()).isEqualTo(GatewayState.READY);
  }

  @Test
  void readsNoClockForADispatch() {
    Scenario scenario = live();
    byte[] event =
        "{\"t\":\"TYPING_START\",\"s\":2,\"op\":0,\"d\":{}}".getBytes(StandardCharsets.UTF_8);
    long reads = scenario.clock.reads();

    scenario.connection().recv(FrameType.TEXT, event, 0, event.length);

    assertThat(scenario.clock.reads()).isEqualTo(reads);
  }

  @ParameterizedTest
  @EnumSource
  void earlyAndRepeatedTimeoutsAreHarmless(GatewayState state) {
    Scenario scenario = in(state);
    long next = scenario.connection().nextTimeoutNanos();

    scenario.timeout().timeout().expectState(state).expectNothingSent();

    assertThat(scenario.connection().nextTimeoutNanos()).isEqualTo(next);
  }

  @ParameterizedTest
  @EnumSource
  void aLateTimeoutIsHarmless(GatewayState state) {
    Scenario scenario = in(state).oversleepMillis(3_600_000).timeout();

    GatewayState expected =
        switch (state) {
          case CONNECTING, WAIT_HELLO, IDENTIFYING, RESUMING -> GatewayState.BACKOFF;
          case CLOSING -> GatewayState.STOPPED;
          case IDLE, WAIT_PERMIT, READY, BACKOFF, FATAL, STOPPED -> state;
        };
    scenario.expectState(expected);
    assertThat(scenario.connection().shouldReconnect())
        .isEqualTo(expected == GatewayState.BACKOFF || expected == GatewayState.IDLE);
  }

  @ParameterizedTest
  @EnumSource(names = {"IDLE", "BACKOFF", "FATAL", "STOPPED"})
  void waitsForNothingWithoutATransport(GatewayState state) {
    assertThat(in(state).connection().nextTimeoutNanos()).isEqualTo(Long.MAX_VALUE);
  }

  // Taking what is to be sent.

  @Test
  void writesIntoTheCallersBuffer() {
    Scenario scenario = in(GatewayState.WAIT_PERMIT);
    scenario.connection().identifyPermitted();
    ByteBuffer out = ByteBuffer.allocate(5_000).position(3);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> scenario.connection().send(ByteBuffer.allocate(4_095)))
        .withMessage("room: 4095 (expected: >= 4096)");
    scenario.expectState(GatewayState.WAIT_PERMIT);
    Outgoing identify = scenario.connection().send(out);

    assertThat(identify).isNotNull();
    assertThat(identify.opcode()).isEqualTo(Opcode.IDENTIFY);
    assertThat(identify.payload().hasRemaining()).isFalse();
    assertThat(identify.command()).isNull();
    assertThat(new String(out.array(), 3, out.position() - 3, StandardCharsets.UTF_8))
        .startsWith("{\"op\":2,")
        .endsWith("}");
    assertThat(scenario.connection().send(out)).isNull();
  }

  @Test
  void yieldsWhatIsToBeSentToALoop() {
    Scenario scenario = in(GatewayState.IDENTIFYING);
    scenario.connection().queueHeartbeat();
    scenario.connection().queue(CommandScenariosTest.presence("a"));
    scenario.connection().recv("{\"op\":0,\"s\":1,\"t\":\"READY\",\"d\":{\"session_id\":\"a\"}}");

    List<Opcode> sent = new ArrayList<>();
    for (Outgoing outgoing : scenario.connection().sendIter()) {
      sent.add(outgoing.opcode());
    }

    assertThat(sent).containsExactly(Opcode.HEARTBEAT, Opcode.PRESENCE_UPDATE);
    assertThat(scenario.connection().sendIter().iterator().hasNext()).isFalse();
    assertThatExceptionOfType(NoSuchElementException.class)
        .isThrownBy(() -> scenario.connection().sendIter().iterator().next());
  }

  @Test
  void countsThePayloadsBytes() {
    Scenario scenario = scenario().compressed().open();
    String hello = "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}";
    scenario.recv(hello);

    assertThat(scenario.connection().payloadBytes()).isEqualTo(hello.length());
  }

  // Stopping.

  @ParameterizedTest
  @EnumSource(names = {"WAIT_HELLO", "WAIT_PERMIT", "IDENTIFYING", "RESUMING", "READY"})
  void stopsForARestartWithACodeThatKeepsTheSession(GatewayState state) {
    Scenario scenario = in(state);
    String session = scenario.connection().sessionId();
    assertThat(scenario.connection().closeCode()).isZero();

    scenario.stop(StopMode.RESTART).expectState(GatewayState.CLOSING);

    assertThat(scenario.connection().closeCode()).isEqualTo(4900);
    assertThat(scenario.connection().sessionId()).isEqualTo(session);
    scenario.closed(4900).expectState(GatewayState.STOPPED);
    assertThat(scenario.connection().closeCode()).isZero();
    assertThat(scenario.connection().shouldReconnect()).isFalse();
    assertThat(scenario.connection().nextTimeoutNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @ParameterizedTest
  @EnumSource(names = {"WAIT_HELLO", "WAIT_PERMIT", "IDENTIFYING", "RESUMING", "READY"})
  void saysGoodbyeWithACodeThatEndsTheSession(GatewayState state) {
    Scenario scenario = in(state).stop(StopMode.GOODBYE).expectState(GatewayState.CLOSING);

    assertThat(scenario.connection().closeCode()).isEqualTo(1000);
    scenario.expectSessionDropped().lost().expectState(GatewayState.STOPPED);
  }

  @ParameterizedTest
  @EnumSource(names = {"IDLE", "CONNECTING", "BACKOFF", "FATAL"})
  void stopsAtOnceWithoutATransport(GatewayState state) {
    for (StopMode mode : StopMode.values()) {
      Scenario scenario = in(state).stop(mode).expectState(GatewayState.STOPPED);
      assertThat(scenario.connection().closeCode()).isZero();
      assertThat(scenario.connection().shouldReconnect()).isFalse();
      assertThat(scenario.connection().nextTimeoutNanos()).isEqualTo(Long.MAX_VALUE);
    }
  }

  @Test
  void stoppingTwiceChangesNothing() {
    Scenario scenario = live().stop(StopMode.RESTART).stop(StopMode.GOODBYE);
    assertThat(scenario.connection().closeCode()).isEqualTo(4900);
    scenario.expectState(GatewayState.CLOSING).expectSessionKept().closed(4900);

    scenario.stop(StopMode.GOODBYE).expectState(GatewayState.STOPPED).expectSessionKept();
  }

  @ParameterizedTest
  @EnumSource(names = {"WAIT_HELLO", "WAIT_PERMIT", "IDENTIFYING", "RESUMING", "READY"})
  void waitsForThePeersCloseForALimitedTimeAndForNothingElse(GatewayState state) {
    Scenario scenario = in(state).stop(StopMode.RESTART);
    assertThat(scenario.connection().nextTimeoutNanos()).isEqualTo(5_000_000_000L);

    scenario.advanceMillis(4_999).expectState(GatewayState.CLOSING).expectNothingSent();
    scenario.advanceMillis(1).expectState(GatewayState.STOPPED);
    assertThat(scenario.connection().shouldReconnect()).isFalse();
  }

  @ParameterizedTest
  @EnumSource(names = {"WAIT_HELLO", "WAIT_PERMIT", "IDENTIFYING", "RESUMING", "READY"})
  void noOtherTimerDisturbsTheClosing(GatewayState state) {
    Scenario scenario = in(state);
    scenario.advanceMillis(scenario.connection().nextTimeoutNanos() / 1_000_000 - 1);

    scenario.stop(StopMode.RESTART).oversleepMillis(4_000).timeout();

    scenario.expectState(GatewayState.CLOSING).expectNothingSent();
    scenario.oversleepMillis(120_000).timeout().expectState(GatewayState.STOPPED);
    assertThat(scenario.connection().shouldReconnect()).isFalse();
  }

  @Test
  void aPeerThatIsSilentWhileClosingIsNoZombie() {
    live()
        .advanceMillis(Scenario.INTERVAL_MILLIS)
        .expectSent(Opcode.HEARTBEAT)
        .advanceMillis(Scenario.INTERVAL_MILLIS / 2 - 1_000)
        .stop(StopMode.RESTART)
        .advanceMillis(4_999)
        .expectState(GatewayState.CLOSING);
  }

  @ParameterizedTest
  @ValueSource(ints = {4004, 4014, 4000, 1000})
  void whateverCodeThePeerAnswersWithTheStopIsAStop(int code) {
    live().stop(StopMode.RESTART).closed(code).expectState(GatewayState.STOPPED);
  }

  @Test
  void whatComesWhileClosingIsIgnoredWithoutItsSequence() {
    Scenario scenario = live().stop(StopMode.RESTART).event().expectNoDispatch();

    assertThat(scenario.connection().receivedSequence()).isEqualTo(1);
  }

  @Test
  void theLastEventIsAcknowledgedByTheStop() {
    GatewaySession stored = live().event().stop(StopMode.RESTART).connection().session();

    assertThat(stored).isNotNull();
    assertThat(stored.sequence()).isEqualTo(2);
  }

  @Test
  void aPermitNobodyWantedDoesNotShortenTheWaitOfAConnectionThatGrantsItsOwn() {
    in(GatewayState.IDENTIFYING)
        .jitter(0)
        .lost()
        .open()
        .jitter(0.9)
        .hello(3_000_000)
        .permit()
        .expectNothingSent()
        .expectIgnored(1)
        .advanceMillis(5_200)
        .expectSent(Opcode.IDENTIFY);
  }
}
