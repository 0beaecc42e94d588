package dev.sluice.gateway.kafka.internal.group;

import static dev.sluice.gateway.kafka.internal.group.MockGroup.partition;
import static dev.sluice.gateway.kafka.internal.group.MockGroup.session;
import static dev.sluice.gateway.kafka.internal.group.MockGroup.shard;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.gateway.GatewaySession;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RetriableCommitFailedException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.InvalidSessionTimeoutException;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Every order of what a consumer calls back, on the thread of the test. */
final class ShardGroupTest {

  private final MockGroup mock = new MockGroup();

  // Assignment.

  @Test
  void anAssignedPartitionIsAShardOfTheGroupsGeneration() {
    mock.open().rebalance(0, 2);

    assertThat(mock.told).containsExactlyInAnyOrder("assigned 0", "assigned 2");
    assertThat(mock.epoch(0)).isEqualTo(2);
    assertThat(mock.group.owns(shard(0), 2)).isTrue();
    assertThat(mock.group.owns(shard(0), 1)).isFalse();
    assertThat(mock.group.owns(shard(1), 2)).isFalse();
    assertThat(mock.group.running()).isEqualTo(2);
    assertThat(mock.group.joined()).isCompleted();
    assertThat(mock.counters.assignments.sum()).isEqualTo(2);
  }

  @Test
  void aTakeOverCountsFromTheAssignmentUnlessTheShardGoesBefore() {
    mock.offsetsReadable = false; // the wait for the session is part of it
    mock.open().rebalance(0, 1);
    mock.nanos += TimeUnit.SECONDS.toNanos(20);
    mock.offsetsReadable = true;
    mock.rounds();
    mock.rebalance(0);
    mock.group.takeOvers().up(shard(0));
    mock.group.takeOvers().up(shard(1));

    assertThat(mock.counters.takeOvers.sum()).isEqualTo(1);
    assertThat(mock.counters.takeOverNanos.sum())
        .isGreaterThanOrEqualTo(TimeUnit.SECONDS.toNanos(20));
  }

  @Test
  void aMemberWithoutShardsHasJoined() {
    mock.open();
    assertThat(mock.group.joined().toCompletableFuture()).isNotDone();

    mock.rebalance();

    assertThat(mock.group.joined()).isCompleted();
    assertThat(mock.told).isEmpty();
  }

  @Test
  void aShardStartsWithTheSessionOfItsFormerOwnerAndAHigherEpoch() {
    mock.consumer.committed.put(
        partition(1),
        new OffsetAndMetadata(7, new SessionMetadata(session(1, 42), 90, null).encode()));

    mock.open().rebalance(1);

    assertThat(mock.epoch(1)).isEqualTo(91);
    assertThat(load(1)).isEqualTo(session(1, 42));
    assertThat(mock.group.offsetOf(shard(1), 91, "m")).isEqualTo(new OffsetAndMetadata(7, "m"));
    assertThat(mock.group.offsetOf(shard(1), 90, "m")).isNull();
    assertThat(mock.consumer.position(partition(1))).isEqualTo(7);
  }

  private GatewaySession load(int shard) {
    return mock.group.load(shard(shard)).toCompletableFuture().join();
  }

  @Test
  void aShardWaitsUntilItsSessionCanBeRead() {
    mock.offsetsReadable = false;
    mock.open().rebalance(0);
    assertThat(mock.told).isEmpty();

    mock.offsetsReadable = true;
    mock.rounds();
    assertThat(mock.told).isEmpty();
    mock.advance(Duration.ofSeconds(1));

    assertThat(mock.told).containsExactly("assigned 0");
  }

  @Test
  void aShardWhoseMetadataCannotBeReadStartsWithoutASession() {
    mock.consumer.committed.put(partition(0), new OffsetAndMetadata(3, "{\"version\":9}"));

    mock.open().rebalance(0);

    assertThat(mock.told).containsExactly("assigned 0");
    assertThat(load(0)).isNull();
    assertThat(mock.group.offsetOf(shard(0), mock.epoch(0), "").offset()).isEqualTo(3);
  }

  @Test
  void aShardThatIsTakenAwayWhileItIsReadIsNotStarted() {
    mock.offsetsReadable = false;
    mock.open().rebalance(0);
    mock.rebalance();
    mock.offsetsReadable = true;
    mock.advance(Duration.ofSeconds(1));

    assertThat(mock.told).isEmpty();
  }

