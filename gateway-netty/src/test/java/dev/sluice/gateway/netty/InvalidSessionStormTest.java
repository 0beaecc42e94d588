package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.Fault.Direction;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Every session is invalidated at once, and nearly as many session starts are left as are needed.
 * The gateway judges by when an IDENTIFY arrives, which is up to 50 ms after it was sent.
 */
@Tag("slow")
final class InvalidSessionStormTest extends Resources {

  private static final int SHARDS = 8;
  private static final int MAX_CONCURRENCY = 4;
  private static final int SESSION_STARTS = 14;
  // 5 s, but for what a busy machine may hold up the gateway that judges by it.
  private static final Duration WINDOW = Duration.ofMillis(4_800);
  private static final Duration JITTER = Duration.ofMillis(50);

  private final Recorder recorder = new Recorder();

  /** Tells that the manager found no session start left when the next one was due. */
  private static final class Exhausted extends AppenderBase<ILoggingEvent>
      implements AutoCloseable {

    final CountDownLatch told = new CountDownLatch(1);
    private final Logger logger = (Logger) LoggerFactory.getLogger(LocalIdentifyLimiter.class);

    Exhausted() {
      setContext(logger.getLoggerContext());
      start();
      logger.addAppender(this);
    }

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getFormattedMessage().startsWith("no session start is left")) {
        told.countDown();
      }
    }

    @Override
    public void close() {
      logger.detachAppender(this);
    }
  }

  @Test
  void identifiesStayInTheirBucketsAndInsideTheBudget() throws Exception {
    Exhausted exhausted = open(new Exhausted());
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .guildCreates(false)
                .listener(recorder)
                .server(
                    server ->
                        server
                            .shards(SHARDS)
                            .maxConcurrency(MAX_CONCURRENCY)
                            .identifyWindow(WINDOW)
                            .sessionStartTotal(SESSION_STARTS))
                .start());
    gateway.fault(Fault.delay(Direction.FROM_CLIENT, Duration.ZERO, JITTER)).start();
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .listener(recorder)
                .build());
    get(manager.start());
    get(manager.ready());

    assertThat(get(gateway.invalidateSessions(shard -> true, false))).isEqualTo(SHARDS);
    assertThat(exhausted.told.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();

    recorder.await("the last session start", () -> recorder.identifies() == SESSION_STARTS);
    LocalGatewayStats stats = get(gateway.stats());
    assertThat(stats.identifies()).isEqualTo(SESSION_STARTS);
    assertThat(stats.invalidSessionsSent()).as("too early, or beyond the budget").isZero();
    assertThat(stats.resumes()).isZero();
    recorder.await(
        "sessions of the shards that got a start",
        () -> manager.stats().shards(GatewayState.READY) == SESSION_STARTS - SHARDS);
  }
}
