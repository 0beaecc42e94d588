package dev.sluice.gateway.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.gateway.Activity;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayCommand.RequestSoundboardSounds;
import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import dev.sluice.gateway.GatewayCommand.UpdateVoiceState;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.sharding.ShardPlan;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Commands on their way to the partitions of the shards. */
@Timeout(120)
final class ShardCommandsTest {

  private static final TopicPartition LOG = new TopicPartition("bot.fleet", 0);

  private final MockProducer<byte[], byte[]> producer = producer();
  private final MockProducer<byte[], byte[]> fleetProducer = producer();
  private final Log log = new Log();
  private final ShardCommands commands =
      new ShardCommands("bot", producer, () -> log, fleetProducer, Duration.ofSeconds(10));
  private long nextOffset;

  private static MockProducer<byte[], byte[]> producer() {
    return new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** The topic of the fleet; unlike that of a mock its poll waits a little. */
  private static final class Log extends MockConsumer<byte[], byte[]> {

    private final AtomicBoolean away = new AtomicBoolean();
    private final CountDownLatch asked = new CountDownLatch(1);

    Log() {
      super("earliest");
      updateBeginningOffsets(Map.of(LOG, 0L));
      updateEndOffsets(Map.of(LOG, 0L));
    }

    @Override
    public synchronized Map<TopicPartition, Long> endOffsets(
        Collection<TopicPartition> partitions) {
      asked.countDown();
      if (away.get()) {
        throw new TimeoutException("no broker, or no topic");
      }
      return super.endOffsets(partitions);
    }

    @Override
    public ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      return super.poll(timeout);
    }
  }

  @AfterEach
  void close() {
    commands.close();
    assertThat(log.closed()).isTrue();
    assertThat(producer.closed()).isTrue();
    assertThat(fleetProducer.closed()).isTrue();
  }

  private void append(String key, String value) {
    byte[] bytes = value == null ? null : value.getBytes(UTF_8);
    log.schedulePollTask(
        () ->
            log.addRecord(
                new ConsumerRecord<>(
                    LOG.topic(), LOG.partition(), nextOffset++, key.getBytes(UTF_8), bytes)));
  }

  private void fleetHas(int generation, int shards) throws Exception {
    append("current", "{\"generation\":" + generation + ",\"shards\":" + shards + "}");
    get(commands.ready());
  }

