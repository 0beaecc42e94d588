package dev.sluice.gateway.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.ShardId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DeliveryReportTest {

  private static final String MESSAGE = "{\"content\":\"x\"}";

  @TempDir Path directory;

  @Test
  void equalLogsAreClean() throws Exception {
    Path sent = log("sent", "a 1 x", "a 2 y", "b 1 x");
    Path handled = log("handled", "a 1 x", "a 2 y", "b 1 x");

    DeliveryReport report = compare(sent, handled);

    assertThat(report).isEqualTo(new DeliveryReport(3, 3, 0, 0, 0, 0, List.of()));
    assertThat(report.isClean()).isTrue();
    assertThat(report)
        .hasToString("sent 3, handled 3, missing 0, duplicated 0, corrupted 0, unexpected 0");
  }

  @Test
  void anEventThatWasDroppedIsMissing() throws Exception {
    DeliveryReport report =
        compare(log("sent", "a 1 x", "a 2 y", "a 3 z"), log("handled", "a 1 x", "a 3 z"));

    assertThat(report)
        .isEqualTo(new DeliveryReport(3, 2, 1, 0, 0, 0, List.of("missing: session a, sequence 2")));
    assertThat(report.isClean()).isFalse();
  }

  @Test
  void anEventThatWasRepeatedIsDuplicated() throws Exception {
    DeliveryReport report =
        compare(log("sent", "a 1 x", "a 2 y"), log("handled", "a 1 x", "a 2 y", "a 1 x"));

    assertThat(report)
        .isEqualTo(
            new DeliveryReport(2, 3, 0, 1, 0, 0, List.of("duplicated: session a, sequence 1")));
    assertThat(report.isClean()).isFalse();
  }

  @Test
  void anEventThatWasAlteredIsCorrupted() throws Exception {
    DeliveryReport report =
        compare(log("sent", "a 1 x", "a 2 y"), log("handled", "a 1 x", "a 2 z"));

    assertThat(report)
        .isEqualTo(
            new DeliveryReport(2, 2, 0, 0, 1, 0, List.of("corrupted: session a, sequence 2")));
    assertThat(report.isClean()).isFalse();
  }

  @Test
  void anEventThatWasNotSentIsUnexpected() throws Exception {
    DeliveryReport report =
        compare(log("sent", "a 1 x", "a 3 z"), log("handled", "a 1 x", "a 2 y", "a 3 z", "b 1 x"));

    assertThat(report.unexpected()).isEqualTo(2);
    assertThat(report.missing()).isZero();
    assertThat(report.isClean()).isFalse();
    assertThat(report)
        .hasToString(
            """
            sent 2, handled 4, missing 0, duplicated 0, corrupted 0, unexpected 2
            unexpected: session a, sequence 2
            unexpected: session b, sequence 1""");
  }

  @Test
  void anAlteredRepetitionIsBothDuplicatedAndCorrupted() throws Exception {
    DeliveryReport report = compare(log("sent", "a 1 x"), log("handled", "a 1 x", "a 1 y"));

    assertThat(report.duplicated()).isEqualTo(1);
    assertThat(report.corrupted()).isEqualTo(1);
  }

  @Test
  void orderAndFilesMakeNoDifference() throws Exception {
    Path sent = log("sent", "a 1 x", "b 1 y", "a 2 z", "b 2 x");
    Path one = log("one", "b 2 x", "a 2 z");
    Path other = log("other", "a 1 x", "b 1 y");

    DeliveryReport report = DeliveryReport.compare(List.of(sent), List.of(one, other));

    assertThat(report.isClean()).isTrue();
    assertThat(report.handled()).isEqualTo(4);
  }

  @Test
  void onlyTheFirstFewOfAKindAreListed() throws Exception {
    String[] events = new String[100];
    Arrays.setAll(events, i -> "a " + (i + 1) + " x");

    DeliveryReport report = compare(log("sent", events), log("handled"));

    assertThat(report.missing()).isEqualTo(100);
    assertThat(report.examples()).hasSize(5).first().isEqualTo("missing: session a, sequence 1");
  }

  @Test
  void resumedIsLeftOut() throws Exception {
    Path file = directory.resolve("log");
    try (DeliveryLog log = DeliveryLog.create(file)) {
      log.record("a", EventType.READY, 1, utf8("x"));
      log.record("a", EventType.RESUMED, 2, utf8("y"));
      assertThat(log.count()).isEqualTo(1);
    }

    assertThat(compare(file, log("handled", "a 1 x")).isClean()).isTrue();
  }

  @Test
  void recordingMovesNoPosition() throws Exception {
    ByteBuffer d = utf8("xyz").position(1);
    try (DeliveryLog log = DeliveryLog.create(directory.resolve("log"))) {
      log.record("a", EventType.MESSAGE_CREATE, 1, d);
    }

    assertThat(d.position()).isEqualTo(1);
    assertThat(d.limit()).isEqualTo(3);
    assertThat(compare(directory.resolve("log"), log("handled", "a 1 yz")).isClean()).isTrue();
  }

  @Test
  void sequencesAreBounded() throws Exception {
    try (DeliveryLog log = DeliveryLog.create(directory.resolve("log"))) {
      log.record("a", EventType.MESSAGE_CREATE, Integer.MAX_VALUE, utf8("x"));
      assertThatThrownBy(() -> log.record("a", EventType.MESSAGE_CREATE, 1L << 31, utf8("x")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("sequence: 2147483648 (expected: 0..2147483647)");
    }
    Path handled = log("handled", "a 2147483647 x");

    assertThat(compare(directory.resolve("log"), handled).isClean()).isTrue();
  }

  @Test
  void aClosedLogTakesNothing() throws Exception {
    DeliveryLog log = DeliveryLog.create(directory.resolve("log"));
    log.close();
    log.close();

    assertThatThrownBy(() -> log.record("a", EventType.MESSAGE_CREATE, 1, utf8("x")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("delivery log: closed");
  }

  @Test
  void aLogThatWasNotClosedIsRefused() throws Exception {
    Path whole = log("whole", "a 1 x", "a 2 y");
    Path cut = directory.resolve("cut");
    byte[] bytes = Files.readAllBytes(whole);
    Files.write(cut, Arrays.copyOf(bytes, bytes.length - 1));

    assertThatThrownBy(() -> compare(whole, cut))
        .isInstanceOf(IOException.class)
        .hasMessage(cut + ": ends within a record (expected: a log that was closed)");
  }

  @Test
  void whatIsNoLogIsRefused() throws Exception {
    Path text = Files.writeString(directory.resolve("text"), "something else");

    assertThatThrownBy(() -> compare(text, text))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("(expected: 0..0, in a delivery log)");
  }

  @Test
  void aGatewayRecordsReadyAndWhatItDispatches() throws Exception {
    Path file = directory.resolve("gateway");
    Path handled = directory.resolve("client");
    ShardId shard = new ShardId(0, 1);
    try (DeliveryLog log = DeliveryLog.create(file);
        DeliveryLog clientLog = DeliveryLog.create(handled);
        LocalGateway gateway =
            LocalGateway.builder().guildCreates(false).listener(log.gatewayListener()).start();
        TestClient client = TestClient.dial(gateway.uri(), TestClient.QUERY)) {
      client.identify(gateway.token(), shard);
      JsonNode ready = client.expectDispatch("READY").get("d");
      String session = ready.get("session_id").asText();
      clientLog.record(session, EventType.READY, 1, utf8(ready.toString()));
      TestClient.get(gateway.dispatch(shard, "MESSAGE_CREATE", MESSAGE.getBytes(UTF_8)));
      client.expectDispatch("MESSAGE_CREATE");
      clientLog.record(session, EventType.MESSAGE_CREATE, 2, utf8(MESSAGE));
    }

    assertThat(compare(file, handled)).isEqualTo(new DeliveryReport(2, 2, 0, 0, 0, 0, List.of()));
  }

  private static DeliveryReport compare(Path sent, Path handled) throws IOException {
    return DeliveryReport.compare(List.of(sent), List.of(handled));
  }

  /** Writes a log of events, each {@code session sequence d}. */
  private Path log(String name, String... events) throws IOException {
    Path file = directory.resolve(name);
    try (DeliveryLog log = DeliveryLog.create(file)) {
      for (String event : events) {
        String[] parts = event.split(" ");
        log.record(parts[0], EventType.MESSAGE_CREATE, Long.parseLong(parts[1]), utf8(parts[2]));
      }
    }
    return file;
  }

  private static ByteBuffer utf8(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }
}
