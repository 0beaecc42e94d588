package dev.sluice.gateway.kafka.internal.events;

import static dev.sluice.gateway.kafka.internal.events.SinkRig.FIRST;
import static dev.sluice.gateway.kafka.internal.events.SinkRig.SECOND;
import static dev.sluice.gateway.kafka.internal.events.SinkRig.acknowledged;
import static dev.sluice.gateway.kafka.internal.events.SinkRig.get;
import static dev.sluice.gateway.kafka.internal.events.SinkRig.session;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.events.ScriptedProducer.Call;
import dev.sluice.gateway.kafka.internal.group.Checkpoints;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Events one by one, acknowledged when the broker has them. */
@Timeout(120) // the test is the thread that would wait for events
final class AtLeastOncePublisherTest {

  private static final Duration STUCK = Duration.ofSeconds(15);

  private final SinkRig rig = new SinkRig();
  private long nowNanos;
  private final List<Long> stored = new ArrayList<>();
  private AtLeastOncePublisher publisher;
  private KafkaEventSink sink;
  private LocalGateway gateway;
  private ShardManager manager;

  /** What the group does with sessions. */
  private final class Group implements Checkpoints {

    @Override
    public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
      stored.add(session.sequence());
      return CompletableFuture.completedStage(true);
    }

    @Override
    public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
      stored.add(-1L);
      return CompletableFuture.completedStage(true);
    }
  }

  @BeforeEach
  void start() throws Exception {
    rig.autoComplete = false; // the broker answers when the test says so
    SinkSettings settings =
        new SinkSettings(
            SinkRig.EVENTS,
            3,
            false,
            SinkRig.TRANSACTIONAL_ID,
            Duration.ofNanos(1),
            Duration.ofNanos(1),
            STUCK);
    publisher =
        new AtLeastOncePublisher(
            settings, rig.ownership, rig.counters, rig::producer, () -> nowNanos);
    sink =
        new KafkaEventSink(
            publisher, new Group(), rig.inFlight, rig.counters, SinkRig.SHARDS, true);
    gateway = rig.gateway();
    manager = rig.connect(sink, gateway);
  }

  @AfterEach
  void close() throws Exception {
    rig.close();
  }

  private void work() {
    while (publisher.hasWork()) {
      publisher.work();
    }
  }

  private ScriptedProducer producer() {
    return rig.producers.get(rig.producers.size() - 1);
  }

  /** Publishes READY of both shards, and forgets how. */
  private void publishReady() {
    work();
    assertThat(producer().completeNext()).isTrue();
    assertThat(producer().completeNext()).isTrue();
    producer().clear();
  }

  @Test
  void anEventIsAcknowledgedWhenTheBrokerHasIt() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}", "{}");
    work();
    assertThat(rig.names()).containsExactly("0#2", "0#3");
    assertThat(acknowledged(manager, FIRST)).isEqualTo(1);

    producer().completeNext();
    assertThat(acknowledged(manager, FIRST)).isEqualTo(2);
    producer().completeNext();
    assertThat(acknowledged(manager, FIRST)).isEqualTo(3);
    assertThat(rig.calls).containsOnly("send");
    assertThat(rig.counters.publishedEvents.sum()).isEqualTo(4);
    rig.assertNothingIsInFlight(manager);
  }

  @Test
  void aSessionIsStoredOnceTheBrokerHasItsReady() throws Exception {
    GatewaySession session = session(manager, FIRST);
    CompletableFuture<Boolean> kept = sink.store(session, SinkRig.EPOCH).toCompletableFuture();
    work();
    assertThat(stored).isEmpty();

    producer().completeNext();
    producer().completeNext();
    assertThat(get(kept)).isTrue();
    assertThat(stored).containsExactly(1L);

    rig.send(gateway, FIRST, "{}");
    assertThat(get(sink.store(session, SinkRig.EPOCH))).isTrue();
    assertThat(get(sink.remove(FIRST, SinkRig.EPOCH))).isTrue();
    assertThat(stored).containsExactly(1L, 1L, -1L);
  }

  @Test
  void sessionsThatWaitForAReadyKeepTheirOrder() throws Exception {
    GatewaySession session = session(manager, FIRST);
    CompletableFuture<Boolean> kept = sink.store(session, SinkRig.EPOCH).toCompletableFuture();
    CompletableFuture<Boolean> removed = sink.remove(FIRST, SinkRig.EPOCH).toCompletableFuture();
    work();
    assertThat(stored).isEmpty();

    producer().completeNext();
    producer().completeNext();
    assertThat(get(kept)).isTrue();
    assertThat(get(removed)).isTrue();
    assertThat(stored).containsExactly(1L, -1L);
  }

  @Test
  void whatTheProducerCouldNotEvenTryIsSentByTheSameInItsOrder() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}", "{}");
    rig.script.fail(Call.SEND, new TimeoutException("no room"), new TimeoutException("no room"));
    work();

    assertThat(rig.names()).containsExactly("0#2", "0#3");
    assertThat(rig.producers).hasSize(1);
    assertThat(rig.counters.publishFailures.sum()).isEqualTo(2);
  }

  @Test
  void whatAProducerGaveUpIsSentByAnotherInItsOrder() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}", "{}", "{}");
    work();
    producer().errorNext(new TopicAuthorizationException("bot.events"));
    producer().errorNext(new KafkaException("the producer is closed"));
    producer().completeNext();
    assertThat(acknowledged(manager, FIRST)).isEqualTo(1);
    rig.send(gateway, FIRST, "{}");
    work();

    assertThat(rig.producers).hasSize(2);
    assertThat(rig.producers.get(0).closed()).isTrue();
    assertThat(producer().history().stream().map(SinkRig::name))
        .containsExactly("0#2", "0#3", "0#5");
    for (int i = 0; i < 3; i++) {
      producer().completeNext();
    }
    assertThat(acknowledged(manager, FIRST)).isEqualTo(5);
  }

  static Stream<RuntimeException> whatABrokenProducerThrows() {
    return Stream.of(
        new IllegalStateException("closed"),
        new KafkaException("cannot be used any more"),
        new IllegalArgumentException("a bug in a client"));
  }

  @ParameterizedTest
  @MethodSource("whatABrokenProducerThrows")
  void aProducerThatIsBrokenIsReplaced(RuntimeException thrown) throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    producer().sendException = thrown;
    work();

    assertThat(rig.producers).hasSize(2);
    assertThat(producer().history().stream().map(SinkRig::name)).containsExactly("0#2");
  }

  @Test
  void aProducerThatIsStuckWithAPartitionIsReplaced() throws Exception {
    publishReady();
    rig.script.answerOnce(1); // the partition of the first event is stuck
    rig.send(gateway, FIRST, "{}", "{}");
    rig.send(gateway, SECOND, "{}");
    work();
    publisher.watch();
    nowNanos += STUCK.toNanos() - 1;
    publisher.watch();
    assertThat(rig.producers).hasSize(1);

    nowNanos++;
    publisher.watch();
    work();
    assertThat(rig.producers).hasSize(2);
    assertThat(producer().history().stream().map(SinkRig::name)).containsExactly("0#2", "1#2");
    producer().completeNext();
    assertThat(acknowledged(manager, FIRST)).isEqualTo(3);
  }

  @Test
  void aBrokerThatTakesNothingAtAllIsWaitedFor() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}", "{}");
    work();
    publisher.watch();
    nowNanos += 10 * STUCK.toNanos();
    publisher.watch();

    assertThat(rig.producers).hasSize(1);
  }

  @Test
  void anEventThatNoBrokerTakesIsLeftOut() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}", "{}");
    rig.script.fail(Call.SEND, new RecordTooLargeException("2 bytes too many"));
    work();
    producer().completeNext();

    assertThat(rig.names()).containsExactly("0#3");
    assertThat(rig.counters.rejectedEvents.sum()).isEqualTo(1);
    assertThat(acknowledged(manager, FIRST)).isEqualTo(3);
    assertThat(rig.producers).hasSize(1);
  }

  @Test
  void theEventsOfALostShardAreDropped() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    rig.send(gateway, SECOND, "{}");
    rig.ownership.disown(FIRST);
    work();

    assertThat(rig.names()).containsExactly("1#2");
    assertThat(rig.counters.droppedEvents.sum()).isEqualTo(1);
    assertThat(acknowledged(manager, FIRST)).isEqualTo(1);
  }

  @Test
  void whatWaitsAtTheEndIsGivenUp() throws Exception {
    publishReady();
    rig.send(gateway, FIRST, "{}");
    sink.stopped();
    publisher.run();

    assertThat(acknowledged(manager, FIRST)).isEqualTo(1);
    rig.assertNothingIsInFlight(manager);
    assertThat(rig.producers.get(0).closed()).isTrue();
  }
}
