package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.Frames.concat;
import static dev.sluice.gateway.netty.Frames.event;
import static dev.sluice.gateway.netty.Frames.text;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewaySession;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A sink on {@link InFlightEvents}, whose events the test ends. */
@ExtendWith(LeakExtension.class)
final class InFlightEventsTest {

  private final EmbeddedShard shard = new EmbeddedShard();
  private final List<InFlightEvent> taken = new ArrayList<>();
  private final List<String> sessions = new ArrayList<>();

  /** Takes every event. */
  private final class Sink implements EventSink {

    private final InFlightEvents inFlight;

    Sink(InFlightEvents inFlight) {
      this.inFlight = inFlight;
    }

    @Override
    public boolean offer(Shard from, Dispatch dispatch) {
      taken.add(inFlight.take(from, dispatch));
      GatewaySession session = from.currentSession();
      sessions.add(session == null ? "none" : session.sessionId());
      return inFlight.readsOn(from);
    }
  }

  @AfterEach
  void close() {
    shard.channel.finishAndReleaseAll();
  }

  private InFlightEvents ready(InFlightEvents inFlight) {
    shard.sink = new Sink(inFlight);
    shard.ready();
    end(0);
    taken.clear();
    return inFlight;
  }

  private void in(int from, int to) {
    shard.in(
        concat(
            LongStream.rangeClosed(from, to)
                .mapToObj(n -> text(event("A", n, "{\"n\":" + n + '}')))
                .toArray(byte[][]::new)));
  }

  private void end(int index) {
    taken.get(index).acknowledge();
    shard.run();
  }

  private boolean isReading() {
    return shard.channel.config().isAutoRead();
  }

  @Test
  void anEventIsACopyToKeep() {
    ready(InFlightEvents.create());
    in(2, 2);
    in(3, 3);

    InFlightEvent event = taken.get(0);
    assertThat(new String(event.data(), UTF_8)).isEqualTo("{\"n\":2}");
    assertThat(event.name()).isEqualTo("A");
    assertThat(event.sequence()).isEqualTo(2);
    assertThat(event.sessionEpoch()).isEqualTo(1);
    assertThat(event.guildId()).isZero();
    assertThat(event.encoding()).isEqualTo(Encoding.JSON);
    assertThat(event.shard()).isSameAs(shard.shard);
    assertThat(event).hasToString("A #2 of 7 bytes");
  }

  @Test
  void theSessionIsStoredUpToTheLastBeforeWhichAllAreAcknowledged() {
    InFlightEvents inFlight = ready(InFlightEvents.create());
    in(2, 5);
    assertThat(shard.storedSequence()).isEqualTo(1);
    assertThat(inFlight.events()).isEqualTo(4);
    assertThat(inFlight.bytes()).isEqualTo(28);
    assertThat(shard.shard.unhandledEvents()).isEqualTo(4);

    taken.get(1).acknowledge();
    taken.get(0).acknowledge();
    taken.get(3).acknowledge();
    taken.get(3).acknowledge();
    assertThat(shard.storedSequence()).isEqualTo(3);
    end(2);
    assertThat(shard.storedSequence()).isEqualTo(5);
    assertThat(inFlight.events()).isZero();
    assertThat(inFlight.bytes()).isZero();
    assertThat(shard.shard.unhandledEvents()).isZero();
  }

  @Test
  void whatIsGivenUpIsNotAcknowledgedAndCountsNoMore() {
    InFlightEvents inFlight = ready(InFlightEvents.create());
    in(2, 3);
    taken.get(0).giveUp();
    taken.get(0).acknowledge();
    end(1);

    assertThat(shard.storedSequence()).isEqualTo(1);
    assertThat(inFlight.events()).isZero();
    assertThat(inFlight.bytes()).isZero();
  }

