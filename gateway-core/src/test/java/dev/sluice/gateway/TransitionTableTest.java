package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class TransitionTableTest {

  private static final String ROWS =
      """
      IDLE         DIALLED                    CONNECTING
      IDLE         STOP                       STOPPED

      CONNECTING   OPENED                     WAIT_HELLO
      CONNECTING   DIAL_FAILED                BACKOFF
      CONNECTING   STOP                       STOPPED

      WAIT_HELLO   HELLO_NEW_SESSION          WAIT_PERMIT
      WAIT_HELLO   HELLO_KNOWN_SESSION        RESUMING
      WAIT_HELLO   RECONNECT_REQUESTED        BACKOFF
      WAIT_HELLO   INVALID_SESSION_RESUMABLE  BACKOFF
      WAIT_HELLO   INVALID_SESSION            BACKOFF
      WAIT_HELLO   ZOMBIED                    BACKOFF
      WAIT_HELLO   TIMED_OUT                  BACKOFF
      WAIT_HELLO   PROTOCOL_ERROR             BACKOFF
      WAIT_HELLO   CLOSED                     BACKOFF
      WAIT_HELLO   CLOSED_FOR_GOOD            FATAL
      WAIT_HELLO   STOP                       CLOSING

      WAIT_PERMIT  IDENTIFY_SENT              IDENTIFYING
      WAIT_PERMIT  HELLO_AGAIN                WAIT_PERMIT
      WAIT_PERMIT  RECONNECT_REQUESTED        BACKOFF
      WAIT_PERMIT  INVALID_SESSION_RESUMABLE  BACKOFF
      WAIT_PERMIT  INVALID_SESSION            BACKOFF
      WAIT_PERMIT  ZOMBIED                    BACKOFF
      WAIT_PERMIT  TIMED_OUT                  BACKOFF
      WAIT_PERMIT  PROTOCOL_ERROR             BACKOFF
      WAIT_PERMIT  CLOSED                     BACKOFF
      WAIT_PERMIT  CLOSED_FOR_GOOD            FATAL
      WAIT_PERMIT  STOP                       CLOSING

      IDENTIFYING  READY                      READY
      IDENTIFYING  HELLO_AGAIN                IDENTIFYING
      IDENTIFYING  RECONNECT_REQUESTED        BACKOFF
      IDENTIFYING  INVALID_SESSION_RESUMABLE  BACKOFF
      IDENTIFYING  INVALID_SESSION            BACKOFF
      IDENTIFYING  ZOMBIED                    BACKOFF
      IDENTIFYING  TIMED_OUT                  BACKOFF
      IDENTIFYING  PROTOCOL_ERROR             BACKOFF
      IDENTIFYING  CLOSED                     BACKOFF
      IDENTIFYING  CLOSED_FOR_GOOD            FATAL
      IDENTIFYING  STOP                       CLOSING

      RESUMING     DISPATCH                   RESUMING
      RESUMING     RESUMED                    READY
      RESUMING     READY                      READY
      RESUMING     HELLO_AGAIN                RESUMING
      RESUMING     RECONNECT_REQUESTED        BACKOFF
      RESUMING     INVALID_SESSION_RESUMABLE  BACKOFF
      RESUMING     INVALID_SESSION            BACKOFF
      RESUMING     ZOMBIED                    BACKOFF
      RESUMING     TIMED_OUT                  BACKOFF
      RESUMING     PROTOCOL_ERROR             BACKOFF
      RESUMING     CLOSED                     BACKOFF
      RESUMING     CLOSED_FOR_GOOD            FATAL
      RESUMING     STOP                       CLOSING

      READY        DISPATCH                   READY
      READY        RESUMED                    READY
      READY        READY                      READY
      READY        HELLO_AGAIN                READY
      READY        RECONNECT_REQUESTED        BACKOFF
      READY        INVALID_SESSION_RESUMABLE  BACKOFF
      READY        INVALID_SESSION            BACKOFF
      READY        ZOMBIED                    BACKOFF
      READY        TIMED_OUT                  BACKOFF
      READY        PROTOCOL_ERROR             BACKOFF
      READY        CLOSED                     BACKOFF
      READY        CLOSED_FOR_GOOD            FATAL
      READY        STOP                       CLOSING

      CLOSING      CLOSED                     STOPPED
      CLOSING      CLOSED_FOR_GOOD            STOPPED
      CLOSING      TIMED_OUT                  STOPPED

      BACKOFF      DIALLED                    CONNECTING
      BACKOFF      STOP                       STOPPED

      FATAL        STOP                       STOPPED
      """;

  record Row(GatewayState from, Signal signal, GatewayState to) {}

  static Row[] rows() {
    return ROWS.lines()
        .filter(line -> !line.isBlank())
        .map(line -> line.split(" +"))
        .map(
            word ->
                new Row(
                    GatewayState.valueOf(word[0]),
                    Signal.valueOf(word[1]),
                    GatewayState.valueOf(word[2])))
        .toArray(Row[]::new);
  }

  @ParameterizedTest
  @MethodSource("rows")
  void leadsWhereTheRowSays(Row row) {
    assertThat(TransitionTable.next(row.from, row.signal)).isEqualTo(row.to);
  }

  @ParameterizedTest
  @EnumSource
  void refusesEverySignalWithoutARow(GatewayState from) {
    Set<Signal> expected = new HashSet<>();
    for (Row row : rows()) {
      if (row.from == from) {
        expected.add(row.signal);
      }
    }
    Set<Signal> legal = new HashSet<>();
    for (Signal signal : Signal.values()) {
      if (TransitionTable.next(from, signal) != null) {
        legal.add(signal);
      }
    }
    assertThat(legal).isEqualTo(expected);
  }

  @Test
  void nothingLeavesTheStoppedState() {
    assertThat(Signal.values())
        .allSatisfy(
            signal -> assertThat(TransitionTable.next(GatewayState.STOPPED, signal)).isNull());
  }

  @Test
  void everyStateAndSignalIsInUse() {
    assertThat(Arrays.stream(rows()).map(Row::signal)).contains(Signal.values());
    assertThat(Arrays.stream(rows()).map(Row::to))
        .contains(
            Arrays.stream(GatewayState.values())
                .filter(state -> state != GatewayState.IDLE)
                .toArray(GatewayState[]::new));
  }
}
