package dev.sluice.gateway.kafka.internal.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SessionMetadataTest {

  private static final GatewaySession SESSION = MockGroup.session(2, 17);

  @Test
  void whatWasWrittenIsRead() {
    for (SessionMetadata metadata :
        new SessionMetadata[] {
          new SessionMetadata(SESSION, 5, "bot-pod-0-1"),
          new SessionMetadata(SESSION, Long.MAX_VALUE, null),
          new SessionMetadata(null, 6, null),
        }) {
      assertThat(SessionMetadata.decode(metadata.encode())).isEqualTo(metadata);
      assertThat(metadata.encode()).doesNotContain("\n").hasSizeLessThan(600);
    }
  }

  @Test
  void noMetadataIsNoSession() {
    assertThat(SessionMetadata.decode("")).isEqualTo(SessionMetadata.NONE);
  }

  @Test
  void aResumeGatewayUrlThatABrokerWouldNotTakeIsLeftOut() {
    String encoded =
        new SessionMetadata(session("wss://" + "a".repeat(4096)), 1, "bot-pod-0-1").encode();

    assertThat(SessionMetadata.decode(encoded))
        .isEqualTo(new SessionMetadata(session(null), 1, "bot-pod-0-1"));
  }

  private static GatewaySession session(@Nullable String resumeGatewayUrl) {
    return new GatewaySession(
        "secret",
        resumeGatewayUrl,
        1,
        1,
        ShardId.SINGLE,
        Intents.of(),
        10,
        Encoding.JSON,
        Compression.NONE,
        Instant.EPOCH,
        Instant.EPOCH);
  }

  @Test
  void whatABrokerWouldNotTakeIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SessionMetadata(session(null), 1, "a".repeat(4096)).encode())
        .withMessageMatching(
            "session metadata: \\d+ bytes \\(expected: <= 4096, offset.metadata.max.bytes of a"
                + " broker\\)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          secret                              | session metadata: no JSON at column 1
          {"version":2}                       | session metadata: version 2 (expected: 1)
          {"session":"secret"}                | session metadata: version 0 (expected: 1)
          {"version":1,"session":{"version":7}} | stored session: version: 7 (expected: a whole number in 1..1)
          """)
  void whatIsNoMetadataIsRefusedAndNotShown(String encoded, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SessionMetadata.decode(encoded))
        .withMessage(message);
  }
}
