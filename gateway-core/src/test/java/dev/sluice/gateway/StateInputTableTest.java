package dev.sluice.gateway;

import static dev.sluice.gateway.Scenario.in;
import static dev.sluice.gateway.Scenario.storedScenario;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What every input does in every state, the expected and the refused ones. */
class StateInputTableTest {

  /** How a state is brought about. */
  enum Situation {
    IDLE(() -> in(GatewayState.IDLE)),
    CONNECTING(() -> in(GatewayState.CONNECTING)),
    WAIT_HELLO(() -> in(GatewayState.WAIT_HELLO)), // grants its own permits
    WAIT_HELLO_WITH_SESSION(() -> storedScenario().permitsGranted().open()),
    WAIT_PERMIT(() -> in(GatewayState.WAIT_PERMIT)),
    IDENTIFYING(() -> in(GatewayState.IDENTIFYING)),
    RESUMING(() -> in(GatewayState.RESUMING)),
    READY(() -> in(GatewayState.READY)),
    CLOSING(() -> in(GatewayState.CLOSING)),
    BACKOFF(() -> in(GatewayState.BACKOFF)),
    FATAL(() -> in(GatewayState.FATAL)),
    STOPPED(() -> in(GatewayState.STOPPED));

    private final Supplier<Scenario> recipe;

    Situation(Supplier<Scenario> recipe) {
      this.recipe = recipe;
    }
  }

  /** An input, given without draining what it makes the connection send. */
  enum Input {
    DIAL("connecting", call(GatewayConnection::connecting)),
    DIAL_FAILED("connectFailed", call(connection -> connection.connectFailed(0))),
    OPENED("opened", call(GatewayConnection::opened)),

    HELLO("recv", message("{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}")),
    READY("recv", message("{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"new\"}}")),
    RESUMED("recv", message("{\"t\":\"RESUMED\",\"s\":41,\"op\":0,\"d\":{}}")),
    EVENT("recv", message("{\"t\":\"TYPING_START\",\"s\":41,\"op\":0,\"d\":{}}")),
    OP_1("recv", message("{\"op\":1,\"d\":null}")),
    OP_7("recv", message("{\"op\":7,\"d\":null}")),
    OP_9_TRUE("recv", message("{\"op\":9,\"d\":true}")),
    OP_9_FALSE("recv", message("{\"op\":9,\"d\":false}")),
    ACK("recv", message("{\"op\":11}")),
    OP_UNKNOWN("recv", message("{\"op\":99,\"d\":null}")),
    OP_OF_CLIENTS("recv", message("{\"op\":2,\"d\":{}}")),
    NO_PAYLOAD("recv", message("garbage")),
    BROKEN_EVENT("recv", message("{\"t\":\"TYPING_START\",\"s\":41,\"op\":0,\"d\":[}")),
    BINARY("recv", call(connection -> connection.recv(FrameType.BINARY, new byte[1], 0, 1))),

    CLOSED_4000("recvCloseCode", call(connection -> connection.recvCloseCode(4000))),
    CLOSED_4009("recvCloseCode", call(connection -> connection.recvCloseCode(4009))),
    CLOSED_4004("recvCloseCode", call(connection -> connection.recvCloseCode(4004))),
    LOST("transportLost", call(GatewayConnection::transportLost)),
    MALFORMED("recvMalformed", call(connection -> connection.recvMalformed("a bad frame"))),
    BYTES("bytesReceived", call(GatewayConnection::bytesReceived)),
    SUSPECTED("transportSuspected", call(GatewayConnection::transportSuspected)),
    RECONNECT("requestReconnect", call(GatewayConnection::requestReconnect)),

    OLD_MESSAGE("recv", old((connection, old) -> connection.recv(old, "{\"op\":7}"))),
    OLD_CLOSE("recvCloseCode", old((connection, old) -> connection.recvCloseCode(old, 4004))),
    OLD_LOST("transportLost", old(GatewayConnection::transportLost)),
    OLD_MALFORMED("recvMalformed", old((connection, old) -> connection.recvMalformed(old, "bad"))),
    OLD_BYTES("bytesReceived", old(GatewayConnection::bytesReceived)),

    TIMER_EARLY("onTimeout", call(GatewayConnection::onTimeout)),
    TIMER_LATE("onTimeout", after(StateInputTableTest::oversleep)),
    TIMER_LATE_TWICE("onTimeout", after(scenario -> oversleep(oversleep(scenario).drain()))),

    PERMIT("identifyPermitted", call(GatewayConnection::identifyPermitted)),
    COMMAND("queue", StateInputTableTest::queue),
    WITHDRAW("withdraw", call(connection -> connection.withdraw("nothing that was queued"))),
    HEARTBEAT("queueHeartbeat", call(GatewayConnection::queueHeartbeat)),
    ACKNOWLEDGE("acknowledge", call(c -> c.acknowledge(c.sessionEpoch(), c.receivedSequence()))),
    ACKNOWLEDGE_OLD("acknowledge", call(c -> c.acknowledge(c.sessionEpoch() - 1, 1))),
    HANDLED("handled", call(GatewayConnection::handled)),
    PAUSED("readingPaused", call(GatewayConnection::readingPaused)),
    UNPAUSED("readingResumed", call(GatewayConnection::readingResumed)),
    NEW_BASE("gatewayUri", call(c -> c.gatewayUri(URI.create("wss://new.test")))),
    RESTART("stop", call(connection -> connection.stop(StopMode.RESTART))),
    GOODBYE("stop", call(connection -> connection.stop(StopMode.GOODBYE)));

    private final String method;
    private final Function<Scenario, String> give;

    /** The function returns what the input returned, if that is of interest. */
    Input(String method, Function<Scenario, String> give) {
      this.method = method;
      this.give = give;
    }
  }

