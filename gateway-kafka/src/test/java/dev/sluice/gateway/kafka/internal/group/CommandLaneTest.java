package dev.sluice.gateway.kafka.internal.group;

import static dev.sluice.gateway.kafka.internal.group.MockGroup.partition;
import static dev.sluice.gateway.kafka.internal.group.MockGroup.session;
import static dev.sluice.gateway.kafka.internal.group.MockGroup.shard;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.CommandOutcome;
import dev.sluice.gateway.netty.CommandOutcomes;
import dev.sluice.gateway.netty.CommandSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Commands from a partition to the manager, on the thread of the test. */
final class CommandLaneTest {

  private final MockGroup mock = new MockGroup();
  private final Manager manager = new Manager();
  private final CommandSource source = mock.group.commandSource();
  private long nextOffset;

  @BeforeEach
  void open() {
    mock.open().rebalance(0, 1);
  }

  /** Takes commands in the place of a manager. */
  private static final class Manager implements CommandSource.Sink {

    final List<String> nonces = new ArrayList<>();
    final List<CompletableFuture<CommandOutcome>> open = new ArrayList<>();

    @Override
    public CompletionStage<CommandOutcome> send(ShardId shard, GatewayCommand command) {
      assertThat(shard).isEqualTo(shard(0));
      nonces.add(((RequestGuildMembers) command).nonce());
      CompletableFuture<CommandOutcome> outcome = new CompletableFuture<>();
      open.add(outcome);
      return outcome;
    }

    @Override
    public CompletionStage<CommandOutcome> send(GatewayCommand command) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<CommandOutcome> send(long guildId, GatewayCommand command) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<CommandOutcomes> updatePresence(Presence presence) {
      throw new UnsupportedOperationException();
    }
  }

  private void put(int commands) {
    for (int i = 0; i < commands; i++) {
      put(
          RequestGuildMembers.all(1).withNonce(Long.toString(nextOffset)).toJson(),
          mock.wallMillis);
    }
    mock.rounds();
  }

  private void put(@Nullable String value, long timestamp) {
    byte[] bytes = value == null ? null : value.getBytes(UTF_8);
    mock.consumer.addRecord(
        new ConsumerRecord<>(
            MockGroup.TOPIC,
            0,
            nextOffset++,
            timestamp,
            TimestampType.LOG_APPEND_TIME,
            0,
            bytes == null ? 0 : bytes.length,
            null,
            bytes,
            new RecordHeaders(),
            Optional.empty()));
  }

  private void complete(int command, CommandOutcome outcome) {
    manager.open.get(command).complete(outcome);
    mock.rounds();
  }

  private long nextCommand() {
    return mock.group.offsetOf(shard(0), mock.epoch(0), "").offset();
  }

  @Test
  void nothingIsReadBeforeTheManagerTakesCommands() {
    put(3);
    assertThat(mock.consumer.paused()).contains(partition(0), partition(1));

    source.start(manager);
    mock.rounds();

    assertThat(mock.consumer.paused()).isEmpty();
    assertThat(manager.nonces).containsExactly("0", "1", "2");
  }

  @Test
  void theOffsetIsThatOfTheFirstThatWasNotHandled() {
    source.start(manager);
    put(3);

    complete(2, CommandOutcome.SENT);
    assertThat(nextCommand()).isZero();
    complete(0, CommandOutcome.SENT);
    assertThat(nextCommand()).isEqualTo(1);
    complete(1, CommandOutcome.OVERWRITTEN);
    assertThat(nextCommand()).isEqualTo(3);
    assertThat(mock.counters.commandsHandled.sum()).isEqualTo(3);
  }

  @Test
  void theOffsetIsCommittedThoughTheSessionStays() {
    source.start(manager);
    mock.store(session(0, 4));
    put(2);
    complete(0, CommandOutcome.SENT);
    complete(1, CommandOutcome.SENT);

    mock.advance(Duration.ofSeconds(1));

    assertThat(mock.consumer.committed.get(partition(0)).offset()).isEqualTo(2);
    assertThat(mock.committed(0).session()).isEqualTo(session(0, 4));
    int commits = mock.consumer.commits;
    mock.advance(Duration.ofSeconds(1));
    assertThat(mock.consumer.commits).isEqualTo(commits);
  }