  @Test
  void aShardThatIsReadWhileOthersAreTakenAwayWithItIsNotStarted() {
    mock.open().rebalance(0);
    CompletableFuture<Void> session = new CompletableFuture<>();
    mock.beforeRead = session;
    mock.rebalance(0, 1);
    mock.revoked = new CompletableFuture<>();
    mock.onRevoked = () -> session.complete(null); // the answer is the group's next task
    mock.nanosPerLook = MockGroup.HAND_OVER_TIMEOUT.toNanos() / 4;

    mock.rebalance();

    assertThat(mock.told).containsExactly("assigned 0", "revoked 0");
    assertThat(mock.group.running()).isZero();
  }

  // Revocation.

  @Test
  void aRevokedShardIsHereUntilItHasStopped() {
    mock.open().rebalance(0, 1);
    long epoch = mock.epoch(1);
    mock.onRevoked =
        () -> {
          assertThat(mock.group.owns(shard(1), epoch)).isTrue();
          assertThat(mock.group.groupMetadata().generationId()).isEqualTo(3);
        };

    mock.rebalance(0);

    assertThat(mock.told).containsExactlyInAnyOrder("assigned 0", "assigned 1", "revoked 1");
    assertThat(mock.group.owns(shard(1), epoch)).isFalse();
    assertThat(mock.group.owns(shard(0), mock.epoch(0))).isTrue();
    assertThat(mock.counters.revocations.sum()).isEqualTo(1);
  }

  @Test
  void theLastSessionOfARevokedShardIsCommittedBeforeItIsGivenUp() {
    mock.open().rebalance(0, 1);
    CompletableFuture<Void> stopped = new CompletableFuture<>();
    mock.revoked = stopped;
    mock.onRevoked =
        () ->
            mock.group
                .checkpoint(shard(1), mock.epoch(1), session(1, 9))
                .thenAccept(written -> stopped.complete(null));

    mock.rebalance(0);

    assertThat(stopped).isCompleted();
    assertThat(mock.committed(1)).isEqualTo(new SessionMetadata(session(1, 9), 2, null));
  }

  @Test
  void aShardThatDoesNotStopIsGivenUpAtTheDeadline() {
    mock.open().rebalance(0, 1);
    long epoch = mock.epoch(1);
    mock.revoked = new CompletableFuture<>();
    mock.nanosPerLook = MockGroup.HAND_OVER_TIMEOUT.toNanos() / 4;

    mock.rebalance(0);

    assertThat(mock.group.owns(shard(1), epoch)).isFalse();
    CompletionStage<Boolean> late = mock.group.checkpoint(shard(1), epoch, session(1, 9));
    assertThat(late).isCompletedWithValue(false);
  }

  @Test
  void aShardThatFailsToStopIsGivenUp() {
    mock.open().rebalance(0, 1);
    mock.revoked = CompletableFuture.failedStage(new IllegalStateException("stuck"));

    mock.rebalance(0);

    assertThat(mock.group.running()).isEqualTo(1);
  }

  @Test
  void aCommitThatMeetsARebalanceIsTriedAgainWhileShardsStop() {
    mock.open().rebalance(0, 1);
    CompletableFuture<Void> stopped = new CompletableFuture<>();
    mock.revoked = stopped;
    mock.onRevoked =
        () -> {
          mock.consumer.commitFailure = new RebalanceInProgressException();
          mock.consumer.failsOnce = true;
          mock.group
              .checkpoint(shard(1), mock.epoch(1), session(1, 9))
              .thenAccept(written -> stopped.complete(null));
        };

    mock.rebalance(0);

    assertThat(stopped).isCompleted();
    assertThat(mock.committed(1).session()).isEqualTo(session(1, 9));
    assertThat(mock.counters.commitRetries.sum()).isEqualTo(1);
  }

  // Loss.

  @Test
  void lostShardsAreLostAtOnceAndNothingOfThemIsCommitted() {
    mock.open().rebalance(0, 1);
    mock.consumer.holdsCommits = true;
    long epoch = mock.epoch(0);
    CompletableFuture<Boolean> first = mock.store(session(0, 1));
    CompletableFuture<Boolean> second = mock.store(session(0, 2));

    mock.lose(0, 1);
    mock.consumer.commitFailure = new RebalanceInProgressException(); // the generation has changed
    mock.consumer.completeCommits();
    mock.advance(Duration.ofSeconds(1));

    assertThat(mock.told).contains("lost 0", "lost 1");
    assertThat(mock.group.owns(shard(0), epoch)).isFalse();
    assertThat(first).isCompletedWithValue(false);
    assertThat(second).isCompletedWithValue(false);
    assertThat(mock.consumer.committed).isEmpty();
    assertThat(mock.counters.losses.sum()).isEqualTo(2);
    assertThat(mock.counters.fencedCheckpoints.sum()).isEqualTo(2);
  }