  /*
   * The input; the state after it; what is sent first; whether a dial is due, and the code that
   * the old transport is closed with; what became of the session; what the input returned, whether
   * it threw, and which counters went up.
   */
  private static String table(Situation situation) {
    return switch (situation) {
      case IDLE ->
          """
          DIAL              CONNECTING   -                   -          none     -
          DIAL_FAILED       IDLE         -                   dial:0     none     ignored
          OPENED            IDLE         -                   dial:0     none     throws
          HELLO             IDLE         -                   dial:0     none     ignored
          READY             IDLE         -                   dial:0     none     ignored
          RESUMED           IDLE         -                   dial:0     none     ignored
          EVENT             IDLE         -                   dial:0     none     ignored
          OP_1              IDLE         -                   dial:0     none     ignored
          OP_7              IDLE         -                   dial:0     none     ignored
          OP_9_TRUE         IDLE         -                   dial:0     none     ignored
          OP_9_FALSE        IDLE         -                   dial:0     none     ignored
          ACK               IDLE         -                   dial:0     none     ignored
          OP_UNKNOWN        IDLE         -                   dial:0     none     ignored
          OP_OF_CLIENTS     IDLE         -                   dial:0     none     ignored
          NO_PAYLOAD        IDLE         -                   dial:0     none     ignored
          BROKEN_EVENT      IDLE         -                   dial:0     none     ignored
          BINARY            IDLE         -                   dial:0     none     ignored
          CLOSED_4000       IDLE         -                   dial:0     none     ignored
          CLOSED_4009       IDLE         -                   dial:0     none     ignored
          CLOSED_4004       IDLE         -                   dial:0     none     ignored
          LOST              IDLE         -                   dial:0     none     ignored
          MALFORMED         IDLE         -                   dial:0     none     ignored
          BYTES             IDLE         -                   dial:0     none     -
          SUSPECTED         IDLE         -                   dial:0     none     -
          RECONNECT         IDLE         -                   dial:0     none     -
          OLD_MESSAGE       IDLE         -                   dial:0     none     ignored
          OLD_CLOSE         IDLE         -                   dial:0     none     ignored
          OLD_LOST          IDLE         -                   dial:0     none     ignored
          OLD_MALFORMED     IDLE         -                   dial:0     none     ignored
          OLD_BYTES         IDLE         -                   dial:0     none     ignored
          TIMER_EARLY       IDLE         -                   dial:0     none     -
          TIMER_LATE        IDLE         -                   dial:0     none     -
          TIMER_LATE_TWICE  IDLE         -                   dial:0     none     -
          PERMIT            IDLE         -                   dial:0     none     ignored
          COMMAND           IDLE         -                   dial:0     none     -
          WITHDRAW          IDLE         -                   dial:0     none     -
          HEARTBEAT         IDLE         -                   dial:0     none     -
          ACKNOWLEDGE       IDLE         -                   dial:0     none     stale
          ACKNOWLEDGE_OLD   IDLE         -                   dial:0     none     stale
          HANDLED           IDLE         -                   dial:0     none     -
          PAUSED            IDLE         -                   dial:0     none     -
          UNPAUSED          IDLE         -                   dial:0     none     -
          NEW_BASE          IDLE         -                   dial:0     none     -
          RESTART           STOPPED      -                   -          none     -
          GOODBYE           STOPPED      -                   -          none     -
          """;
      case CONNECTING ->
          """
          DIAL              CONNECTING   -                   -          none     throws
          DIAL_FAILED       BACKOFF      -                   dial:0     none     -
          OPENED            WAIT_HELLO   -                   -          none     -
          HELLO             CONNECTING   -                   -          none     ignored
          READY             CONNECTING   -                   -          none     ignored
          RESUMED           CONNECTING   -                   -          none     ignored
          EVENT             CONNECTING   -                   -          none     ignored
          OP_1              CONNECTING   -                   -          none     ignored
          OP_7              CONNECTING   -                   -          none     ignored
          OP_9_TRUE         CONNECTING   -                   -          none     ignored
          OP_9_FALSE        CONNECTING   -                   -          none     ignored
          ACK               CONNECTING   -                   -          none     ignored
          OP_UNKNOWN        CONNECTING   -                   -          none     ignored
          OP_OF_CLIENTS     CONNECTING   -                   -          none     ignored
          NO_PAYLOAD        CONNECTING   -                   -          none     ignored
          BROKEN_EVENT      CONNECTING   -                   -          none     ignored
          BINARY            CONNECTING   -                   -          none     ignored
          CLOSED_4000       CONNECTING   -                   -          none     ignored
          CLOSED_4009       CONNECTING   -                   -          none     ignored
          CLOSED_4004       CONNECTING   -                   -          none     ignored
          LOST              CONNECTING   -                   -          none     ignored
          MALFORMED         CONNECTING   -                   -          none     ignored
          BYTES             CONNECTING   -                   -          none     -
          SUSPECTED         CONNECTING   -                   -          none     -
          RECONNECT         CONNECTING   -                   -          none     -
          OLD_MESSAGE       CONNECTING   -                   -          none     ignored
          OLD_CLOSE         CONNECTING   -                   -          none     ignored
          OLD_LOST          CONNECTING   -                   -          none     ignored
          OLD_MALFORMED     CONNECTING   -                   -          none     ignored
          OLD_BYTES         CONNECTING   -                   -          none     ignored
          TIMER_EARLY       CONNECTING   -                   -          none     -
          TIMER_LATE        BACKOFF      -                   dial:0     none     -
          TIMER_LATE_TWICE  BACKOFF      -                   dial:0     none     -
          PERMIT            CONNECTING   -                   -          none     ignored
          COMMAND           CONNECTING   -                   -          none     -
          WITHDRAW          CONNECTING   -                   -          none     -
          HEARTBEAT         CONNECTING   -                   -          none     -
          ACKNOWLEDGE       CONNECTING   -                   -          none     stale
          ACKNOWLEDGE_OLD   CONNECTING   -                   -          none     stale
          HANDLED           CONNECTING   -                   -          none     -
          PAUSED            CONNECTING   -                   -          none     -
          UNPAUSED          CONNECTING   -                   -          none     -
          NEW_BASE          CONNECTING   -                   -          none     -
          RESTART           STOPPED      -                   -          none     -
          GOODBYE           STOPPED      -                   -          none     -
          """;
      case WAIT_HELLO ->
          """
          DIAL              WAIT_HELLO   -                   -          none     throws
          DIAL_FAILED       WAIT_HELLO   -                   -          none     ignored
          OPENED            WAIT_HELLO   -                   -          none     throws
          HELLO             WAIT_PERMIT  IDENTIFY            -          none     -
          READY             WAIT_HELLO   -                   -          none     ignored
          RESUMED           WAIT_HELLO   -                   -          none     ignored
          EVENT             WAIT_HELLO   -                   -          none     ignored
          OP_1              WAIT_HELLO   HEARTBEAT           -          none     -
          OP_7              BACKOFF      -                   dial:4900  none     -
          OP_9_TRUE         BACKOFF      -                   dial:1000  none     -
          OP_9_FALSE        BACKOFF      -                   dial:1000  none     -
          ACK               WAIT_HELLO   -                   -          none     -
          OP_UNKNOWN        WAIT_HELLO   -                   -          none     ignored
          OP_OF_CLIENTS     WAIT_HELLO   -                   -          none     ignored
          NO_PAYLOAD        BACKOFF      -                   dial:4900  none     malformed
          BROKEN_EVENT      BACKOFF      -                   dial:4900  none     malformed
          BINARY            BACKOFF      -                   dial:4900  none     malformed
          CLOSED_4000       BACKOFF      -                   dial:0     none     -
          CLOSED_4009       BACKOFF      -                   dial:0     none     -
          CLOSED_4004       FATAL        -                   -          none     -
          LOST              BACKOFF      -                   dial:0     none     -
          MALFORMED         BACKOFF      -                   dial:4900  none     malformed
          BYTES             WAIT_HELLO   -                   -          none     -
          SUSPECTED         WAIT_HELLO   -                   -          none     -
          RECONNECT         BACKOFF      -                   dial:4900  none     -
          OLD_MESSAGE       WAIT_HELLO   -                   -          none     ignored
          OLD_CLOSE         WAIT_HELLO   -                   -          none     ignored
          OLD_LOST          WAIT_HELLO   -                   -          none     ignored
          OLD_MALFORMED     WAIT_HELLO   -                   -          none     ignored
          OLD_BYTES         WAIT_HELLO   -                   -          none     ignored
          TIMER_EARLY       WAIT_HELLO   -                   -          none     -
          TIMER_LATE        BACKOFF      -                   dial:4900  none     -
          TIMER_LATE_TWICE  BACKOFF      -                   dial:4900  none     -
          PERMIT            WAIT_HELLO   -                   -          none     ignored
          COMMAND           WAIT_HELLO   -                   -          none     -
          WITHDRAW          WAIT_HELLO   -                   -          none     -
          HEARTBEAT         WAIT_HELLO   -                   -          none     -
          ACKNOWLEDGE       WAIT_HELLO   -                   -          none     stale
          ACKNOWLEDGE_OLD   WAIT_HELLO   -                   -          none     stale
          HANDLED           WAIT_HELLO   -                   -          none     -
          PAUSED            WAIT_HELLO   -                   -          none     -
          UNPAUSED          WAIT_HELLO   -                   -          none     -
          NEW_BASE          WAIT_HELLO   -                   -          none     -
          RESTART           CLOSING      -                   4900       none     -
          GOODBYE           CLOSING      -                   1000       none     -
          """;
      case WAIT_HELLO_WITH_SESSION ->
          """
          DIAL              WAIT_HELLO   -                   -          kept     throws
          DIAL_FAILED       WAIT_HELLO   -                   -          kept     ignored
          OPENED            WAIT_HELLO   -                   -          kept     throws
          HELLO             RESUMING     RESUME              -          kept     -
          READY             WAIT_HELLO   -                   -          kept     ignored
          RESUMED           WAIT_HELLO   -                   -          kept     ignored
          EVENT             WAIT_HELLO   -                   -          kept     ignored
          OP_1              WAIT_HELLO   HEARTBEAT           -          kept     -
          OP_7              BACKOFF      -                   dial:4900  kept     -
          OP_9_TRUE         BACKOFF      -                   dial:4900  kept     -
          OP_9_FALSE        BACKOFF      -                   dial:1000  dropped  -
          ACK               WAIT_HELLO   -                   -          kept     -
          OP_UNKNOWN        WAIT_HELLO   -                   -          kept     ignored
          OP_OF_CLIENTS     WAIT_HELLO   -                   -          kept     ignored
          NO_PAYLOAD        BACKOFF      -                   dial:4900  kept     malformed
          BROKEN_EVENT      BACKOFF      -                   dial:4900  kept     malformed
          BINARY            BACKOFF      -                   dial:4900  kept     malformed
          CLOSED_4000       BACKOFF      -                   dial:0     kept     -
          CLOSED_4009       BACKOFF      -                   dial:0     dropped  -
          CLOSED_4004       FATAL        -                   -          kept     -
          LOST              BACKOFF      -                   dial:0     kept     -
          MALFORMED         BACKOFF      -                   dial:4900  kept     malformed
          BYTES             WAIT_HELLO   -                   -          kept     -
          SUSPECTED         WAIT_HELLO   -                   -          kept     -
          RECONNECT         BACKOFF      -                   dial:4900  kept     -
          OLD_MESSAGE       WAIT_HELLO   -                   -          kept     ignored
          OLD_CLOSE         WAIT_HELLO   -                   -          kept     ignored
          OLD_LOST          WAIT_HELLO   -                   -          kept     ignored
          OLD_MALFORMED     WAIT_HELLO   -                   -          kept     ignored
          OLD_BYTES         WAIT_HELLO   -                   -          kept     ignored
          TIMER_EARLY       WAIT_HELLO   -                   -          kept     -
          TIMER_LATE        BACKOFF      -                   dial:4900  kept     -
          TIMER_LATE_TWICE  BACKOFF      -                   dial:4900  kept     -
          PERMIT            WAIT_HELLO   -                   -          kept     ignored
          COMMAND           WAIT_HELLO   -                   -          kept     -
          WITHDRAW          WAIT_HELLO   -                   -          kept     -
          HEARTBEAT         WAIT_HELLO   -                   -          kept     -
          ACKNOWLEDGE       WAIT_HELLO   -                   -          kept     -
          ACKNOWLEDGE_OLD   WAIT_HELLO   -                   -          kept     stale
          HANDLED           WAIT_HELLO   -                   -          kept     -
          PAUSED            WAIT_HELLO   -                   -          kept     -
          UNPAUSED          WAIT_HELLO   -                   -          kept     -
          NEW_BASE          WAIT_HELLO   -                   -          kept     -
          RESTART           CLOSING      -                   4900       kept     -
          GOODBYE           CLOSING      -                   1000       dropped  -
          """;
      case WAIT_PERMIT ->
          """
          DIAL              WAIT_PERMIT  -                   -          none     throws
          DIAL_FAILED       WAIT_PERMIT  -                   -          none     ignored
          OPENED            WAIT_PERMIT  -                   -          none     throws
          HELLO             WAIT_PERMIT  -                   -          none     -
          READY             WAIT_PERMIT  -                   -          none     ignored
          RESUMED           WAIT_PERMIT  -                   -          none     ignored
          EVENT             WAIT_PERMIT  -                   -          none     ignored
          OP_1              WAIT_PERMIT  HEARTBEAT           -          none     -
          OP_7              BACKOFF      -                   dial:4900  none     -
          OP_9_TRUE         BACKOFF      -                   dial:1000  none     -
          OP_9_FALSE        BACKOFF      -                   dial:1000  none     -
          ACK               WAIT_PERMIT  -                   -          none     -
          OP_UNKNOWN        WAIT_PERMIT  -                   -          none     ignored
          OP_OF_CLIENTS     WAIT_PERMIT  -                   -          none     ignored
          NO_PAYLOAD        BACKOFF      -                   dial:4900  none     malformed
          BROKEN_EVENT      BACKOFF      -                   dial:4900  none     malformed
          BINARY            BACKOFF      -                   dial:4900  none     malformed
          CLOSED_4000       BACKOFF      -                   dial:0     none     -
          CLOSED_4009       BACKOFF      -                   dial:0     none     -
          CLOSED_4004       FATAL        -                   -          none     -
          LOST              BACKOFF      -                   dial:0     none     -
          MALFORMED         BACKOFF      -                   dial:4900  none     malformed
          BYTES             WAIT_PERMIT  -                   -          none     -
          SUSPECTED         WAIT_PERMIT  HEARTBEAT           -          none     -
          RECONNECT         WAIT_PERMIT  -                   -          none     -
          OLD_MESSAGE       WAIT_PERMIT  -                   -          none     ignored
          OLD_CLOSE         WAIT_PERMIT  -                   -          none     ignored
          OLD_LOST          WAIT_PERMIT  -                   -          none     ignored
          OLD_MALFORMED     WAIT_PERMIT  -                   -          none     ignored
          OLD_BYTES         WAIT_PERMIT  -                   -          none     ignored
          TIMER_EARLY       WAIT_PERMIT  -                   -          none     -
          TIMER_LATE        WAIT_PERMIT  HEARTBEAT           -          none     -
          TIMER_LATE_TWICE  BACKOFF      -                   dial:4900  none     -
          PERMIT            WAIT_PERMIT  IDENTIFY            -          none     -
          COMMAND           WAIT_PERMIT  -                   -          none     -
          WITHDRAW          WAIT_PERMIT  -                   -          none     -
          HEARTBEAT         WAIT_PERMIT  HEARTBEAT           -          none     -
          ACKNOWLEDGE       WAIT_PERMIT  -                   -          none     stale
          ACKNOWLEDGE_OLD   WAIT_PERMIT  -                   -          none     stale
          HANDLED           WAIT_PERMIT  -                   -          none     -
          PAUSED            WAIT_PERMIT  -                   -          none     -
          UNPAUSED          WAIT_PERMIT  -                   -          none     -
          NEW_BASE          WAIT_PERMIT  -                   -          none     -
          RESTART           CLOSING      -                   4900       none     -
          GOODBYE           CLOSING      -                   1000       none     -
          """;
      case IDENTIFYING ->
          """
          DIAL              IDENTIFYING  -                   -          none     throws
          DIAL_FAILED       IDENTIFYING  -                   -          none     ignored
          OPENED            IDENTIFYING  -                   -          none     throws
          HELLO             IDENTIFYING  -                   -          none     -
          READY             READY        -                   -          new      event
          RESUMED           IDENTIFYING  -                   -          none     ignored
          EVENT             IDENTIFYING  -                   -          none     ignored
          OP_1              IDENTIFYING  HEARTBEAT           -          none     -
          OP_7              BACKOFF      -                   dial:4900  none     -
          OP_9_TRUE         BACKOFF      -                   dial:1000  none     -
          OP_9_FALSE        BACKOFF      -                   dial:1000  none     -
          ACK               IDENTIFYING  -                   -          none     -
          OP_UNKNOWN        IDENTIFYING  -                   -          none     ignored
          OP_OF_CLIENTS     IDENTIFYING  -                   -          none     ignored
          NO_PAYLOAD        BACKOFF      -                   dial:4900  none     malformed
          BROKEN_EVENT      BACKOFF      -                   dial:4900  none     malformed
          BINARY            BACKOFF      -                   dial:4900  none     malformed
          CLOSED_4000       BACKOFF      -                   dial:0     none     -
          CLOSED_4009       BACKOFF      -                   dial:0     none     -
          CLOSED_4004       FATAL        -                   -          none     -
          LOST              BACKOFF      -                   dial:0     none     -
          MALFORMED         BACKOFF      -                   dial:4900  none     malformed
          BYTES             IDENTIFYING  -                   -          none     -
          SUSPECTED         IDENTIFYING  HEARTBEAT           -          none     -
          RECONNECT         IDENTIFYING  -                   -          none     -
          OLD_MESSAGE       IDENTIFYING  -                   -          none     ignored
          OLD_CLOSE         IDENTIFYING  -                   -          none     ignored
          OLD_LOST          IDENTIFYING  -                   -          none     ignored
          OLD_MALFORMED     IDENTIFYING  -                   -          none     ignored
          OLD_BYTES         IDENTIFYING  -                   -          none     ignored
          TIMER_EARLY       IDENTIFYING  -                   -          none     -
          TIMER_LATE        BACKOFF      -                   dial:4900  none     -
          TIMER_LATE_TWICE  BACKOFF      -                   dial:4900  none     -
          PERMIT            IDENTIFYING  -                   -          none     ignored
          COMMAND           IDENTIFYING  -                   -          none     -
          WITHDRAW          IDENTIFYING  -                   -          none     -
          HEARTBEAT         IDENTIFYING  HEARTBEAT           -          none     -
          ACKNOWLEDGE       IDENTIFYING  -                   -          none     stale
          ACKNOWLEDGE_OLD   IDENTIFYING  -                   -          none     stale
          HANDLED           IDENTIFYING  -                   -          none     -
          PAUSED            IDENTIFYING  -                   -          none     -
          UNPAUSED          IDENTIFYING  -                   -          none     -
          NEW_BASE          IDENTIFYING  -                   -          none     -
          RESTART           CLOSING      -                   4900       none     -
          GOODBYE           CLOSING      -                   1000       none     -
          """;
      case RESUMING ->
          """
          DIAL              RESUMING     -                   -          kept     throws
          DIAL_FAILED       RESUMING     -                   -          kept     ignored
          OPENED            RESUMING     -                   -          kept     throws
          HELLO             RESUMING     -                   -          kept     -
          READY             READY        -                   -          new      event
          RESUMED           READY        -                   -          kept     event
          EVENT             RESUMING     -                   -          kept     event
          OP_1              RESUMING     HEARTBEAT           -          kept     -
          OP_7              BACKOFF      -                   dial:4900  kept     -
          OP_9_TRUE         BACKOFF      -                   dial:4900  kept     -
          OP_9_FALSE        BACKOFF      -                   dial:1000  dropped  -
          ACK               RESUMING     -                   -          kept     -
          OP_UNKNOWN        RESUMING     -                   -          kept     ignored
          OP_OF_CLIENTS     RESUMING     -                   -          kept     ignored
          NO_PAYLOAD        BACKOFF      -                   dial:4900  kept     malformed
          BROKEN_EVENT      RESUMING     -                   -          kept     malformed
          BINARY            BACKOFF      -                   dial:4900  kept     malformed
          CLOSED_4000       BACKOFF      -                   dial:0     kept     -
          CLOSED_4009       BACKOFF      -                   dial:0     dropped  -
          CLOSED_4004       FATAL        -                   -          kept     -
          LOST              BACKOFF      -                   dial:0     kept     -
          MALFORMED         BACKOFF      -                   dial:4900  kept     malformed
          BYTES             RESUMING     -                   -          kept     -
          SUSPECTED         RESUMING     HEARTBEAT           -          kept     -
          RECONNECT         BACKOFF      -                   dial:4900  kept     -
          OLD_MESSAGE       RESUMING     -                   -          kept     ignored
          OLD_CLOSE         RESUMING     -                   -          kept     ignored
          OLD_LOST          RESUMING     -                   -          kept     ignored
          OLD_MALFORMED     RESUMING     -                   -          kept     ignored
          OLD_BYTES         RESUMING     -                   -          kept     ignored
          TIMER_EARLY       RESUMING     -                   -          kept     -
          TIMER_LATE        BACKOFF      -                   dial:4900  kept     -
          TIMER_LATE_TWICE  BACKOFF      -                   dial:4900  kept     -
          PERMIT            RESUMING     -                   -          kept     ignored
          COMMAND           RESUMING     -                   -          kept     -
          WITHDRAW          RESUMING     -                   -          kept     -
          HEARTBEAT         RESUMING     HEARTBEAT           -          kept     -
          ACKNOWLEDGE       RESUMING     -                   -          kept     -
          ACKNOWLEDGE_OLD   RESUMING     -                   -          kept     stale
          HANDLED           RESUMING     -                   -          kept     -
          PAUSED            RESUMING     -                   -          kept     -
          UNPAUSED          RESUMING     -                   -          kept     -
          NEW_BASE          RESUMING     -                   -          kept     -
          RESTART           CLOSING      -                   4900       kept     -
          GOODBYE           CLOSING      -                   1000       dropped  -
          """;
      case READY ->
          """
          DIAL              READY        -                   -          kept     throws
          DIAL_FAILED       READY        -                   -          kept     ignored
          OPENED            READY        -                   -          kept     throws
          HELLO             READY        -                   -          kept     -
          READY             READY        -                   -          new      event
          RESUMED           READY        -                   -          kept     event
          EVENT             READY        -                   -          kept     event
          OP_1              READY        HEARTBEAT           -          kept     -
          OP_7              BACKOFF      -                   dial:4900  kept     -
          OP_9_TRUE         BACKOFF      -                   dial:4900  kept     -
          OP_9_FALSE        BACKOFF      -                   dial:1000  dropped  -
          ACK               READY        -                   -          kept     -
          OP_UNKNOWN        READY        -                   -          kept     ignored
          OP_OF_CLIENTS     READY        -                   -          kept     ignored
          NO_PAYLOAD        BACKOFF      -                   dial:4900  kept     malformed
          BROKEN_EVENT      READY        -                   -          kept     malformed
          BINARY            BACKOFF      -                   dial:4900  kept     malformed
          CLOSED_4000       BACKOFF      -                   dial:0     kept     -
          CLOSED_4009       BACKOFF      -                   dial:0     dropped  -
          CLOSED_4004       FATAL        -                   -          kept     -
          LOST              BACKOFF      -                   dial:0     kept     -
          MALFORMED         BACKOFF      -                   dial:4900  kept     malformed
          BYTES             READY        -                   -          kept     -
          SUSPECTED         READY        HEARTBEAT           -          kept     -
          RECONNECT         BACKOFF      -                   dial:4900  kept     -
          OLD_MESSAGE       READY        -                   -          kept     ignored
          OLD_CLOSE         READY        -                   -          kept     ignored
          OLD_LOST          READY        -                   -          kept     ignored
          OLD_MALFORMED     READY        -                   -          kept     ignored
          OLD_BYTES         READY        -                   -          kept     ignored
          TIMER_EARLY       READY        -                   -          kept     -
          TIMER_LATE        READY        HEARTBEAT           -          kept     -
          TIMER_LATE_TWICE  BACKOFF      -                   dial:4900  kept     -
          PERMIT            READY        -                   -          kept     ignored
          COMMAND           READY        VOICE_STATE_UPDATE  -          kept     -
          WITHDRAW          READY        -                   -          kept     -
          HEARTBEAT         READY        HEARTBEAT           -          kept     -
          ACKNOWLEDGE       READY        -                   -          kept     -
          ACKNOWLEDGE_OLD   READY        -                   -          kept     stale
          HANDLED           READY        -                   -          kept     -
          PAUSED            READY        -                   -          kept     -
          UNPAUSED          READY        -                   -          kept     -
          NEW_BASE          READY        -                   -          kept     -
          RESTART           CLOSING      -                   4900       kept     -
          GOODBYE           CLOSING      -                   1000       dropped  -
          """;
      case CLOSING ->
          """
          DIAL              CLOSING      -                   4900       kept     throws
          DIAL_FAILED       CLOSING      -                   4900       kept     ignored
          OPENED            CLOSING      -                   4900       kept     throws
          HELLO             CLOSING      -                   4900       kept     ignored
          READY             CLOSING      -                   4900       kept     ignored
          RESUMED           CLOSING      -                   4900       kept     ignored
          EVENT             CLOSING      -                   4900       kept     ignored
          OP_1              CLOSING      -                   4900       kept     ignored
          OP_7              CLOSING      -                   4900       kept     ignored
          OP_9_TRUE         CLOSING      -                   4900       kept     ignored
          OP_9_FALSE        CLOSING      -                   4900       kept     ignored
          ACK               CLOSING      -                   4900       kept     ignored
          OP_UNKNOWN        CLOSING      -                   4900       kept     ignored
          OP_OF_CLIENTS     CLOSING      -                   4900       kept     ignored
          NO_PAYLOAD        CLOSING      -                   4900       kept     ignored
          BROKEN_EVENT      CLOSING      -                   4900       kept     ignored
          BINARY            CLOSING      -                   4900       kept     ignored
          CLOSED_4000       STOPPED      -                   -          kept     -
          CLOSED_4009       STOPPED      -                   -          kept     -
          CLOSED_4004       STOPPED      -                   -          kept     -
          LOST              STOPPED      -                   -          kept     -
          MALFORMED         CLOSING      -                   4900       kept     ignored
          BYTES             CLOSING      -                   4900       kept     -
          SUSPECTED         CLOSING      -                   4900       kept     -
          RECONNECT         CLOSING      -                   4900       kept     -
          OLD_MESSAGE       CLOSING      -                   4900       kept     ignored
          OLD_CLOSE         CLOSING      -                   4900       kept     ignored
          OLD_LOST          CLOSING      -                   4900       kept     ignored
          OLD_MALFORMED     CLOSING      -                   4900       kept     ignored
          OLD_BYTES         CLOSING      -                   4900       kept     ignored
          TIMER_EARLY       CLOSING      -                   4900       kept     -
          TIMER_LATE        STOPPED      -                   -          kept     -
          TIMER_LATE_TWICE  STOPPED      -                   -          kept     -
          PERMIT            CLOSING      -                   4900       kept     ignored
          COMMAND           CLOSING      -                   4900       kept     refused
          WITHDRAW          CLOSING      -                   4900       kept     -
          HEARTBEAT         CLOSING      -                   4900       kept     -
          ACKNOWLEDGE       CLOSING      -                   4900       kept     -
          ACKNOWLEDGE_OLD   CLOSING      -                   4900       kept     stale
          HANDLED           CLOSING      -                   4900       kept     -
          PAUSED            CLOSING      -                   4900       kept     -
          UNPAUSED          CLOSING      -                   4900       kept     -
          NEW_BASE          CLOSING      -                   4900       kept     -
          RESTART           CLOSING      -                   4900       kept     -
          GOODBYE           CLOSING      -                   4900       kept     -
          """;
      case BACKOFF ->
          """
          DIAL              CONNECTING   -                   -          kept     -
          DIAL_FAILED       BACKOFF      -                   dial:0     kept     ignored
          OPENED            BACKOFF      -                   dial:0     kept     throws
          HELLO             BACKOFF      -                   dial:0     kept     ignored
          READY             BACKOFF      -                   dial:0     kept     ignored
          RESUMED           BACKOFF      -                   dial:0     kept     ignored
          EVENT             BACKOFF      -                   dial:0     kept     ignored
          OP_1              BACKOFF      -                   dial:0     kept     ignored
          OP_7              BACKOFF      -                   dial:0     kept     ignored
          OP_9_TRUE         BACKOFF      -                   dial:0     kept     ignored
          OP_9_FALSE        BACKOFF      -                   dial:0     kept     ignored
          ACK               BACKOFF      -                   dial:0     kept     ignored
          OP_UNKNOWN        BACKOFF      -                   dial:0     kept     ignored
          OP_OF_CLIENTS     BACKOFF      -                   dial:0     kept     ignored
          NO_PAYLOAD        BACKOFF      -                   dial:0     kept     ignored
          BROKEN_EVENT      BACKOFF      -                   dial:0     kept     ignored
          BINARY            BACKOFF      -                   dial:0     kept     ignored
          CLOSED_4000       BACKOFF      -                   dial:0     kept     ignored
          CLOSED_4009       BACKOFF      -                   dial:0     kept     ignored
          CLOSED_4004       BACKOFF      -                   dial:0     kept     ignored
          LOST              BACKOFF      -                   dial:0     kept     ignored
          MALFORMED         BACKOFF      -                   dial:0     kept     ignored
          BYTES             BACKOFF      -                   dial:0     kept     -
          SUSPECTED         BACKOFF      -                   dial:0     kept     -
          RECONNECT         BACKOFF      -                   dial:0     kept     -
          OLD_MESSAGE       BACKOFF      -                   dial:0     kept     ignored
          OLD_CLOSE         BACKOFF      -                   dial:0     kept     ignored
          OLD_LOST          BACKOFF      -                   dial:0     kept     ignored
          OLD_MALFORMED     BACKOFF      -                   dial:0     kept     ignored
          OLD_BYTES         BACKOFF      -                   dial:0     kept     ignored
          TIMER_EARLY       BACKOFF      -                   dial:0     kept     -
          TIMER_LATE        BACKOFF      -                   dial:0     kept     -
          TIMER_LATE_TWICE  BACKOFF      -                   dial:0     kept     -
          PERMIT            BACKOFF      -                   dial:0     kept     ignored
          COMMAND           BACKOFF      -                   dial:0     kept     -
          WITHDRAW          BACKOFF      -                   dial:0     kept     -
          HEARTBEAT         BACKOFF      -                   dial:0     kept     -
          ACKNOWLEDGE       BACKOFF      -                   dial:0     kept     -
          ACKNOWLEDGE_OLD   BACKOFF      -                   dial:0     kept     stale
          HANDLED           BACKOFF      -                   dial:0     kept     -
          PAUSED            BACKOFF      -                   dial:0     kept     -
          UNPAUSED          BACKOFF      -                   dial:0     kept     -
          NEW_BASE          BACKOFF      -                   dial:0     kept     -
          RESTART           STOPPED      -                   -          kept     -
          GOODBYE           STOPPED      -                   -          dropped  -
          """;
      case FATAL ->
          """
          DIAL              FATAL        -                   -          kept     throws
          DIAL_FAILED       FATAL        -                   -          kept     ignored
          OPENED            FATAL        -                   -          kept     throws
          HELLO             FATAL        -                   -          kept     ignored
          READY             FATAL        -                   -          kept     ignored
          RESUMED           FATAL        -                   -          kept     ignored
          EVENT             FATAL        -                   -          kept     ignored
          OP_1              FATAL        -                   -          kept     ignored
          OP_7              FATAL        -                   -          kept     ignored
          OP_9_TRUE         FATAL        -                   -          kept     ignored
          OP_9_FALSE        FATAL        -                   -          kept     ignored
          ACK               FATAL        -                   -          kept     ignored
          OP_UNKNOWN        FATAL        -                   -          kept     ignored
          OP_OF_CLIENTS     FATAL        -                   -          kept     ignored
          NO_PAYLOAD        FATAL        -                   -          kept     ignored
          BROKEN_EVENT      FATAL        -                   -          kept     ignored
          BINARY            FATAL        -                   -          kept     ignored
          CLOSED_4000       FATAL        -                   -          kept     ignored
          CLOSED_4009       FATAL        -                   -          kept     ignored
          CLOSED_4004       FATAL        -                   -          kept     ignored
          LOST              FATAL        -                   -          kept     ignored
          MALFORMED         FATAL        -                   -          kept     ignored
          BYTES             FATAL        -                   -          kept     -
          SUSPECTED         FATAL        -                   -          kept     -
          RECONNECT         FATAL        -                   -          kept     -
          OLD_MESSAGE       FATAL        -                   -          kept     ignored
          OLD_CLOSE         FATAL        -                   -          kept     ignored
          OLD_LOST          FATAL        -                   -          kept     ignored
          OLD_MALFORMED     FATAL        -                   -          kept     ignored
          OLD_BYTES         FATAL        -                   -          kept     ignored
          TIMER_EARLY       FATAL        -                   -          kept     -
          TIMER_LATE        FATAL        -                   -          kept     -
          TIMER_LATE_TWICE  FATAL        -                   -          kept     -
          PERMIT            FATAL        -                   -          kept     ignored
          COMMAND           FATAL        -                   -          kept     refused
          WITHDRAW          FATAL        -                   -          kept     -
          HEARTBEAT         FATAL        -                   -          kept     -
          ACKNOWLEDGE       FATAL        -                   -          kept     -
          ACKNOWLEDGE_OLD   FATAL        -                   -          kept     stale
          HANDLED           FATAL        -                   -          kept     -
          PAUSED            FATAL        -                   -          kept     -
          UNPAUSED          FATAL        -                   -          kept     -
          NEW_BASE          FATAL        -                   -          kept     -
          RESTART           STOPPED      -                   -          kept     -
          GOODBYE           STOPPED      -                   -          dropped  -
          """;
      case STOPPED ->
          """
          DIAL              STOPPED      -                   -          kept     throws
          DIAL_FAILED       STOPPED      -                   -          kept     ignored
          OPENED            STOPPED      -                   -          kept     throws
          HELLO             STOPPED      -                   -          kept     ignored
          READY             STOPPED      -                   -          kept     ignored
          RESUMED           STOPPED      -                   -          kept     ignored
          EVENT             STOPPED      -                   -          kept     ignored
          OP_1              STOPPED      -                   -          kept     ignored
          OP_7              STOPPED      -                   -          kept     ignored
          OP_9_TRUE         STOPPED      -                   -          kept     ignored
          OP_9_FALSE        STOPPED      -                   -          kept     ignored
          ACK               STOPPED      -                   -          kept     ignored
          OP_UNKNOWN        STOPPED      -                   -          kept     ignored
          OP_OF_CLIENTS     STOPPED      -                   -          kept     ignored
          NO_PAYLOAD        STOPPED      -                   -          kept     ignored
          BROKEN_EVENT      STOPPED      -                   -          kept     ignored
          BINARY            STOPPED      -                   -          kept     ignored
          CLOSED_4000       STOPPED      -                   -          kept     ignored
          CLOSED_4009       STOPPED      -                   -          kept     ignored
          CLOSED_4004       STOPPED      -                   -          kept     ignored
          LOST              STOPPED      -                   -          kept     ignored
          MALFORMED         STOPPED      -                   -          kept     ignored
          BYTES             STOPPED      -                   -          kept     -
          SUSPECTED         STOPPED      -                   -          kept     -
          RECONNECT         STOPPED      -                   -          kept     -
          OLD_MESSAGE       STOPPED      -                   -          kept     ignored
          OLD_CLOSE         STOPPED      -                   -          kept     ignored
          OLD_LOST          STOPPED      -                   -          kept     ignored
          OLD_MALFORMED     STOPPED      -                   -          kept     ignored
          OLD_BYTES         STOPPED      -                   -          kept     ignored
          TIMER_EARLY       STOPPED      -                   -          kept     -
          TIMER_LATE        STOPPED      -                   -          kept     -
          TIMER_LATE_TWICE  STOPPED      -                   -          kept     -
          PERMIT            STOPPED      -                   -          kept     ignored
          COMMAND           STOPPED      -                   -          kept     refused
          WITHDRAW          STOPPED      -                   -          kept     -
          HEARTBEAT         STOPPED      -                   -          kept     -
          ACKNOWLEDGE       STOPPED      -                   -          kept     -
          ACKNOWLEDGE_OLD   STOPPED      -                   -          kept     stale
          HANDLED           STOPPED      -                   -          kept     -
          PAUSED            STOPPED      -                   -          kept     -
          UNPAUSED          STOPPED      -                   -          kept     -
          NEW_BASE          STOPPED      -                   -          kept     -
          RESTART           STOPPED      -                   -          kept     -
          GOODBYE           STOPPED      -                   -          kept     -
          """;
    };
  }

