package dev.sluice.gateway.kafka.internal.group;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.CommandSource;
import dev.sluice.gateway.netty.ShardAssignment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shards of one generation that the group coordinator gives to this node: partition i of a
 * topic is shard i, and who is assigned the partition runs the shard. Sessions are the metadata of
 * committed offsets, so the coordinator refuses those of a former owner; the offsets say which
 * commands were handled.
 *
 * <p>Thread-safe. The consumer is called on one thread, the group's, which takes tasks of others
 * between two polls, and within a rebalance while shards that move are being stopped.
 */
public final class ShardGroup implements ShardAssignment, Checkpoints, ShardOwnership {

  /*
   * An assignment: onPartitionsAssigned() makes an OwnedShard, paused; its committed offset is read
   * by the admin client, for a consumer would block in the middle of a poll; then the manager is
   * told. The epoch is the generation of the group, or one more than the stored one if that is not
   * lower: with static membership a node that comes back finds the generation as it was.
   */

  private static final Logger log = LoggerFactory.getLogger(ShardGroup.class);

  private static final Duration MAX_POLL = Duration.ofSeconds(1);
  private static final Duration COMMIT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);
  private static final long REVOKE_STEP_MILLIS = 100;
  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long WRITE_COMMANDS_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final GroupSettings settings;
  private final Supplier<Consumer<byte[], byte[]>> consumers;
  private final CommittedOffsets committed;
  private final FleetCounters counters;
  private final LongSupplier nanoTime;
  private final CheckpointWrites writes;
  private final CommandLane.Shared commands;
  private final TakeOvers takeOvers;
  private final GroupTasks tasks;
  private final BrokerWatch brokers;
  private final CheckpointLag checkpointLag;

  private final Map<ShardId, OwnedShard> owned = new ConcurrentHashMap<>();
  private final CompletableFuture<Void> joined = new CompletableFuture<>();
  private final CompletableFuture<Void> terminated = new CompletableFuture<>();
  private volatile @Nullable Consumer<byte[], byte[]> consumer;
  private volatile @Nullable ConsumerGroupMetadata groupMetadata;
  private volatile Checkpoints checkpoints = this;
  private volatile Runnable onOwnershipChange = () -> {};
  private volatile GroupMembershipOperation onClose = GroupMembershipOperation.DEFAULT;
  private volatile boolean stopping;
  private volatile boolean revoking;
  private @Nullable Thread thread; // guarded by this

  // Everything below is confined to the group's thread.
  private @Nullable Listener listener;
  private final long[] lastEpochs;
  private boolean reads; // some shards wait to be read
  private long readAtNanos;
  private boolean rejoins; // some shards were given up and the group gives them to us still
  private long writeCommandsAtNanos;
  private @Nullable Class<?> failing; // in poll(), logged once

  /**
   * Makes a group that is not joined yet.
   *
   * @param settings what it needs to know
   * @param consumers makes the consumer, on the group's thread, once
   * @param responses how many answers of brokers a consumer has had
   * @param committed reads the sessions of shards that are assigned
   * @param counters count what goes on
   * @param nanoTime the monotonic clock
   * @param wallMillis the wall clock
   */
  public ShardGroup(
      GroupSettings settings,
      Supplier<Consumer<byte[], byte[]>> consumers,
      ToLongFunction<Consumer<byte[], byte[]>> responses,
      CommittedOffsets committed,
      FleetCounters counters,
      LongSupplier nanoTime,
      LongSupplier wallMillis) {
    this.settings = settings;
    this.consumers = consumers;
    this.committed = committed;
    this.counters = counters;
    this.nanoTime = nanoTime;
    this.lastEpochs = new long[settings.shards()];
    this.tasks = new GroupTasks(settings.topic());
    this.brokers = new BrokerWatch(settings, responses, nanoTime);
    this.checkpointLag = new CheckpointLag(settings.topic(), owned.values(), nanoTime);
    this.writes = new CheckpointWrites(counters, nanoTime, this::fenced, tasks::wake);
    this.commands =
        new CommandLane.Shared(
            settings.maxCommandAge().toMillis(), wallMillis, nanoTime, tasks::add, counters);
    this.takeOvers = new TakeOvers(settings.topic(), counters, nanoTime);
    this.writeCommandsAtNanos = nanoTime.getAsLong();
    this.readAtNanos = writeCommandsAtNanos;
  }

  // What the sink and the store need.

  /** {@return the topic whose partition i is shard i, and the id of the group} */
  public String topic() {
    return settings.topic();
  }

  /** {@return what is to be told when shards are up} */
  public TakeOvers takeOvers() {
    return takeOvers;
  }

  /**
   * {@return the membership as of the last poll or rebalance, for commits in transactions}
   *
   * @throws NullPointerException if no shard was ever assigned
   */
  @Override
  public ConsumerGroupMetadata groupMetadata() {
    return requireNonNull(groupMetadata, "groupMetadata");
  }

  /** {@return the partition of a shard} */
  @Override
  public TopicPartition partitionOf(ShardId shard) {
    return new TopicPartition(topic(), shard.id());
  }

  /**
   * {@return what to commit for a shard: the first command that was not handled, and metadata; null
   * when it does not run here under the epoch any more}
   *
   * @param shard a shard of this generation
   * @param epoch the epoch of an assignment
   * @param metadata what {@link SessionMetadata#encode} made
   */
  @Override
  public @Nullable OffsetAndMetadata offsetOf(ShardId shard, long epoch, String metadata) {
    OwnedShard known = owned.get(shard);
    return known == null || !known.runs(epoch)
        ? null
        : new OffsetAndMetadata(known.nextCommand, metadata);
  }

  /** {@return whether a shard runs here under an epoch, as far as is known} */
  @Override
  public boolean owns(ShardId shard, long epoch) {
    OwnedShard known = owned.get(shard);
    return known != null && known.runs(epoch);
  }

  /**
   * Gives shards up at once, for their checkpoints were refused. Those that the group still gives
   * to this node are assigned anew, with a higher epoch, once it has joined again.
   *
   * @param shards shards of this generation
   */
  @Override
  public void lost(Collection<ShardId> shards) {
    List<OwnedShard> given = new ArrayList<>();
    for (ShardId shard : shards) {
      OwnedShard known = owned.get(shard);
      if (known != null) {
        known.epoch = OwnedShard.NOT_RUNNING; // at once, for whoever asks next
        given.add(known);
      }
    }
    tasks.add(() -> giveUp(given, "their checkpoints were refused"));
  }

  /** Gives all shards up at once, as {@link #lost} does. */
  void allLost() {
    lost(List.copyOf(owned.keySet()));
  }

  /**
   * Sets who writes checkpoints, before the start. By default the group does.
   *
   * @param checkpoints the sink whose transactions carry them
   */
  public void checkpoints(Checkpoints checkpoints) {
    this.checkpoints = checkpoints;
  }

  /**
   * Sets who is told that the membership or the shards here have changed, before the start.
   *
   * @param onOwnershipChange called on the group's thread; must not block
   */
  public void onOwnershipChange(Runnable onOwnershipChange) {
    this.onOwnershipChange = onOwnershipChange;
  }

  @Override
  public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
    return write(session.shard(), epoch, session);
  }

  @Override
  public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
    return write(shard, epoch, null);
  }

  private CompletionStage<Boolean> write(
      ShardId shard, long epoch, @Nullable GatewaySession session) {
    OwnedShard known = owned.get(shard);
    if (known == null || !known.runs(epoch)) {
      counters.fencedCheckpoints.increment();
      return CompletableFuture.completedStage(false);
    }
    CompletableFuture<Boolean> written = writes.add(known, epoch, session);
    if (revoking) {
      tasks.nudge(); // ends the wait for the next step
    } else {
      tasks.wake();
    }
    return written.minimalCompletionStage();
  }

  /**
   * {@return the session that a shard starts with} That of an assigned shard is known; any other is
   * read.
   *
   * @param shard a shard of this generation
   */
  CompletionStage<@Nullable GatewaySession> load(ShardId shard) {
    OwnedShard known = owned.get(shard);
    if (known != null && known.epoch != OwnedShard.NOT_RUNNING) {
      return CompletableFuture.completedStage(known.session);
    }
    return committed(shard);
  }

  @Override
  public CompletionStage<@Nullable GatewaySession> committed(ShardId shard) {
    TopicPartition partition = partitionOf(shard);
    return committed
        .read(List.of(partition))
        .thenApply(
            offsets -> {
              OffsetAndMetadata offset = offsets.get(partition);
              return offset == null ? null : SessionMetadata.decode(offset.metadata()).session();
            });
  }

  /**
   * Writes a checkpoint by whoever writes them.
   *
   * @param session the session; null when the shard has none
   */
  CompletionStage<Boolean> checkpoint(ShardId shard, long epoch, @Nullable GatewaySession session) {
    OwnedShard known = owned.get(shard);
    if (known == null || !known.runs(epoch)) {
      counters.fencedCheckpoints.increment();
      return CompletableFuture.completedStage(false);
    }
    synchronized (known) { // so that the newest session is what stays, and what is written again
      known.session = session;
      return checkpoint(known);
    }
  }

  private CompletionStage<Boolean> checkpoint(OwnedShard known) {
    GatewaySession session = known.session;
    known.checkpointBegins(nanoTime.getAsLong());
    CompletionStage<Boolean> written =
        session == null
            ? checkpoints.remove(known.shard, known.epoch)
            : checkpoints.store(session, known.epoch);
    return written.whenComplete((done, failure) -> known.checkpointEnds(nanoTime.getAsLong()));
  }

  // What the fleet needs.

  /** {@return completes when the group has assigned something to this node, be it no shard} */
  public CompletionStage<Void> joined() {
    return joined.minimalCompletionStage();
  }

  /** {@return completes when the group was left; exceptionally when that was not asked for} */
  public CompletionStage<Void> terminated() {
    return terminated.minimalCompletionStage();
  }

  /** {@return how many shards run here} */
  public int running() {
    int running = 0;
    for (OwnedShard shard : owned.values()) {
      running += shard.epoch == OwnedShard.NOT_RUNNING ? 0 : 1;
    }
    return running;
  }

  /** {@return whether for the session time-out no broker has answered, or all refused this node} */
  public boolean areBrokersAway() {
    return brokers.areAway();
  }

  /** {@return since when the oldest checkpoint waits to be written, in nanoseconds; 0 if none} */
  public long checkpointLagNanos() {
    return checkpointLag.nanos();
  }

  /**
   * Sets how the group is left.
   *
   * @param onClose by default a node without an instance id leaves, and one with one remains until
   *     its session times out
   */
  public void onClose(GroupMembershipOperation onClose) {
    this.onClose = onClose;
  }

  /** {@return where commands of other processes come from} */
  public CommandSource commandSource() {
    return new CommandSource() {
      @Override
      public void start(Sink sink) {
        tasks.add(() -> commands.sink(sink));
      }

      @Override
      public void stop() {
        tasks.add(
            () -> {
              commands.sink(null);
              owned.values().forEach(shard -> shard.commands.end());
            });
      }
    };
  }

  // The assignment.

  @Override
  public synchronized void start(Listener listener) {
    if (stopping) {
      return;
    }
    Thread started = new Thread(() -> run(listener), "sluice-" + topic());
    started.setDaemon(true);
    thread = started;
    started.start();
  }

  @Override
  public void released(ShardId shard) {
    tasks.add(
        () -> {
          OwnedShard known = owned.get(shard);
          if (known != null && known.state != OwnedShard.State.REVOKED) {
            known.epoch = OwnedShard.NOT_RUNNING;
            known.state = OwnedShard.State.RELEASED;
            known.commands.end();
            pause(known);
          }
        });
  }

  @Override
  public synchronized void stop() {
    stopping = true;
    if (thread == null) {
      joined.completeExceptionally(new IllegalStateException("the group was left"));
      terminated.complete(null);
    } else {
      tasks.wake();
    }
  }

  // The thread.

  private void run(Listener listener) {
    Throwable failure = null;
    try {
      open(listener);
      while (!stopping) {
        round();
      }
    } catch (Throwable e) { // an Error that passed would leave shards running that are not ours
      failure = e;
      log.error("{}: this node leaves the group", topic(), e);
    }
    leave(failure);
  }

  /** Joins the group; on its thread, before the first round. */
  void open(Listener listener) {
    this.listener = listener;
    Consumer<byte[], byte[]> made = consumers.get();
    consumer = made;
    tasks.of(made);
    made.subscribe(List.of(topic()), new Rebalances());
    groupMetadata = made.groupMetadata();
  }

  /** Polls once and does what is due; on the group's thread. */
  void round() {
    Consumer<byte[], byte[]> consumer = consumer();
    ConsumerRecords<byte[], byte[]> records = poll(consumer);
    groupMetadata = consumer.groupMetadata();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      OwnedShard shard = owned.get(new ShardId(record.partition(), settings.shards()));
      if (shard != null) {
        shard.commands.add(record);
      }
    }
    tasks.run();
    readSessions();
    pumpCommands();
    writes.commitAsync(consumer);
    if (brokers.look(consumer, failing != null, running())) {
      giveUp(List.copyOf(owned.values()), "without the brokers others may have them");
    }
    checkpointLag.watch();
    if (rejoins && !brokers.areAway()) {
      rejoins = false;
      consumer.enforceRebalance("shards were given up");
    }
  }

  private ConsumerRecords<byte[], byte[]> poll(Consumer<byte[], byte[]> consumer) {
    tasks.pollBegins();
    try {
      ConsumerRecords<byte[], byte[]> records = consumer.poll(maxPoll());
      failing = null;
      return records;
    } catch (WakeupException e) {
      return ConsumerRecords.empty();
    } catch (FencedInstanceIdException e) {
      throw new IllegalStateException(
          "instance id: in use by another node (expected: one of its own)", e);
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      if (!joined.isDone() && !(e instanceof RetriableException)) {
        throw e; // a setting or a permission: whoever starts the node is told
      }
      if (failing != e.getClass()) {
        failing = e.getClass();
        log.error("{}: the poll failed and is repeated", topic(), e);
      }
      tasks.await(RETRY_NANOS);
      return ConsumerRecords.empty();
    } finally {
      tasks.pollEnds();
    }
  }

  private Duration maxPoll() {
    if (!tasks.isEmpty() || stopping) {
      return Duration.ZERO;
    }
    long nanos = Math.min(MAX_POLL.toNanos(), writes.delayNanos());
    if (reads) {
      nanos = Math.min(nanos, Math.max(0, readAtNanos - nanoTime.getAsLong()));
    }
    return Duration.ofNanos(nanos);
  }

  private void leave(@Nullable Throwable failure) {
    tasks.run();
    Listener told = listener;
    if (told != null) { // only after a failure: a stop releases them all before
      running(owned.values()).forEach(shard -> lost(told, shard));
    }
    Consumer<byte[], byte[]> current = consumer;
    if (current != null) {
      try {
        writes.commitSync(current, COMMIT_TIMEOUT);
        current.close(CloseOptions.groupMembershipOperation(onClose).withTimeout(CLOSE_TIMEOUT));
      } catch (RuntimeException e) {
        log.warn("{}: the group was not left in good order", topic(), e);
      }
    }
    IllegalStateException left = new IllegalStateException("the group was left");
    joined.completeExceptionally(failure == null ? left : failure);
    owned.values().forEach(shard -> shard.epoch = OwnedShard.NOT_RUNNING); // nothing is added now
    writes.fail(left);
    owned.clear();
    tasks.end();
    if (failure == null) {
      terminated.complete(null);
    } else {
      terminated.completeExceptionally(failure);
    }
  }

  // Shards come and go.

  private final class Rebalances implements ConsumerRebalanceListener {

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      tasks.pollEnds();
      groupMetadata = consumer().groupMetadata();
      for (TopicPartition partition : partitions) {
        ShardId shard = new ShardId(partition.partition(), settings.shards());
        owned.put(shard, new OwnedShard(shard, partition, commands));
      }
      consumer().pause(partitions);
      counters.assignments.add(partitions.size());
      for (OwnedShard shard : owned.values()) {
        if (shard.state == OwnedShard.State.GIVEN_UP) {
          shard.state = OwnedShard.State.WAITING;
        }
        if (shard.state == OwnedShard.State.WAITING) {
          takeOvers.assigned(shard.shard);
          reads = true;
        }
      }
      readAtNanos = nanoTime.getAsLong();
      brokers.answered();
      log.atInfo()
          .addKeyValue("group_generation", groupMetadata().generationId())
          .addKeyValue("assigned", partitions.size())
          .addKeyValue("owned", owned.size())
          .log(
              "{}: assigned {} in group generation {}, {} of {} shards are here",
              topic(),
              ShardRanges.of(partitions),
              groupMetadata().generationId(),
              owned.size(),
              settings.shards());
      joined.complete(null);
      readSessions();
      pollGoesOn();
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      tasks.pollEnds();
      groupMetadata = consumer().groupMetadata(); // with which the last checkpoints are written
      if (partitions.isEmpty()) {
        return;
      }
      onOwnershipChange.run();
      long startNanos = nanoTime.getAsLong();
      counters.revocations.add(partitions.size());
      boolean inTime = false;
      revoking = true;
      try {
        inTime = revoke(partitions);
      } finally {
        revoking = false;
        forget(partitions);
      }
      long millis = TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - startNanos);
      log.atInfo()
          .addKeyValue("revoked", partitions.size())
          .addKeyValue("owned", owned.size())
          .addKeyValue("took_ms", millis)
          .log(
              "{}: gave up {} within {} ms{}, {} of {} shards are here",
              topic(),
              ShardRanges.of(partitions),
              millis,
              inTime ? "" : ", not all in good order",
              owned.size(),
              settings.shards());
      pollGoesOn();
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      tasks.pollEnds();
      if (partitions.isEmpty()) {
        return;
      }
      Listener told = requireNonNull(listener);
      for (OwnedShard shard : running(of(partitions))) {
        lost(told, shard);
      }
      forget(partitions);
      groupMetadata = consumer().groupMetadata(); // not before the shards are out of owns()
      log.atWarn()
          .addKeyValue("lost", partitions.size())
          .addKeyValue("owned", owned.size())
          .log(
              "{}: lost {}, for this node was taken for dead; {} of {} shards are here",
              topic(),
              ShardRanges.of(partitions),
              owned.size(),
              settings.shards());
      pollGoesOn();
    }
  }

  /** A rebalance is over, within a poll that may wait on. */
  private void pollGoesOn() {
    onOwnershipChange.run();
    tasks.pollBegins();
    if (!tasks.isEmpty() || writes.delayNanos() == 0) {
      tasks.wake();
    }
  }

  private List<OwnedShard> of(Collection<TopicPartition> partitions) {
    List<OwnedShard> shards = new ArrayList<>(partitions.size());
    for (TopicPartition partition : partitions) {
      OwnedShard shard = owned.get(new ShardId(partition.partition(), settings.shards()));
      if (shard != null) {
        shards.add(shard);
      }
    }
    return shards;
  }

  private static List<OwnedShard> running(Collection<OwnedShard> shards) {
    return shards.stream().filter(shard -> shard.state == OwnedShard.State.RUNNING).toList();
  }

  private void forget(Collection<TopicPartition> partitions) {
    for (OwnedShard shard : of(partitions)) {
      shard.epoch = OwnedShard.NOT_RUNNING;
      shard.commands.end();
      writes.refuse(shard);
      takeOvers.gone(shard.shard);
      owned.remove(shard.shard, shard);
    }
  }

  /** Has shards stopped in good order, and commits their last sessions meanwhile. */
  private boolean revoke(Collection<TopicPartition> partitions) {
    Listener told = requireNonNull(listener);
    List<CompletableFuture<Void>> stops = new ArrayList<>();
    List<OwnedShard> leaving = of(partitions);
    List<OwnedShard> running = running(leaving);
    // Those too whose session is being read: the answer may come below, and must not start them.
    leaving.forEach(shard -> shard.state = OwnedShard.State.REVOKED);
    for (OwnedShard shard : running) {
      shard.commands.end();
      stops.add(
          told.revoked(shard.shard, settings.handOverTimeout())
              .handle((done, failure) -> failure)
              .thenAccept(
                  failure -> {
                    if (failure != null) {
                      log.atWarn()
                          .addKeyValue("shard", shard.shard)
                          .setCause(failure)
                          .log("shard {}: did not stop in time", shard.shard);
                    }
                  })
              .toCompletableFuture());
    }
    CompletableFuture<Void> all =
        CompletableFuture.allOf(stops.toArray(CompletableFuture<?>[]::new));
    all.thenRun(tasks::nudge); // ends the wait below
    long deadlineNanos = nanoTime.getAsLong() + settings.handOverTimeout().toNanos();
    while (!all.isDone()) {
      long leftNanos = deadlineNanos - nanoTime.getAsLong();
      if (leftNanos <= 0) {
        break;
      }
      tasks.await(Math.min(leftNanos, TimeUnit.MILLISECONDS.toNanos(REVOKE_STEP_MILLIS)));
      tasks.run();
      writes.commitSync(consumer(), Duration.ofNanos(Math.min(leftNanos, MAX_POLL.toNanos())));
    }
    return all.isDone();
  }

  private void lost(Listener told, OwnedShard shard) {
    shard.epoch = OwnedShard.NOT_RUNNING;
    shard.state = OwnedShard.State.GIVEN_UP;
    shard.commands.end();
    writes.refuse(shard);
    counters.losses.increment();
    takeOvers.gone(shard.shard);
    told.lost(shard.shard);
  }

  private void giveUp(Collection<OwnedShard> shards, String why) {
    Listener told = requireNonNull(listener);
    List<OwnedShard> given = running(shards);
    if (given.isEmpty()) {
      return;
    }
    given.forEach(shard -> lost(told, shard));
    given.forEach(this::pause);
    rejoins = true;
    log.atWarn()
        .addKeyValue("lost", given.size())
        .log(
            "{}: gave up {} at once: {}",
            topic(),
            ShardRanges.of(given.stream().map(shard -> shard.partition).toList()),
            why);
  }

  /** A commit was refused for good: whatever this node runs may run elsewhere. */
  private void fenced() {
    giveUp(List.copyOf(owned.values()), "a commit was refused");
  }

  private void pause(OwnedShard shard) {
    Consumer<byte[], byte[]> current = consumer;
    if (current != null && !tasks.haveEnded() && current.assignment().contains(shard.partition)) {
      current.pause(List.of(shard.partition));
    }
  }

  // Sessions are read before shards start.

  private void readSessions() {
    if (!reads || nanoTime.getAsLong() - readAtNanos < 0) {
      return;
    }
    reads = false;
    List<OwnedShard> wanted =
        owned.values().stream().filter(s -> s.state == OwnedShard.State.WAITING).toList();
    if (wanted.isEmpty()) {
      return;
    }
    wanted.forEach(shard -> shard.state = OwnedShard.State.READING);
    committed
        .read(wanted.stream().map(shard -> shard.partition).toList())
        .whenComplete((offsets, failure) -> tasks.add(() -> onRead(wanted, offsets, failure)));
  }

  private void onRead(
      List<OwnedShard> shards,
      @Nullable Map<TopicPartition, OffsetAndMetadata> offsets,
      @Nullable Throwable failure) {
    int unread = 0;
    for (OwnedShard shard : shards) {
      if (shard.state != OwnedShard.State.READING || owned.get(shard.shard) != shard) {
        continue; // it is gone again
      }
      if (offsets == null) {
        shard.state = OwnedShard.State.WAITING;
        unread++;
      } else {
        startShard(shard, offsets.get(shard.partition));
      }
    }
    if (unread > 0) {
      reads = true;
      readAtNanos = nanoTime.getAsLong() + RETRY_NANOS;
      log.warn(
          "{}: the sessions of {} shards cannot be read and are tried again: {}",
          topic(),
          unread,
          String.valueOf(failure));
    }
  }

  private void startShard(OwnedShard shard, @Nullable OffsetAndMetadata offset) {
    SessionMetadata metadata = SessionMetadata.NONE;
    if (offset != null) {
      try {
        metadata = SessionMetadata.decode(offset.metadata());
      } catch (IllegalArgumentException e) {
        log.atError()
            .addKeyValue("shard", shard.shard)
            .log("shard {}: starts without its session: {}", shard.shard, e.getMessage());
      }
    }
    int id = shard.shard.id();
    long epoch =
        Math.max(groupMetadata().generationId(), Math.max(metadata.epoch(), lastEpochs[id]) + 1);
    lastEpochs[id] = epoch;
    shard.session = metadata.session();
    shard.nextCommand = offset == null ? 0 : offset.offset();
    shard.writtenCommand = shard.nextCommand;
    shard.commands.begin();
    consumer().seek(shard.partition, shard.nextCommand);
    shard.epoch = epoch;
    shard.state = OwnedShard.State.RUNNING;
    requireNonNull(listener).assigned(shard.shard, epoch);
  }

  // Commands.

  private void pumpCommands() {
    if (!commands.hasSink()) {
      return;
    }
    long now = nanoTime.getAsLong();
    boolean write = now - writeCommandsAtNanos >= WRITE_COMMANDS_NANOS;
    if (write) {
      writeCommandsAtNanos = now;
    }
    for (OwnedShard shard : owned.values()) {
      if (shard.state != OwnedShard.State.RUNNING) {
        continue;
      }
      shard.commands.pump();
      if (shard.commands.startsReading()) {
        consumer().resume(List.of(shard.partition));
      } else if (shard.commands.stopsReading()) {
        consumer().pause(List.of(shard.partition));
      }
      if (write && shard.nextCommand != shard.writtenCommand) {
        shard.writtenCommand = shard.nextCommand;
        writeAgain(shard);
      }
    }
  }

  /** Writes the last session once more, for the sake of the commands that were handled since. */
  private void writeAgain(OwnedShard shard) {
    CompletionStage<Boolean> written;
    synchronized (shard) {
      written = checkpoint(shard);
    }
    written.whenComplete(
        (done, failure) -> {
          if (failure != null) {
            log.atWarn()
                .addKeyValue("shard", shard.shard)
                .setCause(failure)
                .log("shard {}: its handled commands were not noted", shard.shard);
          }
        });
  }

  private Consumer<byte[], byte[]> consumer() {
    return requireNonNull(consumer);
  }
}