  @Test
  void aRefusedCommitLosesAllShardsUntilTheGroupIsJoinedAgain() {
    mock.open().rebalance(0, 1);
    long epoch = mock.epoch(0);
    mock.consumer.commitFailure = new CommitFailedException();

    CompletableFuture<Boolean> stored = mock.store(session(0, 1));

    assertThat(stored).isCompletedWithValue(false);
    assertThat(mock.told).contains("lost 0", "lost 1");
    assertThat(mock.group.running()).isZero();
    assertThat(mock.consumer.shouldRebalance()).isTrue();
    mock.told.clear();

    mock.consumer.commitFailure = null;
    mock.rebalance(0, 1);

    assertThat(mock.told).containsExactlyInAnyOrder("assigned 0", "assigned 1");
    assertThat(mock.epoch(0)).isGreaterThan(epoch);
    assertThat(mock.group.checkpoint(shard(0), epoch, session(0, 2))).isCompletedWithValue(false);
  }

  @Test
  void shardsThatTheSinkLostStartAnewWithAHigherEpochThoughTheGenerationStays() {
    mock.open().rebalance(0, 1);
    long epoch = mock.epoch(0);
    assertThat(mock.store(session(0, 5))).isCompletedWithValue(true);

    mock.group.lost(List.of(shard(0), shard(3)));

    assertThat(mock.group.owns(shard(0), epoch)).isFalse();
    mock.rounds();
    assertThat(mock.told).endsWith("lost 0");
    assertThat(mock.group.owns(shard(1), mock.epoch(1))).isTrue();
    mock.consumer.generation--; // the rebalance below counts up
    mock.rebalance(0, 1);

    assertThat(mock.told).endsWith("assigned 0");
    assertThat(mock.epoch(0)).isEqualTo(epoch + 1);
    assertThat(load(0)).isEqualTo(session(0, 5));
  }

  // Checkpoints.

  @Test
  void checkpointsOfManyShardsAreOneCommit() {
    mock.open().rebalance(0, 1, 2, 3);
    List<CompletableFuture<Boolean>> stored =
        List.of(0, 1, 2, 3).stream()
            .map(id -> mock.group.checkpoint(shard(id), mock.epoch(id), session(id, 1)))
            .map(CompletionStage::toCompletableFuture)
            .toList();
    mock.rounds();

    assertThat(stored).allSatisfy(each -> assertThat(each).isCompletedWithValue(true));
    assertThat(mock.consumer.commits).isEqualTo(1);
    assertThat(mock.counters.checkpoints.sum()).isEqualTo(4);
  }

  @Test
  void theNewestOfWhatWaitsIsCommitted() {
    mock.open().rebalance(0);
    mock.consumer.holdsCommits = true;
    CompletableFuture<Boolean> first = mock.store(session(0, 1));
    CompletableFuture<Boolean> second = mock.store(session(0, 2));
    CompletableFuture<Boolean> third = mock.store(session(0, 3));
    mock.advance(Duration.ofMillis(5));
    assertThat(mock.group.checkpointLagNanos()).isEqualTo(Duration.ofMillis(5).toNanos());

    mock.consumer.holdsCommits = false;
    mock.consumer.completeCommits();
    assertThat(first).isCompletedWithValue(true);
    mock.rounds();

    assertThat(second).isCompletedWithValue(true);
    assertThat(third).isCompletedWithValue(true);
    assertThat(mock.committed(0).session()).isEqualTo(session(0, 3));
    assertThat(mock.consumer.commits).isEqualTo(2);
    assertThat(mock.group.checkpointLagNanos()).isZero();
  }

