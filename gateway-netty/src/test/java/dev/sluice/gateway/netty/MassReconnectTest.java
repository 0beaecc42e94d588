package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.testkit.DeliveryLog;
import dev.sluice.gateway.testkit.DeliveryReport;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalCertificate;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Many shards at once lose their connections and resume, a round trip away from the gateway. */
final class MassReconnectTest extends Resources {

  private static final Logger figures = LoggerFactory.getLogger("figures");
  private static final int SHARDS = 1_000;
  private static final Duration ROUND_TRIP = Duration.ofMillis(50);
  private static final Duration ALL_RESUMED_WITHIN = Duration.ofSeconds(20);
  private static final long START_SECONDS = 120;
  private static final int EVENTS_A_SECOND = 1_000;

  /** What the bot handled, when each shard was back, and whether all are. */
  private static final class Fleet implements ShardListener, EventSink {

    private final DeliveryLog handled;
    private final String[] sessionIds = new String[SHARDS]; // each element is its shard's
    private final AtomicLongArray resumedNanos = new AtomicLongArray(SHARDS);
    final CountDownLatch resumed = new CountDownLatch(SHARDS);

    Fleet(DeliveryLog handled) {
      this.handled = handled;
    }

    @Override
    public boolean offer(Shard shard, Dispatch dispatch) throws IOException {
      int id = shard.id().id();
      if (dispatch.type() == EventType.READY) {
        sessionIds[id] = dispatch.readTree().path("session_id").asText();
      }
      handled.record(sessionIds[id], dispatch.type(), dispatch.sequence(), dispatch.data());
      synchronized (this) {
        notifyAll();
      }
      return true;
    }

    synchronized void awaitHandled(long events) throws InterruptedException {
      long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
      while (handled.count() < events) {
        long remainingNanos = deadlineNanos - System.nanoTime();
        assertThat(remainingNanos).as("%d of %d events", handled.count(), events).isPositive();
        TimeUnit.NANOSECONDS.timedWait(this, remainingNanos);
      }
    }

    @Override
    public void onResumed(Shard shard, long replayed) {
      if (resumedNanos.compareAndSet(shard.id().id(), 0, System.nanoTime())) {
        resumed.countDown();
      }
    }

    /** {@return how long after a moment each shard was back, the first ones first} */
    long[] sortedMillisSince(long nanos) {
      long[] millis = new long[SHARDS];
      for (int shard = 0; shard < SHARDS; shard++) {
        millis[shard] = TimeUnit.NANOSECONDS.toMillis(resumedNanos.get(shard) - nanos);
      }
      Arrays.sort(millis);
      return millis;
    }
  }

  private final ResourceLeakDetector.Level leakDetection = ResourceLeakDetector.getLevel();

  @TempDir Path directory;

  @BeforeEach
  void sampleLeaks() {
    // To follow every buffer of so many connections takes longer than to resume them.
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.SIMPLE);
  }

  @AfterEach
  void followLeaks() {
    ResourceLeakDetector.setLevel(leakDetection);
  }

  @Test
  void aThousandShardsResume() throws Exception {
    resumeAll(null);
  }

  @Test
  @Tag("soak") // for the thousand handshakes of the start
  @Timeout(300)
  void aThousandShardsResumeOverTls() throws Exception {
    resumeAll(LocalCertificate.valid());
  }

  private void resumeAll(@Nullable LocalCertificate certificate) throws Exception {
    Path sent = directory.resolve("sent");
    Path handled = directory.resolve("handled");
    DeliveryLog sentLog = open(DeliveryLog.create(sent));
    DeliveryLog handledLog = open(DeliveryLog.create(handled));
    LocalGateway.Builder builder =
        LocalGateway.builder()
            .guildsPerShard(1)
            .listener(sentLog.gatewayListener())
            .server(
                server ->
                    server
                        .shards(SHARDS)
                        .maxConcurrency(16)
                        .identifyWindow(Duration.ofNanos(1))
                        .sessionStartTotal(SHARDS)
                        .replayCapacity(2_000));
    if (certificate != null) {
      builder.tls(certificate);
    }
    LocalGateway gateway = open(builder.start());
    Fleet fleet = new Fleet(handledLog);
    ShardManagerBuilder settings =
        ShardManager.builder(gateway.token(), Intents.all())
            .apiUri(gateway.apiUri())
            .identifyLimiter(new ShardManagerTest.UnlimitedIdentifies())
            .listener(fleet)
            .eventSink(fleet);
    if (certificate != null) {
      settings.sslContext(
          SslContextBuilder.forClient().trustManager(certificate.trustAnchor()).build());
    }
    ShardManager manager = open(settings.build());
    long startNanos = System.nanoTime();
    get(manager.start());
    manager.ready().toCompletableFuture().get(START_SECONDS, TimeUnit.SECONDS);
    figures.info(
        "ready after {} ms", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos));
    gateway.fault(Fault.roundTrip(ROUND_TRIP)).start();
    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 3, EVENTS_A_SECOND)));

    long cutNanos = System.nanoTime();
    assertThat(get(gateway.killAllConnections())).isEqualTo(SHARDS);
    boolean inTime = fleet.resumed.await(ALL_RESUMED_WITHIN.toMillis(), TimeUnit.MILLISECONDS);

    assertThat(inTime).as("%d shards missing", fleet.resumed.getCount()).isTrue();
    long[] millis = fleet.sortedMillisSince(cutNanos);
    figures.info(
        "{} shards resumed, {}: p50 {} ms, p99 {} ms, max {} ms",
        SHARDS,
        certificate == null ? "plain" : "TLS",
        millis[SHARDS / 2],
        millis[SHARDS * 99 / 100],
        millis[SHARDS - 1]);
    assertThat(millis[0])
        .as("TCP, upgrade, RESUME")
        .isGreaterThanOrEqualTo(3 * ROUND_TRIP.toMillis());
    get(gateway.stopTraffic());
    get(gateway.whenSent());
    fleet.awaitHandled(sentLog.count());
    LocalGatewayStats stats = get(gateway.stats());
    assertThat(stats.identifies()).as("those of the start").isEqualTo(SHARDS);
    assertThat(stats.invalidSessionsSent()).isZero();
    get(manager.stop(StopMode.RESTART));
    gateway.close();
    sentLog.close();
    handledLog.close();
    DeliveryReport report = DeliveryReport.compare(List.of(sent), List.of(handled));
    assertThat(report.isClean()).as("%s", report).isTrue();
  }
}
