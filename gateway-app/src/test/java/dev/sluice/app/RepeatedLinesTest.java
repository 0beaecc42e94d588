package dev.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.spi.FilterReply;
import org.junit.jupiter.api.Test;

final class RepeatedLinesTest {

  private static final String KAFKA = "org.apache.kafka.clients.NetworkClient";

  private final RepeatedLines filter = new RepeatedLines();

  @Test
  void whatALibraryRepeatsIsLoggedOnceInHalfAMinute() {
    assertThat(decide(KAFKA, "[Producer clientId=p] node 1 is away", 1_000))
        .isEqualTo(FilterReply.NEUTRAL);
    assertThat(decide(KAFKA, "[Consumer clientId=c] node 2 is away", 2_000))
        .isEqualTo(FilterReply.DENY);
    assertThat(decide(KAFKA, "another thing", 2_000)).isEqualTo(FilterReply.NEUTRAL);
    assertThat(decide(KAFKA, "node 1 is away", 30_999)).isEqualTo(FilterReply.DENY);
    assertThat(decide(KAFKA, "node 1 is away", 31_000)).isEqualTo(FilterReply.NEUTRAL);
  }

  @Test
  void whatTheNodeSaysIsNeverLeftOut() {
    for (int i = 0; i < 3; i++) {
      assertThat(decide("dev.sluice.gateway.netty.Shard", "resumed", i))
          .isEqualTo(FilterReply.NEUTRAL);
    }
  }

  private FilterReply decide(String logger, String message, long millis) {
    LoggingEvent event = new LoggingEvent();
    event.setLoggerName(logger);
    event.setMessage(message);
    event.setTimeStamp(millis);
    return filter.decide(event);
  }
}