  private static void get(CompletionStage<Void> stage) throws Exception {
    stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private ProducerRecord<byte[], byte[]> last() {
    List<ProducerRecord<byte[], byte[]>> all = producer.history();
    return all.get(all.size() - 1);
  }

  private static GatewayCommand command(ProducerRecord<byte[], byte[]> record) {
    return GatewayCommand.fromJson(new String(record.value(), UTF_8));
  }

  @Test
  void aCommandGoesToThePartitionOfItsGuildsShard() throws Exception {
    fleetHas(3, 16);
    GatewayCommand join = UpdateVoiceState.join(7L << 22, 5);

    get(commands.send(join));

    assertThat(commands.shards()).isEqualTo(16);
    assertThat(last().topic()).isEqualTo("bot.shards.3");
    assertThat(last().partition()).isEqualTo(7);
    assertThat(command(last())).isEqualTo(join);
  }

  @Test
  void aCommandGoesToTheShardThatIsNamed() throws Exception {
    fleetHas(1, 16);
    GatewayCommand sounds = new RequestSoundboardSounds(List.of(9L << 22));

    get(commands.send(9L << 22, sounds));
    assertThat(last().partition()).isEqualTo(ShardPlan.shardOf(9L << 22, 16));
    get(commands.send(15, sounds));
    assertThat(last().partition()).isEqualTo(15);
  }

  @Test
  void commandsWaitUntilTheShardCountIsKnown() throws Exception {
    CompletionStage<Void> sent = commands.send(RequestGuildMembers.all(1L << 22));
    assertThat(sent.toCompletableFuture()).isNotDone();
    assertThat(commands.shards()).isZero();

    fleetHas(1, 2);

    get(sent);
    assertThat(last().partition()).isEqualTo(1);
  }

  @Test
  void commandsThatWaitAreSentInTheirOrder() throws Exception {
    CompletionStage<Void> sent = commands.ready();
    for (int number = 0; number < 10; number++) {
      sent = commands.send(RequestGuildMembers.all(1L << 22).withNonce("n" + number));
    }

    fleetHas(1, 2);

    get(sent);
    assertThat(producer.history())
        .extracting(record -> command(record))
        .extracting(command -> ((RequestGuildMembers) command).nonce())
        .containsExactly("n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9");
  }

  @Test
  void aFleetThatIsNotThereYetIsWaitedFor() throws Exception {
    Log later = new Log();
    later.away.set(true);
    try (ShardCommands early =
        new ShardCommands("bot", producer(), () -> later, producer(), Duration.ofSeconds(10))) {
      assertThat(later.asked.await(10, TimeUnit.SECONDS)).isTrue();
      byte[] current = "{\"generation\":1,\"shards\":4}".getBytes(UTF_8);
      later.schedulePollTask(
          () ->
              later.addRecord(
                  new ConsumerRecord<>(
                      LOG.topic(), LOG.partition(), 0, "current".getBytes(UTF_8), current)));
      later.away.set(false);

      get(early.ready());
      assertThat(early.shards()).isEqualTo(4);
    }
  }

  @Test
  void whatWaitsForAFleetFailsWhenItIsClosed() {
    Log empty = new Log();
    ShardCommands unused =
        new ShardCommands("bot", producer(), () -> empty, producer(), Duration.ofMillis(1));
    CompletionStage<Void> sent = unused.send(RequestGuildMembers.all(1L << 22));

    unused.close();

    assertThat(sent.toCompletableFuture())
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .withMessageContaining("shard commands: closed (expected: open)");
    assertThat(unused.ready().toCompletableFuture()).isCompletedExceptionally();
    assertThat(unused.send(RequestGuildMembers.all(1L << 22)).toCompletableFuture())
        .failsWithin(Duration.ofSeconds(10));
    append("current", "{\"generation\":1,\"shards\":1}");
  }

  @Test
  void commandsFollowTheFleetToAnotherGeneration() throws Exception {
    fleetHas(1, 2);
    get(commands.send(RequestGuildMembers.all(3L << 22)));
    assertThat(last().partition()).isEqualTo(1);

    append("next", "{\"generation\":2,\"shards\":4}");
    append("current", "{\"generation\":2,\"shards\":4}");
    while (commands.shards() != 4) { // bounded by the time-out of the test
      Thread.onSpinWait();
    }

    get(commands.send(RequestGuildMembers.all(3L << 22)));
    assertThat(last().topic()).isEqualTo("bot.shards.2");
    assertThat(last().partition()).isEqualTo(3);
  }

  @Test
  void whatNamesNoShardIsRefused() throws Exception {
    fleetHas(1, 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> commands.send(new UpdatePresence(Presence.invisible())))
        .withMessage(
            "guild_id of a command: none (expected: that of the guild whose shard sends it)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> commands.send(-1, RequestGuildMembers.all(1)))
        .withMessage("shard: -1 (expected: >= 0)");
    assertThat(commands.send(2, RequestGuildMembers.all(1)).toCompletableFuture())
        .failsWithin(Duration.ofSeconds(60))
        .withThrowableThat()
        .havingCause()
        .withMessage("shard: 2 (expected: 0..1)");
    assertThat(producer.history()).isEmpty();
  }

  @Test
  void aPresenceIsForTheWholeFleet() throws Exception {
    Presence presence = Presence.online(Activity.playing("chess"));

    get(commands.updatePresence(presence));

    ProducerRecord<byte[], byte[]> record = fleetProducer.history().get(0);
    assertThat(record.topic()).isEqualTo("bot.fleet");
    assertThat(new String(record.key(), UTF_8)).isEqualTo("presence");
    assertThat(command(record)).isEqualTo(new UpdatePresence(presence));
  }

  @Test
  void whatTheBrokerDoesNotTakeFails() throws Exception {
    fleetHas(1, 2);
    producer.sendException = new TopicAuthorizationException("bot.shards.1");

    assertThat(commands.send(RequestGuildMembers.all(1)).toCompletableFuture())
        .failsWithin(Duration.ofSeconds(60))
        .withThrowableThat()
        .withCauseInstanceOf(TopicAuthorizationException.class);
  }

  @Test
  void aRecordThatIsNotUnderstoodIsPassedOver() throws Exception {
    append("current", "no JSON");
    append("current", null);
    append("ready/2/node", "{}");
    fleetHas(1, 2);

    assertThat(commands.shards()).isEqualTo(2);
  }

  @Test
  void aLogThatCannotBeReadFailsWhatWaits() {
    ShardCommands unreadable =
        new ShardCommands(
            "bot",
            producer(),
            () -> {
              throw new TopicAuthorizationException("bot.fleet");
            },
            producer(),
            Duration.ofSeconds(10));

    assertThat(unreadable.send(RequestGuildMembers.all(1)).toCompletableFuture())
        .failsWithin(Duration.ofSeconds(60))
        .withThrowableThat()
        .withRootCauseInstanceOf(TopicAuthorizationException.class);
    unreadable.close();
    append("current", "{\"generation\":1,\"shards\":1}");
  }
}