  @Test
  void theLagIsThatOfTheOldestCheckpointThatWaitsStill() {
    mock.open().rebalance(0);
    mock.consumer.holdsCommits = true;
    mock.store(session(0, 1));
    mock.store(session(0, 2));
    mock.consumer.completeCommits();
    mock.advance(Duration.ofSeconds(20)); // the second one is on its way

    assertThat(mock.group.checkpointLagNanos()).isEqualTo(Duration.ofSeconds(20).toNanos());
    mock.consumer.completeCommits();
    assertThat(mock.group.checkpointLagNanos()).isZero();
  }

  @Test
  void aSessionThatEndedIsForgotten() {
    mock.open().rebalance(0);
    mock.store(session(0, 1));

    CompletionStage<Boolean> removed = mock.group.checkpoint(shard(0), mock.epoch(0), null);
    mock.rounds();

    assertThat(removed).isCompletedWithValue(true);
    assertThat(mock.committed(0)).isEqualTo(new SessionMetadata(null, 2, null));
  }

  @Test
  void aCommitThatFailsForAMomentIsTriedAgain() {
    mock.open().rebalance(0);
    mock.consumer.commitFailure = new RetriableCommitFailedException("away");
    CompletableFuture<Boolean> stored = mock.store(session(0, 1));
    assertThat(stored).isNotDone();
    assertThat(mock.told).doesNotContain("lost 0");

    mock.consumer.commitFailure = null;
    mock.advance(Duration.ofSeconds(1));

    assertThat(stored).isCompletedWithValue(true);
  }

  @Test
  void aCheckpointThatTheBrokerWillNotTakeFailsAndTheShardGoesOn() {
    mock.open().rebalance(0);
    mock.consumer.commitFailure = new OffsetMetadataTooLarge("too large");

    CompletableFuture<Boolean> stored = mock.store(session(0, 1));

    assertThat(stored).isCompletedExceptionally();
    assertThat(mock.group.running()).isEqualTo(1);
  }