  record Row(Situation situation, Input input, String outcome) {}

  static Stream<Row> rows() {
    return Arrays.stream(Situation.values()).flatMap(StateInputTableTest::rows);
  }

  private static Stream<Row> rows(Situation situation) {
    return table(situation)
        .lines()
        .map(line -> line.split(" +", 2))
        .map(
            word ->
                new Row(situation, Input.valueOf(word[0]), word[1].strip().replaceAll(" +", " ")));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void doesWhatTheRowSays(Row row) {
    assertThat(observe(row.situation, row.input)).isEqualTo(row.outcome);
  }

  @ParameterizedTest
  @EnumSource
  void everyInputHasItsRow(Situation situation) {
    assertThat(rows(situation).map(Row::input)).containsExactly(Input.values());
  }

  @Test
  void everyStateIsASituation() {
    assertThat(Arrays.stream(Situation.values()).map(s -> s.recipe.get().connection().state()))
        .contains(GatewayState.values());
  }

  @Test
  void everyMethodThatIsAnInputIsInTheTable() {
    Set<String> outputs = Set.of("send", "toString", "nanosUntilMemberList", "acknowledger");
    Stream<String> inputs =
        Arrays.stream(GatewayConnection.class.getDeclaredMethods())
            .filter(method -> Modifier.isPublic(method.getModifiers()))
            .filter(method -> !Modifier.isStatic(method.getModifiers()))
            .filter(
                method ->
                    method.getParameterCount() > 0
                        || method.getReturnType() == void.class
                        || method.getName().equals("opened")
                        || method.getName().equals("requestReconnect"))
            .map(Method::getName)
            .filter(name -> !outputs.contains(name));

    assertThat(Arrays.stream(Input.values()).map(input -> input.method).collect(toSet()))
        .isEqualTo(inputs.collect(toSet()));
  }

  @Test
  void noSessionIsKeptThatItsCloseCodeEnds() {
    assertThat(rows().filter(row -> row.outcome.matches(".*(1000|1001).*")))
        .isNotEmpty()
        .allSatisfy(row -> assertThat(row.outcome).containsPattern(" (dropped|none) "));
  }

  @Test
  void whatIsRefusedChangesNothing() {
    assertThat(rows().filter(row -> row.outcome.matches(".*(ignored|throws|refused)")))
        .isNotEmpty()
        .allSatisfy(
            row -> {
              String state = row.situation.recipe.get().connection().state().name();
              assertThat(row.outcome).startsWith(state + " - ").containsPattern(" (kept|none) ");
            });
  }

  private interface OfTransport {
    void give(GatewayConnection connection, int generation);
  }

  private static Function<Scenario, String> call(Consumer<GatewayConnection> input) {
    return after(scenario -> input.accept(scenario.connection()));
  }

  private static Function<Scenario, String> after(Consumer<Scenario> inputs) {
    return scenario -> {
      inputs.accept(scenario);
      return "";
    };
  }

  private static Function<Scenario, String> old(OfTransport input) {
    return call(connection -> input.give(connection, connection.generation() - 1));
  }

  private static Function<Scenario, String> message(String json) {
    return scenario -> scenario.connection().recv(json) == null ? "" : "event";
  }

  private static String queue(Scenario scenario) {
    return scenario.connection().queue(GatewayCommand.UpdateVoiceState.leave(1)) ? "" : "refused";
  }

  private static Scenario oversleep(Scenario scenario) {
    scenario.oversleepMillis(3_600_000).connection().onTimeout();
    return scenario;
  }

  private static String observe(Situation situation, Input input) {
    Scenario scenario = situation.recipe.get().forget();
    GatewayConnection connection = scenario.connection();
    String session = connection.sessionId();
    long ignored = connection.ignoredInputs();
    long malformed = connection.malformedMessages();
    long stale = connection.staleAcknowledgements();

    List<String> result = new ArrayList<>();
    try {
      result.add(input.give.apply(scenario));
    } catch (IllegalStateException e) {
      result.add("throws");
    }
    result.add("ignored".repeat((int) (connection.ignoredInputs() - ignored)));
    result.add("malformed".repeat((int) (connection.malformedMessages() - malformed)));
    result.add("stale".repeat((int) (connection.staleAcknowledgements() - stale)));
    result.removeIf(String::isEmpty);

    GatewayState next = connection.state();
    String close = closeCode(connection);
    Outgoing sent = connection.send();
    return String.join(
        " ",
        next.name(),
        sent == null ? "-" : sent.opcode().name(),
        close,
        fate(session, connection.sessionId()),
        result.isEmpty() ? "-" : String.join("+", result));
  }

  private static String closeCode(GatewayConnection connection) {
    if (connection.shouldReconnect()) {
      return "dial:" + connection.reconnect().closeCode();
    }
    return connection.closeCode() == 0 ? "-" : String.valueOf(connection.closeCode());
  }

  private static String fate(@Nullable String before, @Nullable String after) {
    if (Objects.equals(before, after)) {
      return after == null ? "none" : "kept";
    }
    return after == null ? "dropped" : "new";
  }
}
