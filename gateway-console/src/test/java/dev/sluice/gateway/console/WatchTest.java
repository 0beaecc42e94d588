package dev.sluice.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardListener;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is read when, and what a viewer costs that does not read. On a clock of the test's. */
@Timeout(60)
final class WatchTest extends Resources {

  private final AtomicLong nanos = new AtomicLong(1);
  private LocalGateway gateway;
  private ShardManager manager;
  private Watch watch;

  @BeforeEach
  void watch() throws Exception {
    gateway = gateway();
    manager = ready(settings(gateway, 3));
    InstantSource clock = () -> Instant.ofEpochMilli(TimeUnit.NANOSECONDS.toMillis(nanos.get()));
    Transitions transitions = new Transitions();
    Happenings happenings = new Happenings(transitions, clock);
    Timeline timeline = new Timeline();
    watch =
        new Watch(
            Console.builder(manager),
            transitions,
            happenings,
            timeline,
            new Operations(Console.builder(manager), timeline, Runnable::run, clock),
            clock,
            nanos::get);
    manager.addListener(happenings);
  }

  private void second() {
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    watch.everySecond();
  }

  private StubResponse viewer() {
    StubResponse viewer = new StubResponse();
    watch.add(viewer.response());
    return viewer;
  }

  private JsonNode snapshot() throws Exception {
    return new JsonMapper().readTree(Json.object(watch::writeSnapshot).getBytes());
  }

  private static JsonNode data(String event) throws Exception {
    return new JsonMapper().readTree(event.substring(event.indexOf("data: ") + 6));
  }

  @Test
  void withoutViewersOnlyTheChartsAreKeptUp() throws Exception {
    long tick = snapshot().get("tick").longValue();

    for (int i = 0; i < 20; i++) {
      second();
    }

    assertThat(snapshot().get("tick").longValue()).as("readings of the shards").isEqualTo(tick);
    assertThat(snapshot().at("/history/time")).as("of the fleet").hasSize(4);
  }

  @Test
  void manyViewersCostOneReading() throws Exception {
    StubResponse first = viewer();
    StubResponse second = viewer();
    long tick = snapshot().get("tick").longValue();

    second();

    assertThat(snapshot().get("tick").longValue()).isEqualTo(tick + 1);
    assertThat(first.written).hasSize(2);
    assertThat(first.last()).isEqualTo(second.last()).startsWith("event: tick\n");
  }

  @Test
  void aReadingForSomebodyNewIsNotFollowedByAnotherAtOnce() throws Exception {
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(3));
    StubResponse viewer = viewer();
    long tick = snapshot().get("tick").longValue();

    nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(20));
    watch.everySecond();

    assertThat(snapshot().get("tick").longValue()).isEqualTo(tick);
    assertThat(viewer.written).as("but the first snapshot").hasSize(1);
    second();
    assertThat(snapshot().get("tick").longValue()).isEqualTo(tick + 1);
    assertThat(viewer.last()).startsWith("event: tick\n").contains("\"periodMs\":1020");
  }

  @Test
  void aViewerThatDoesNotReadIsSentNothing() throws Exception {
    StubResponse viewer = viewer();
    viewer.full = true;

    for (int i = 0; i < 59; i++) {
      second();
    }

    assertThat(viewer.written).as("but the first snapshot").hasSize(1);
    assertThat(snapshot().at("/figures/skippedTicks").longValue()).isEqualTo(59);
    assertThat(viewer.wasReset).isFalse();
  }

  @Test
  void aViewerThatReadsAgainGetsOneTickWithAllThatChanged() throws Exception {
    StubResponse slow = viewer();
    StubResponse quick = viewer();
    second(); // what the first reading of rates changes
    slow.full = true;
    CountDownLatch resumed = new CountDownLatch(1);
    manager.addListener( // is told after the one of the watch
        new ShardListener() {
          @Override
          public void onResumed(Shard shard, long replayed) {
            resumed.countDown();
          }
        });
    get(gateway.killConnections(shard -> shard.id() == 1));
    assertThat(resumed.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    second();
    assertThat(data(quick.written.get(2)).at("/changed/0/id").toString()).contains("1");
    second();
    slow.full = false;
    second();

    JsonNode merged = data(slow.written.get(2));
    assertThat(merged.at("/changed/0/id").toString()).contains("1");
    assertThat(merged.get("tick").longValue()).isEqualTo(snapshot().get("tick").longValue());
    assertThat(slow.written.get(3)).startsWith("event: timeline\n").contains("\"resumed\"");
    assertThat(slow.written).hasSize(4);
  }

  @Test
  void aViewerThatReadsNothingForLongIsLetGo() throws Exception {
    StubResponse viewer = viewer();
    viewer.full = true;

    for (int i = 0; i < 61; i++) {
      second();
    }

    assertThat(viewer.wasReset).isTrue();
    assertThat(snapshot().at("/figures/viewers").intValue()).isZero();
  }

  @Test
  void aViewerThatGoesIsForgotten() throws Exception {
    StubResponse viewer = viewer();

    viewer.closeHandler.handle(null);
    second();

    assertThat(viewer.written).hasSize(1);
    assertThat(snapshot().at("/figures/viewers").intValue()).isZero();
  }

  @Test
  void viewersHaveALimit() {
    for (int i = 0; i < Watch.MAX_VIEWERS; i++) {
      viewer();
    }

    assertThatThrownBy(this::viewer)
        .isInstanceOfSatisfying(Refusal.class, refusal -> assertThat(refusal.status).isEqualTo(429))
        .hasMessage("viewers: 64 (expected: < 64)");
  }

  @Test
  void theChartsCoverHalfAnHour() throws Exception {
    viewer().full = false;
    for (int i = 0; i < 2_000; i++) {
      second();
    }

    JsonNode time = snapshot().at("/history/time");
    assertThat(time).hasSize(1_801);
    assertThat(time.get(1_800).longValue() - time.get(0).longValue()).isEqualTo(1_800_000);
    for (JsonNode column : snapshot().get("history")) {
      assertThat(column).hasSize(1_801);
    }
  }

  @Test
  void aChangeOfHealthIsALine() throws Exception {
    get(manager.stop(StopMode.GOODBYE));
    viewer();

    second();

    assertThat(snapshot().get("timeline").toString())
        .contains("\"kind\":\"health\"")
        .contains("not ready: stopped");
  }
}