  @Test
  void aLagOfTheCheckpointsIsLoggedOnceAndItsEndToo() {
    Logger logger = (Logger) LoggerFactory.getLogger(CheckpointLag.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    logger.setLevel(Level.INFO);
    try {
      mock.open().rebalance(0);
      mock.consumer.holdsCommits = true;
      mock.store(session(0, 1));
      mock.advance(Duration.ofSeconds(11));
      mock.advance(Duration.ofSeconds(11));
      mock.consumer.completeCommits();
      mock.advance(Duration.ofSeconds(1));
    } finally {
      logger.detachAppender(lines);
      logger.setLevel(null);
    }

    assertThat(lines.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .filteredOn(line -> line.startsWith("bot.shards.1: sessions")) // others log meanwhile
        .satisfiesExactly(
            line -> assertThat(line).contains("sessions wait to be written for 11000 ms"),
            line -> assertThat(line).endsWith("sessions are written again"));
  }

  // Brokers.

  @Test
  void shardsGoOnWhileNoBrokerAnswers() {
    mock.open().rebalance(0);

    mock.advance(MockGroup.SESSION_TIMEOUT.plusSeconds(1));

    assertThat(mock.group.areBrokersAway()).isTrue();
    assertThat(mock.group.running()).isEqualTo(1);
    mock.responses++;
    mock.rounds();
    assertThat(mock.group.areBrokersAway()).isFalse();
    assertThat(mock.consumer.shouldRebalance()).isFalse();
  }

  @Test
  void brokersThatRefuseTheNodeAreAsGoodAsAway() {
    MockGroup mock = new MockGroup(true).open();
    mock.rebalance(0);
    for (int seconds = 0; seconds <= 11; seconds++) {
      mock.consumer.setPollException(new GroupAuthorizationException(MockGroup.TOPIC));
      mock.responses++;
      mock.nanos += Duration.ofSeconds(1).toNanos();
      mock.group.released(shard(3)); // some task, which ends the wait for the next poll
      mock.group.round();
    }

    assertThat(mock.group.areBrokersAway()).isTrue();
    assertThat(mock.told).endsWith("lost 0");
    mock.responses++;
    mock.rounds();
    assertThat(mock.group.areBrokersAway()).isFalse();
  }

  @Test
  void shardsStopWhileNoBrokerAnswersIfThatIsThePolicy() {
    MockGroup mock = new MockGroup(true).open();
    mock.rebalance(0);
    mock.responses++;
    mock.advance(MockGroup.SESSION_TIMEOUT.minusSeconds(1));
    assertThat(mock.group.running()).isEqualTo(1);

    mock.advance(Duration.ofSeconds(2));
    mock.advance(MockGroup.SESSION_TIMEOUT);

    assertThat(mock.told).endsWith("lost 0");
    assertThat(mock.consumer.shouldRebalance()).isFalse();
    mock.responses++;
    mock.rounds();
    assertThat(mock.consumer.shouldRebalance()).isTrue();
    mock.rebalance(0);
    assertThat(mock.told).endsWith("assigned 0");
  }

  // The end.

  @Test
  void releasedShardsAreNeitherStoppedNorStartedAgain() {
    mock.open().rebalance(0, 1);
    mock.group.released(shard(0));
    mock.rounds();
    mock.told.clear();

    mock.rebalance(0);
    mock.rebalance();

    assertThat(mock.told).containsExactly("revoked 1");
    assertThat(mock.group.running()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"DEFAULT", "LEAVE_GROUP", "REMAIN_IN_GROUP"})
  void theGroupIsLeftAsItIsTold(GroupMembershipOperation operation) throws Exception {
    mock.group.onClose(operation);
    mock.group.start(mock);
    mock.group.stop();

    mock.group.terminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
    assertThat(mock.consumer.closeOptions.groupMembershipOperation()).isEqualTo(operation);
    assertThat(mock.group.joined().toCompletableFuture()).isCompletedExceptionally();
  }

  @Test
  void aGroupThatNeverStartedStops() {
    mock.group.stop();
    mock.group.start(mock);

    assertThat(mock.group.terminated()).isCompleted();
    assertThat(mock.group.joined().toCompletableFuture()).isCompletedExceptionally();
    assertThat(mock.consumer.subscription()).isEmpty();
  }

  @Test
  void whatIsStoredAfterTheEndIsRefused() throws Exception {
    mock.consumer.schedulePollTask(
        () -> {
          mock.consumer.rebalance(List.of(partition(0)));
          mock.consumer.generation++;
        });
    mock.group.start(mock);
    mock.group.joined().toCompletableFuture().get(60, TimeUnit.SECONDS);
    mock.group.stop();
    mock.group.terminated().toCompletableFuture().get(60, TimeUnit.SECONDS);

    assertThat(mock.group.checkpoint(shard(0), 1, session(0, 1))).isCompletedWithValue(false);
    mock.group.released(shard(0));
  }

  @Test
  void anInstanceIdThatAnotherNodeUsesEndsTheGroup() throws Exception {
    mock.consumer.schedulePollTask(
        () -> mock.consumer.setPollException(new FencedInstanceIdException("fenced")));
    mock.group.start(mock);

    CompletableFuture<Void> terminated = mock.group.terminated().toCompletableFuture();
    assertThat(terminated)
        .failsWithin(Duration.ofSeconds(60))
        .withThrowableThat()
        .havingCause()
        .withMessage("instance id: in use by another node (expected: one of its own)");
  }

  @Test
  void aPollThatFailsIsRepeatedOnceTheGroupWasJoined() throws Exception {
    mock.consumer.schedulePollTask(() -> mock.consumer.rebalance(List.of(partition(0))));
    mock.consumer.schedulePollTask(
        () -> mock.consumer.setPollException(new TopicAuthorizationException("bot.shards.1")));
    mock.group.start(mock);
    mock.group.joined().toCompletableFuture().get(60, TimeUnit.SECONDS);
    mock.group.stop();

    mock.group.terminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @Test
  void aPollThatFailsBeforeTheGroupWasJoinedEndsIt() {
    mock.consumer.setPollException(new InvalidSessionTimeoutException("not within the range"));
    mock.group.start(mock);

    assertThat(mock.group.joined().toCompletableFuture())
        .failsWithin(Duration.ofSeconds(60))
        .withThrowableThat()
        .withMessageContaining("not within the range");
    assertThat(mock.group.terminated().toCompletableFuture()).failsWithin(Duration.ofSeconds(60));
  }

  @Test
  void aSessionOfAShardThatIsElsewhereIsRead() {
    mock.consumer.committed.put(
        partition(3),
        new OffsetAndMetadata(0, new SessionMetadata(session(3, 1), 5, null).encode()));
    mock.open().rebalance(0);

    assertThat(load(3)).isEqualTo(session(3, 1));
    assertThat(load(2)).isNull();
    assertThat(mock.group.offsetOf(shard(2), 1, ""))
        .as("not 0, which would undo commands")
        .isNull();
  }
}
