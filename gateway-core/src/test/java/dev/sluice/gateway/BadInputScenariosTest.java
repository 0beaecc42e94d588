package dev.sluice.gateway;

import static dev.sluice.gateway.Scenario.BASE;
import static dev.sluice.gateway.Scenario.RESUME_URL;
import static dev.sluice.gateway.Scenario.in;
import static dev.sluice.gateway.Scenario.live;
import static dev.sluice.gateway.Scenario.scenario;
import static dev.sluice.gateway.Scenario.storedScenario;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Reconnect.Cause;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BadInputScenariosTest {

  private static final int MAX_BYTES = 64 * 1024;
  private static final byte[] SYNC_FLUSH = {0, 0, -1, -1};

  private static Scenario compressedLive() {
    return scenario()
        .compressed()
        .config(config -> config.maxMessageBytes(MAX_BYTES))
        .open()
        .hello()
        .expectSent(Opcode.IDENTIFY)
        .ready();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] concat(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /** An event of exactly so many bytes. */
  private static String eventOf(int bytes) {
    String start = "{\"t\":\"TYPING_START\",\"s\":2,\"op\":0,\"d\":{\"x\":\"";
    String end = "\"}}";
    StringBuilder event = new StringBuilder(start);
    SplittableRandom random = new SplittableRandom(bytes);
    while (event.length() < bytes - end.length()) {
      event.append((char) ('a' + random.nextInt(26)));
    }
    return event.append(end).toString();
  }

  private static void expectProtocolError(Scenario scenario) {
    scenario
        .expectNoDispatch()
        .expectMalformed(1)
        .expectClose(4900)
        .expectCause(Cause.PROTOCOL_ERROR);
  }

  // Envelopes.

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "garbage",
        "null",
        "[]",
        "{",
        "{}",
        "{\"op\":",
        "{\"op\":\"0\"}",
        "{\"op\":-1}",
        "{\"op\":1.5}",
        "{\"op\":99999999999}",
        "{\"op\":0,\"s\":-4,\"t\":\"A\",\"d\":{}}",
        "{\"op\":0,\"s\":\"x\",\"t\":\"A\",\"d\":{}}",
        "{\"t\":7,\"op\":11,\"s\":null,\"d\":null}",
        "{\"op\":11}{\"op\":11}",
        "\u0000\u0001\u0002",
      })
  void whatIsNoPayloadCostsTheTransportAndKeepsTheSession(String message) {
    Scenario scenario = live().recv(message);

    expectProtocolError(scenario);
    scenario.expectDelayMillis(0).expectOpen(RESUME_URL).expectSessionKept();
  }

  @ParameterizedTest
  @EnumSource(names = {"WAIT_HELLO", "WAIT_PERMIT", "IDENTIFYING", "RESUMING", "READY"})
  void whatIsNoPayloadIsFollowedByAReconnectFromAnyState(GatewayState state) {
    expectProtocolError(in(state).recv("garbage"));
  }

  @Test
  void aResumeUrlThatSaysNothingSensibleGivesWayToTheBase() {
    storedScenario().open().recv("garbage").expectOpen(BASE).expectSessionKept();
  }

  @ParameterizedTest
  @EnumSource(names = {"RESUMING", "READY"})
  void anEventThatCannotBeReadIsSkippedWhenItsSequenceCan(GatewayState state) {
    Scenario scenario = in(state);
    long next = scenario.connection().receivedSequence() + 1;

    scenario
        .recv("{\"t\":\"TYPING_START\",\"s\":" + next + ",\"op\":0,\"d\":{\"a\":[}")
        .expectNoDispatch()
        .expectMalformed(1)
        .expectState(state);
    assertThat(scenario.connection().receivedSequence()).isEqualTo(next);
    scenario
        .recv("{\"t\":\"TYPING_START\",\"s\":" + (next - 1) + ",\"op\":0,\"d\":{\"a\":[}")
        .expectMalformed(2)
        .expectState(state);
    assertThat(scenario.connection().receivedSequence()).isEqualTo(next);
  }

  @Test
  void anEventThatCannotBeReadBeforeReadyCostsTheTransport() {
    expectProtocolError(
        in(GatewayState.IDENTIFYING).recv("{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"a\":[}"));
  }

  @Test
  void anEventWithoutSequenceCostsTheTransport() {
    Scenario scenario = live().recv("{\"t\":\"TYPING_START\",\"s\":null,\"op\":0,\"d\":{}}");

    expectProtocolError(scenario);
    scenario.expectSessionKept();
    expectProtocolError(live().recv("{\"t\":\"TYPING_START\",\"op\":0,\"d\":{}}"));
  }

  @Test
  void anEventWithoutDataIsSkipped() {
    Scenario scenario =
        live()
            .recv("{\"t\":\"TYPING_START\",\"s\":2,\"op\":0}")
            .expectNoDispatch()
            .expectMalformed(1)
            .expectState(GatewayState.READY);

    assertThat(scenario.connection().receivedSequence()).isEqualTo(2);
    assertThat(scenario.connection().session().sequence()).isEqualTo(2);
  }

  @Test
  void aReplayEndsAlsoWhenResumedHasNoData() {
    Scenario scenario =
        in(GatewayState.RESUMING)
            .recv("{\"t\":\"RESUMED\",\"s\":41,\"op\":0}")
            .expectNoDispatch()
            .expectState(GatewayState.READY);

    assertThat(scenario.connection().receivedSequence()).isEqualTo(41);
  }

  @Test
  void anEventWithoutNameIsDeliveredAsUnknown() {
    Scenario scenario = live().recv("{\"t\":null,\"s\":2,\"op\":0,\"d\":{}}");

    scenario.expectDispatch(EventType.UNKNOWN);
    assertThat(scenario.dispatch().name()).isEqualTo("UNKNOWN");
  }

  @Test
  void dataThatIsNoObjectIsDelivered() {
    for (String d : new String[] {"null", "7", "[]", "\"x\"", "true"}) {
      live().dispatch("TYPING_START", d).expectDispatch(EventType.TYPING_START);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 5, 6, 8, 12, 31, 43, 99, Integer.MAX_VALUE})
  void anOpcodeThatOnlyClientsSendOrNobodyKnowsIsIgnored(int opcode) {
    live()
        .recv("{\"op\":" + opcode + ",\"d\":{}}")
        .expectNoDispatch()
        .expectIgnored(1)
        .expectMalformed(0)
        .expectState(GatewayState.READY)
        .expectNothingSent();
  }

  // HELLO and READY.

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"heartbeat_interval\":0}",
        "{\"heartbeat_interval\":-41250}",
        "{\"heartbeat_interval\":99}",
        "{\"heartbeat_interval\":3600001}",
        "{\"heartbeat_interval\":99999999999999999999999999}",
        "{\"heartbeat_interval\":41250.5}",
        "{\"heartbeat_interval\":\"41250\"}",
        "{\"heartbeat_interval\":null}",
        "{\"heartbeat_interval\":[41250]}",
        "{\"other\":{\"heartbeat_interval\":41250}}",
        "{}",
        "[]",
        "null",
        "41250",
        "{\"heartbeat_interval\" 41250}",
      })
  void aHelloWithoutASensibleIntervalCostsTheTransport(String d) {
    Scenario scenario = scenario().open().recv("{\"op\":10,\"d\":" + d + '}');

    expectProtocolError(scenario);
    scenario.expectNothingSent();
    assertThat(scenario.connection().heartbeatInterval()).isZero();
  }

  @Test
  void aHelloWithoutDataCostsTheTransport() {
    expectProtocolError(scenario().open().recv("{\"op\":10}"));
  }

  @ParameterizedTest
  @ValueSource(longs = {100, 3_600_000})
  void theExtremesOfTheIntervalAreAccepted(long intervalMillis) {
    scenario().open().hello(intervalMillis).expectSent(Opcode.IDENTIFY);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"session_id\":null}",
        "{\"session_id\":\"\"}",
        "{\"session_id\":{}}",
        "{\"session_id\":[\"a\"]}",
        "{\"session_id\":\"a b\"}",
        "{\"session_id\":\"a\\nb\"}",
        "{\"session_id\":\"\\ud800\"}",
        "{\"session_id\" \"a\"}",
        "{\"session_id\":\"a\",\"x\":[}]}",
        "[]",
        "null",
        "\"session-1\"",
      })
  void aReadyWithoutASensibleSessionCostsTheTransport(String d) {
    Scenario scenario =
        in(GatewayState.IDENTIFYING)
            .recv("{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":" + d + '}')
            .expectSessionDropped();

    expectProtocolError(scenario);
  }

  @Test
  void aReadyWithoutDataCostsTheTransport() {
    expectProtocolError(in(GatewayState.IDENTIFYING).recv("{\"t\":\"READY\",\"s\":1,\"op\":0}"));
  }

  @Test
  void aSessionIdThatNoResumeCouldCarryCostsTheTransport() {
    expectProtocolError(in(GatewayState.IDENTIFYING).ready("a".repeat(5_000), RESUME_URL));
  }

  @Test
  void aReadyMayLackItsApplication() {
    for (String application : new String[] {"null", "7", "{}", "{\"id\":{}}", "{\"id\":null}"}) {
      Scenario scenario =
          in(GatewayState.IDENTIFYING)
              .dispatch(1, "READY", "{\"session_id\":\"a\",\"application\":" + application + '}')
              .expectState(GatewayState.READY);
      assertThat(scenario.connection().session().applicationId()).isZero();
    }
  }

  @Test
  void aReadyAtSequenceZeroIsAccepted() {
    Scenario scenario = in(GatewayState.IDENTIFYING).dispatch(0, "READY", "{\"session_id\":\"a\"}");

    assertThat(scenario.connection().receivedSequence()).isZero();
    assertThat(scenario.connection().session().sequence()).isZero();
  }

  // Frames and sizes.

  @Test
  void bytesWhereTextIsDueCostTheTransport() {
    Scenario scenario =
        live().recv(FrameType.BINARY, utf8("{\"t\":null,\"s\":null,\"op\":11,\"d\":null}"));

    expectProtocolError(scenario);
    scenario.expectSessionKept();
  }

  @Test
  void textWhereBytesAreDueCostsTheTransport() {
    Scenario scenario =
        compressedLive().recv(FrameType.TEXT, utf8("{\"t\":null,\"s\":null,\"op\":11,\"d\":null}"));

    expectProtocolError(scenario);
    scenario.expectSessionKept();
  }

  @Test
  void aPlainMessageMayBeAsLargeAsConfiguredAndNoLarger() {
    Scenario scenario = scenario().config(config -> config.maxMessageBytes(MAX_BYTES));
    scenario.open().hello().ready();

    scenario.recv(eventOf(MAX_BYTES)).expectDispatch(EventType.TYPING_START);
    expectProtocolError(scenario.recv(eventOf(MAX_BYTES + 1)));
  }

  @Test
  void anInflatedMessageMayBeAsLargeAsConfiguredAndNoLarger() {
    Scenario scenario = compressedLive().recv(eventOf(MAX_BYTES));

    scenario.expectDispatch(EventType.TYPING_START);
    expectProtocolError(scenario.recv(eventOf(MAX_BYTES + 1)));
  }

  @Test
  void theLimitHoldsAlsoWhenAnotherConnectionMadeTheSharedBufferLarger() {
    Scratch scratch = Scratch.create();
    scenario().scratch(scratch).compressed().open().hello().ready().recv(eventOf(4 * MAX_BYTES));

    Scenario scenario =
        scenario()
            .scratch(scratch)
            .compressed()
            .config(config -> config.maxMessageBytes(MAX_BYTES))
            .open()
            .hello()
            .ready();
    expectProtocolError(scenario.recv(eventOf(MAX_BYTES + 1)));
  }

  @ParameterizedTest
  @EnumSource(names = {"WAIT_HELLO", "WAIT_PERMIT", "IDENTIFYING", "RESUMING", "READY"})
  void whatTheDriverCouldNotAssembleCostsTheTransport(GatewayState state) {
    Scenario scenario = in(state);
    scenario.connection().recvMalformed("message of 9 bytes (expected: <= 8)");

    scenario
        .expectMalformed(1)
        .expectClose(4900)
        .expectCause(Cause.PROTOCOL_ERROR)
        .drain()
        .expectNothingSent();
    assertThat(scenario.connection().reconnect().detail())
        .isEqualTo("message of 9 bytes (expected: <= 8)");
  }

  @Test
  void whatTheDriverCouldNotAssembleOfAnOlderTransportIsIgnored() {
    Scenario scenario = live();
    int old = scenario.connection().generation();
    scenario.connection().recvMalformed(old, "cut");
    scenario.expectState(GatewayState.BACKOFF);
    scenario.connection().recvMalformed(old, "cut");
    scenario.expectState(GatewayState.BACKOFF).expectIgnored(1).resume();

    scenario.connection().recvMalformed(old, "cut");
    scenario.expectState(GatewayState.READY).expectIgnored(2);
  }

  @Test
  void anOversizedMessageThatComesAgainDropsTheSession() {
    Scenario scenario = compressedLive().recv(eventOf(MAX_BYTES + 1)).expectSessionKept();

    scenario.open().hello().recv(eventOf(MAX_BYTES + 1)).expectSessionDropped();
  }

  // Compression.

  @Test
  void aCorruptStreamCostsTheTransportAndKeepsTheSession() {
    Scenario scenario = compressedLive();
    byte[] garbage = new byte[64];
    Arrays.fill(garbage, (byte) 0xFF);

    expectProtocolError(scenario.recv(FrameType.BINARY, garbage));
    scenario.expectSessionKept().open().hello().expectSent(Opcode.RESUME);
  }

  @Test
  void aStreamWithoutHeaderCostsTheTransport() {
    expectProtocolError(scenario().compressed().open().recv(FrameType.BINARY, utf8("{\"op\":10}")));
  }

  @Test
  void anEmptyMessageOfACompressedStreamIsNothing() {
    compressedLive().recv(FrameType.BINARY, new byte[0]).expectMalformed(0).event();
  }

  @Test
  void aTruncatedStreamWaitsForItsRestAndIsFoundByTheHeartbeat() {
    byte[] hello = new StreamDeflater().deflate("{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
    Scenario scenario = scenario().compressed().open();

    scenario
        .recv(FrameType.BINARY, Arrays.copyOf(hello, hello.length - 6))
        .expectNoDispatch()
        .expectMalformed(0)
        .expectState(GatewayState.WAIT_HELLO);
    scenario.recv(FrameType.BINARY, Arrays.copyOfRange(hello, hello.length - 6, hello.length));
    scenario.expectSent(Opcode.IDENTIFY);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"t\":\"TYPING_START\",\"s\":3,\"op\":0,\"d\":{}}", // ends as the event before would
        "{\"t\":\"TYPING_START\",\"s\":3,\"op\":0,\"d\":[]}", // does not
      })
  void anEventThatLostItsEndIsReplayed(String next) {
    Scenario scenario = compressedLive();
    byte[] cut =
        scenario.deflate(utf8("{\"t\":\"TYPING_START\",\"s\":2,\"op\":0,\"d\":{\"content\":\"a"));

    scenario.recv(FrameType.BINARY, Arrays.copyOf(cut, cut.length - 4)).expectMalformed(0);
    expectProtocolError(
        scenario.recv(FrameType.BINARY, concat(SYNC_FLUSH, scenario.deflate(utf8(next)))));
    assertThat(scenario.connection().receivedSequence()).isEqualTo(1);
    scenario.expectSessionKept().open().hello().expectSent(Opcode.RESUME);
  }

  @Test
  void anEventInPiecesIsDeliveredOnceTheyAreTogether() {
    Scenario scenario = compressedLive();
    byte[] event =
        scenario.deflate(utf8("{\"t\":\"TYPING_START\",\"s\":2,\"op\":0,\"d\":{\"a\":[1,2]}}"));

    scenario.recv(FrameType.BINARY, Arrays.copyOf(event, event.length - 6)).expectNoDispatch();
    scenario
        .recv(FrameType.BINARY, Arrays.copyOfRange(event, event.length - 6, event.length))
        .expectDispatch(EventType.TYPING_START)
        .expectMalformed(0);
  }

  @Test
  void aZipBombCostsTheTransport() {
    Scenario scenario = scenario().compressed().open().hello().ready();
    byte[] zeros = new byte[8 << 20];
    Arrays.fill(zeros, (byte) ' ');

    expectProtocolError(scenario.recv(FrameType.BINARY, scenario.deflate(zeros)));
    scenario.expectSessionKept();
  }

  @Test
  void anInflatedMessageThatIsNoPayloadIsJudgedLikeAPlainOne() {
    compressedLive()
        .recv("{\"t\":\"TYPING_START\",\"s\":2,\"op\":0,\"d\":{\"a\":[}")
        .expectMalformed(1)
        .expectState(GatewayState.READY)
        .event()
        .expectDispatch(EventType.TYPING_START);
    expectProtocolError(compressedLive().recv("garbage"));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void nothingThatTheGatewaySendsThrows(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    String[] payloads = {
      "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}",
      "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"a\",\"application\":{\"id\":\"7\"}}}",
      "{\"t\":\"RESUMED\",\"s\":9,\"op\":0,\"d\":{}}",
      "{\"t\":\"GUILD_CREATE\",\"s\":5,\"op\":0,\"d\":{\"id\":\"123\",\"name\":\"x\"}}",
      "{\"t\":null,\"s\":null,\"op\":9,\"d\":true}",
      "{\"t\":null,\"s\":null,\"op\":7,\"d\":null}",
      "{\"t\":null,\"s\":null,\"op\":1,\"d\":null}",
      "{\"t\":null,\"s\":null,\"op\":11,\"d\":null}",
    };
    Scenario scenario = seed % 2 == 0 ? scenario() : scenario().compressed();
    int dispatches = 0;
    for (int i = 0; i < 2_000; i++) {
      if (scenario.connection().shouldReconnect()) {
        scenario.forget().open();
      }
      byte[] message = utf8(payloads[random.nextInt(payloads.length)]);
      for (int flips = random.nextInt(3); flips > 0; flips--) {
        message[random.nextInt(message.length)] = (byte) random.nextInt(256);
      }
      scenario.recvBytes(message);
      if (scenario.hasDispatch()) {
        dispatches++;
        scenario.dispatch().guildId();
      }
      scenario.advanceMillis(random.nextInt(3_000));
    }
    assertThat(dispatches).isPositive();
    assertThat(scenario.connection().state()).isNotIn(GatewayState.FATAL, GatewayState.STOPPED);
  }

  @Test
  void aResumedThatIsNoPayloadEndsTheReplayAllTheSame() {
    in(GatewayState.RESUMING)
        .recv("{\"t\":\"RESUMED\",\"s\":41,\"op\":0,\"d\":{\"_trace\":[}")
        .expectMalformed(1)
        .expectState(GatewayState.READY)
        .lost()
        .open()
        .hello()
        .expectSent(Opcode.RESUME)
        .expectSentData(d -> assertThat(d.get("seq").asLong()).isEqualTo(41));
  }

  @Test
  void aReadyThatIsNoPayloadInPlaceOfAReplayCostsTheTransport() {
    in(GatewayState.RESUMING)
        .recv("{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"v\":10,}")
        .expectMalformed(1)
        .expectCause(Reconnect.Cause.PROTOCOL_ERROR)
        .expectSessionKept();
  }

  @Test
  void anInvalidSessionWhoseDataCannotBeReadEndsTheSession() {
    live()
        .recv("{\"t\":null,\"s\":null,\"op\":9,\"d\":{x}}")
        .expectCause(Reconnect.Cause.INVALID_SESSION)
        .expectSessionDropped();
  }

  @Test
  void whereAMessageLiesInItsArrayDoesNotMatter() {
    Scenario scenario = scenario().config(config -> config.maxMessageBytes(64 << 10)).open();
    byte[] hello =
        "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":41250}}"
            .getBytes(StandardCharsets.UTF_8);
    byte[] array = new byte[70_000 + hello.length];
    System.arraycopy(hello, 0, array, 70_000, hello.length);

    scenario.connection().recv(FrameType.TEXT, array, 70_000, hello.length);

    scenario.expectMalformed(0).expectState(GatewayState.WAIT_PERMIT);
    assertThat(scenario.connection().payloadBytes()).isEqualTo(hello.length);
  }
}