  @Test
  void aBoundedNumberIsInFlightAndThePartitionIsPausedMeanwhile() {
    source.start(manager);
    mock.rounds();
    int commands = CommandLane.HIGH_WATERMARK + CommandLane.MAX_IN_FLIGHT;
    put(commands);
    assertThat(manager.nonces).hasSize(CommandLane.MAX_IN_FLIGHT);
    assertThat(mock.consumer.paused()).containsExactly(partition(0));

    for (int i = 0; i < commands; i++) {
      assertThat(manager.nonces.size() - i).isLessThanOrEqualTo(CommandLane.MAX_IN_FLIGHT);
      complete(i, CommandOutcome.SENT);
    }

    assertThat(manager.nonces).hasSize(commands);
    assertThat(mock.consumer.paused()).isEmpty();
    assertThat(nextCommand()).isEqualTo(commands);
  }

  @Test
  void oldCommandsAreDropped() {
    source.start(manager);
    put(
        RequestGuildMembers.all(1).withNonce("old").toJson(),
        mock.wallMillis - MockGroup.MAX_COMMAND_AGE.toMillis() - 1);
    put(1);

    assertThat(manager.nonces).containsExactly("1");
    assertThat(mock.counters.commandsDropped.sum()).isEqualTo(1);
    assertThat(nextCommand()).isEqualTo(1);
  }

  @Test
  void whatIsNoCommandIsDropped() {
    source.start(manager);
    put("{\"op\":2,\"d\":{}}", mock.wallMillis);
    put("no JSON", mock.wallMillis);
    put((String) null, mock.wallMillis);
    put(1);

    assertThat(manager.nonces).containsExactly("3");
    assertThat(mock.counters.commandsDropped.sum()).isEqualTo(3);
    assertThat(nextCommand()).isEqualTo(3);
  }

  @ParameterizedTest
  @EnumSource(
      value = CommandOutcome.class,
      names = {"REFUSED", "DROPPED"})
  void whatTheShardDoesNotSendIsDropped(CommandOutcome outcome) {
    source.start(manager);
    put(2);

    complete(0, outcome);
    manager.open.get(1).completeExceptionally(new IllegalArgumentException("too long"));
    mock.rounds();

    assertThat(mock.counters.commandsDropped.sum()).isEqualTo(2);
    assertThat(nextCommand()).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(
      value = CommandOutcome.class,
      names = {"REFUSED", "DROPPED", "NOT_HERE"})
  void whatAShardThatMovesDoesNotSendIsTheNextOwners(CommandOutcome outcome) {
    source.start(manager);
    put(3);
    complete(0, CommandOutcome.SENT);
    CompletableFuture<Void> stopped = new CompletableFuture<>();
    mock.revoked = stopped;
    mock.onRevoked =
        () -> {
          manager.open.get(1).complete(outcome);
          manager.open.get(2).complete(CommandOutcome.SENT);
          mock.group
              .checkpoint(shard(0), mock.epoch(0), session(0, 1))
              .thenAccept(written -> stopped.complete(null));
        };

    mock.rebalance(1);

    assertThat(mock.consumer.committed.get(partition(0)).offset()).isEqualTo(1);
    assertThat(mock.counters.commandsDropped.sum()).isZero();
  }

  @Test
  void commandsOfAShardThatStartsAgainComeAgain() {
    source.start(manager);
    put(3);
    complete(0, CommandOutcome.SENT);
    mock.store(session(0, 1));

    mock.group.lost(List.of(shard(0)));
    mock.rounds();
    complete(1, CommandOutcome.DROPPED);
    nextOffset = 0;
    mock.consumer.rebalance(List.of(partition(0), partition(1)));
    mock.rounds();
    put(3);

    assertThat(manager.nonces).containsExactly("0", "1", "2", "1", "2");
    assertThat(mock.counters.commandsDropped.sum()).isZero();
  }

  @Test
  void nothingIsDeliveredAfterTheStop() {
    source.start(manager);
    put(1);

    source.stop();
    put(1);
    complete(0, CommandOutcome.DROPPED);

    assertThat(manager.nonces).containsExactly("0");
    assertThat(nextCommand()).isZero();
  }
}