  @Test
  void aShardPausesAtTheBoundAndReadsOnAtHalfOfIt() {
    ready(InFlightEvents.create(4, 1 << 20, 1 << 20));
    in(2, 9);
    assertThat(taken).hasSize(4);
    assertThat(isReading()).isFalse();

    end(0);
    assertThat(taken).hasSize(4);
    end(1);
    assertThat(taken).hasSize(6);
    assertThat(isReading()).isFalse();
    for (int i = 2; i < 8; i++) {
      end(i);
    }
    assertThat(taken.stream().map(InFlightEvent::sequence))
        .containsExactly(2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
    assertThat(isReading()).isTrue();
    assertThat(shard.storedSequence()).isEqualTo(9);
  }

  @Test
  void theBytesOfAShardAreBounded() {
    ready(InFlightEvents.create(1000, 20, 1 << 20));
    in(2, 9);
    assertThat(taken).hasSize(3);
    assertThat(isReading()).isFalse();

    end(0);
    assertThat(taken).hasSize(3);
    end(1);
    assertThat(taken).hasSize(5);
  }

  @Test
  void theBytesOfAllShardsAreBounded() {
    InFlightEvents inFlight = ready(InFlightEvents.create(1000, 1 << 20, 21));
    EmbeddedShard neighbour = new EmbeddedShard();
    neighbour.sink = new Sink(inFlight);
    neighbour.ready();
    InFlightEvent ready = taken.remove(0);
    assertThat(ready.data().length).isGreaterThan(21);
    assertThat(neighbour.channel.config().isAutoRead()).isFalse();

    in(2, 3);
    assertThat(taken).as("one is always taken").hasSize(1);
    assertThat(isReading()).isFalse();

    ready.acknowledge();
    neighbour.run();
    shard.run();
    assertThat(neighbour.channel.config().isAutoRead()).isTrue();
    assertThat(taken).hasSize(2);
    assertThat(isReading()).isTrue();
    neighbour.channel.finishAndReleaseAll();
  }

  @Test
  void whatAnEventLoopLeavesBehindHasNoPartOfTheBytes() {
    InFlightEvents inFlight = ready(InFlightEvents.create());
    in(2, 3);
    taken.forEach(InFlightEvent::acknowledge);
    shard.context.eventLoopEnded();

    assertThat(inFlight.events()).isZero();
    assertThat(inFlight.bytes()).isZero();
  }

  @Test
  void twoSinksCountTheEventsOfAShardOnTheirOwn() {
    InFlightEvents first = InFlightEvents.create();
    InFlightEvents second = InFlightEvents.create();
    Sink one = new Sink(first);
    Sink other = new Sink(second);
    shard.sink = (from, dispatch) -> one.offer(from, dispatch) & other.offer(from, dispatch);
    shard.ready();
    assertThat(shard.shard.unhandledEvents()).isEqualTo(2);

    end(0);
    assertThat(first.events()).isZero();
    assertThat(second.events()).isOne();
    assertThat(shard.shard.unhandledEvents()).isEqualTo(1);
  }

  @Test
  void acknowledgementsOfManyThreadsAreNeverLost() throws Exception {
    InFlightEvents inFlight = ready(InFlightEvents.create());
    in(2, 1001);
    ExecutorService threads = Executors.newFixedThreadPool(3);
    for (int first = 0; first < 3; first++) {
      int offset = first;
      threads.execute(
          () -> {
            for (int i = offset; i < 1000; i += 3) {
              taken.get(i).acknowledge();
            }
          });
    }
    threads.shutdown();
    while (!threads.awaitTermination(1, TimeUnit.MILLISECONDS)) {
      shard.run();
    }
    shard.run();

    assertThat(shard.storedSequence()).isEqualTo(1001);
    assertThat(inFlight.events()).isZero();
  }

  @Test
  void aSinkKnowsTheSessionAndTheAssignmentOfAnEvent() {
    ready(InFlightEvents.create());
    in(2, 2);
    assertThat(sessions).containsExactly("session", "session");
    assertThat(shard.shard.assignmentEpoch()).isEqualTo(1);

    EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    Shard elsewhere = new Shard(shard, EmbeddedShard.ID, 1, new LoopContext(group.next()));
    assertThatThrownBy(elsewhere::currentSession)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("(expected: event loop)");
    group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
  }

  @Test
  void boundsBelowOneAreRefused() {
    assertThatThrownBy(() -> InFlightEvents.create(0, 1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxEventsPerShard: 0 (expected: >= 1)");
    assertThatThrownBy(() -> InFlightEvents.create(1, 0, 1))
        .hasMessage("maxBytesPerShard: 0 (expected: >= 1)");
    assertThatThrownBy(() -> InFlightEvents.create(1, 1, 0))
        .hasMessage("maxBytes: 0 (expected: >= 1)");
  }
}
