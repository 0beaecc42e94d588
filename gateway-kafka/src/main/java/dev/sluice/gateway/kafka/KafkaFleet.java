package dev.sluice.gateway.kafka;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.kafka.internal.fleet.Causes;
import dev.sluice.gateway.kafka.internal.fleet.FleetLog;
import dev.sluice.gateway.kafka.internal.fleet.FleetSettings;
import dev.sluice.gateway.kafka.internal.fleet.Generation;
import dev.sluice.gateway.kafka.internal.fleet.Generations;
import dev.sluice.gateway.kafka.internal.fleet.ReshardRequest;
import dev.sluice.gateway.kafka.internal.fleet.Topics;
import dev.sluice.gateway.kafka.internal.identify.KafkaIdentifyLimiter;
import dev.sluice.gateway.kafka.internal.node.ClientProperties;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.FleetHealth;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.sharding.SessionStarts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node of a fleet that shares the shards of a bot by Apache Kafka. Every node runs the same
 * code; the group coordinator of the brokers decides which shards it runs. When a node dies or
 * stops, its shards resume on the others from the last event whose handling was noted.
 *
 * <pre>{@code
 * KafkaFleet fleet =
 *     KafkaFleet.builder("my-bot", Map.of("bootstrap.servers", "kafka:9092")).shards(64).build();
 * fleet.start(() -> ShardManager.builder(token, intents)).toCompletableFuture().join();
 * ...
 * fleet.close();
 * }</pre>
 *
 * <p>The fleet sets the assignment, the session store, the identify limiter, the command source and
 * the event sink of the manager's builder; the rest is the application's.
 *
 * <p>Thread-safe.
 */
public final class KafkaFleet implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KafkaFleet.class);

  private static final int FIRST_GENERATION = 1;
  private static final long TICK_MILLIS = 250;
  private static final long DISCARD_SECONDS = 5;
  private static final String EVENTS_HERE =
      "events: handled in this process (expected: a topic or a sink, which the next generation can"
          + " take over)";
  private static final Duration CLOSE_MARGIN = Duration.ofSeconds(15);

  private final FleetSettings settings;
  private final FleetCounters counters = new FleetCounters();
  private final ScheduledThreadPoolExecutor control;
  private final CompletableFuture<Void> started = new CompletableFuture<>();
  private final CompletableFuture<Void> terminated = new CompletableFuture<>();

  private enum Phase {
    NEW,
    STARTED,
    STOPPED
  }

  private Phase phase = Phase.NEW; // guarded by this
  private @Nullable CompletableFuture<Void> stopping; // guarded by this

  // Set once, on the control thread, before the first generation.
  private volatile @Nullable Admin admin;
  private volatile @Nullable Topics topics;
  private volatile @Nullable FleetLog fleetLog;
  private volatile @Nullable Generations generations;
  private volatile @Nullable KafkaIdentifyLimiter identifyLimiter;
  private volatile @Nullable Generation current;
  private volatile @Nullable Presence presence;

  // Confined to the control thread, and to the one that closes after it.
  private final Map<Integer, Generation> running = new ConcurrentHashMap<>();
  private final Set<Integer> discarded = new HashSet<>(); // retired, but their topics are there
  private boolean discarding;

  KafkaFleet(FleetSettings settings) {
    this.settings = settings;
    this.control =
        new ScheduledThreadPoolExecutor(
            1, task -> daemon(task, "sluice-fleet-" + settings.application()));
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Starts the settings of a node.
   *
   * @param application the name of the bot's fleet, the same on every node: the topics and groups
   *     of the fleet start with it
   * @param properties properties of Kafka clients, at least {@code bootstrap.servers}; for all
   *     clients of the node, each of which gets those that it knows
   * @return a builder with the defaults for everything else
   * @throws IllegalArgumentException if the name or a property is not one that a fleet takes
   */
  public static KafkaFleetBuilder builder(String application, Map<String, ?> properties) {
    KafkaFleetBuilder.checkApplication(application);
    return new KafkaFleetBuilder(application, new ClientProperties(properties));
  }

  /**
   * Creates the topics that are missing, joins the fleet and starts the manager.
   *
   * @param managers makes a manager's settings, with the token and whatever the application sets;
   *     called once for each generation of shards, on a thread of the fleet
   * @return completes when the manager has started and this node is a member of the group, with
   *     shards or without; exceptionally when a broker, the gateway's API or a setting is in the
   *     way
   * @throws IllegalStateException if called twice, or after {@link #close}
   */
  public CompletionStage<Void> start(Supplier<ShardManagerBuilder> managers) {
    requireNonNull(managers, "managers");
    synchronized (this) {
      if (phase != Phase.NEW) {
        throw new IllegalStateException("start() when " + phase + " (expected: NEW)");
      }
      phase = Phase.STARTED;
    }
    control.execute(
        () -> {
          try {
            join(managers);
          } catch (RuntimeException e) {
            failStart(e);
          }
        });
    return started.minimalCompletionStage();
  }

  /** {@return the manager of the present generation of shards; null before the start} */
  public @Nullable ShardManager manager() {
    Generation generation = current;
    return generation == null ? null : generation.manager();
  }

  /**
   * {@return completes when the node has stopped; exceptionally when it had to, for another node
   * uses its instance id, or because of an unexpected failure that was logged}
   */
  public CompletionStage<Void> terminated() {
    return terminated.minimalCompletionStage();
  }

  /**
   * {@return whether this node works} It is ready when it is a member of the group and enough of
   * the shards that it was given are READY, be that none.
   */
  public FleetHealth health() {
    Generation generation = current;
    if (generation == null) {
      return new FleetHealth(true, false, List.of("not started"));
    }
    FleetHealth manager = generation.manager().health();
    List<String> reasons = new ArrayList<>();
    boolean member = generation.isMember();
    if (!member) {
      reasons.add("no member of the group " + generation.group().topic() + " yet");
    }
    if (generation.group().areBrokersAway()) {
      reasons.add("no broker answers");
    }
    reasons.addAll(manager.reasons());
    return new FleetHealth(manager.live(), manager.ready() && member, reasons);
  }

  /** {@return what this node did so far, and what it has now} */
  public KafkaFleetStats stats() {
    return KafkaFleetStats.of(counters, current);
  }

  /**
   * Changes the number of shards of the whole fleet while it runs. Every node starts the new shards
   * beside the old ones; when all of them are READY their events are published, and some seconds
   * later the old ones are stopped. No event is lost; those of the time between come twice, from a
   * shard of each generation, which the header {@code generation} tells.
   *
   * <p>The new shards identify, so it takes the time of a start and as many session starts as there
   * are new shards. A command that waits on an old shard when it stops is dropped, and a voice
   * connection has to be made anew.
   *
   * @param shards the new number of shards, at least 1 and not that of now
   * @return completes when the old shards are gone; exceptionally with an {@link
   *     IllegalStateException} when the node has not started, another change is under way, too few
   *     session starts are left, or the change is cancelled
   * @throws IllegalArgumentException if it is below 1
   */
  public CompletionStage<Void> reshard(int shards) {
    if (shards < 1) {
      throw new IllegalArgumentException("shards: " + shards + " (expected: >= 1)");
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    execute(
        () -> {
          try {
            change(shards)
                .whenComplete(
                    (changed, failure) -> {
                      if (failure == null) {
                        done.complete(null);
                      } else {
                        done.completeExceptionally(failure);
                      }
                    });
          } catch (RuntimeException e) {
            done.completeExceptionally(e);
          }
        });
    if (isStopped()) {
      done.completeExceptionally(new IllegalStateException("stopped"));
    }
    return done.minimalCompletionStage();
  }

  private CompletionStage<Void> change(int shards) {
    Generations known = generations;
    if (known == null || !started.isDone() || known.currentShards() == 0) {
      throw new IllegalStateException("reshard() before the start (expected: after it)");
    }
    if (!settings.publishes() && settings.eventSink() == null) {
      throw new IllegalStateException(EVENTS_HERE);
    }
    if (known.isChanging()) {
      throw new IllegalStateException("the number of shards changes (expected: not yet)");
    }
    ReshardRequest.check(shards, known.currentShards());
    SessionStarts starts = requireNonNull(identifyLimiter).sessionStarts();
    if (starts != null && starts.remaining() < shards) {
      throw new IllegalStateException(
          "session starts left: " + starts.remaining() + " (expected: >= " + shards + ')');
    }
    int number = requireNonNull(topics).unusedGeneration(known.highestGeneration() + 1);
    return known.change(number, shards);
  }

  /**
   * Gives up a change of the number of shards, unless the new shards have taken over already: they
   * are stopped, the old ones go on.
   */
  public void cancelReshard() {
    execute(
        () -> {
          Generations known = generations;
          if (known != null) {
            known.cancel();
          }
        });
  }

  /**
   * Asks a fleet for another number of shards, as {@link #reshard(int)} does, from a process that
   * is no node.
   *
   * @param application the application name of the fleet
   * @param properties properties of Kafka clients, at least {@code bootstrap.servers}
   * @param shards the new number of shards, at least 1 and not that of now
   * @return completes when the old shards are gone; exceptionally with an {@link
   *     IllegalStateException} when there is no fleet of that name, another change is under way or
   *     the change is cancelled. Cancelling its future ends the waiting, not the change
   * @throws IllegalArgumentException if the number is below 1, or the name or a property is not one
   *     that a fleet takes
   */
  public static CompletionStage<Void> reshard(
      String application, Map<String, ?> properties, int shards) {
    if (shards < 1) {
      throw new IllegalArgumentException("shards: " + shards + " (expected: >= 1)");
    }
    KafkaFleetBuilder.checkApplication(application);
    return ReshardRequest.send(application, new ClientProperties(properties), shards);
  }

  /**
   * Gives up a change of the number of shards, as {@link #cancelReshard()} does, from a process
   * that is no node.
   *
   * @param application the application name of the fleet
   * @param properties properties of Kafka clients, at least {@code bootstrap.servers}
   * @return completes when the fleet is told; exceptionally with an {@link IllegalStateException}
   *     when there is no fleet of that name, no change is under way, or the new shards have taken
   *     over already
   * @throws IllegalArgumentException if the name or a property is not one that a fleet takes
   */
  public static CompletionStage<Void> cancelReshard(String application, Map<String, ?> properties) {
    KafkaFleetBuilder.checkApplication(application);
    return ReshardRequest.send(application, new ClientProperties(properties), 0);
  }

  /**
   * Stops this node's shards in good order: what came is handled, their sessions are stored, their
   * transports closed so that the sessions live on. The other nodes take over at once; if the node
   * has an instance id, they wait for it to come back until the session time-out is over.
   *
   * @return completes when that is done, and everything of this node is closed
   */
  public CompletionStage<Void> stop() {
    return stop(GroupMembershipOperation.DEFAULT);
  }

  /**
   * Stops as {@link #stop} does, and lets the other nodes take over at once though this one has an
   * instance id: for a node that is not to come back.
   *
   * @return as for {@link #stop}
   */
  public CompletionStage<Void> leave() {
    return stop(GroupMembershipOperation.LEAVE_GROUP);
  }

  private CompletionStage<Void> stop(GroupMembershipOperation onClose) {
    CompletableFuture<Void> stop;
    synchronized (this) {
      if (stopping != null) {
        return stopping.minimalCompletionStage();
      }
      phase = Phase.STOPPED;
      stop = new CompletableFuture<>();
      stopping = stop;
    }
    started.completeExceptionally(new IllegalStateException("stopped before it started"));
    control.execute(() -> leave(onClose, stop));
    return stop.minimalCompletionStage();
  }

  /** Stops as {@link #stop} does and waits for it, for as long as shards may take to be stopped. */
  @Override
  public void close() {
    Duration timeout = settings.handOverTimeout().plus(CLOSE_MARGIN);
    try {
      stop().toCompletableFuture().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.warn("{}: the node did not stop within {}", settings.application(), timeout, e);
    }
  }

  /** {@return the node without the client properties} */
  @Override
  public String toString() {
    return "KafkaFleet["
        + settings.application()
        + (settings.instanceId() == null ? "" : ", instanceId=" + settings.instanceId())
        + ']';
  }

  FleetSettings settings() {
    return settings;
  }

  FleetCounters counters() {
    return counters;
  }

  // The control thread.

  private void join(Supplier<ShardManagerBuilder> managers) {
    Admin admin = Admin.create(settings.clients().admin("admin"));
    this.admin = admin;
    Topics topics = new Topics(admin, settings.application(), settings.replicationFactor());
    this.topics = topics;
    FleetLog fleetLog =
        new FleetLog(
            topics.ensureFleet(),
            () -> new KafkaConsumer<>(settings.clients().consumer("fleet")),
            new KafkaProducer<>(settings.clients().producer("fleet")));
    this.fleetLog = fleetLog;
    Generations generations =
        new Generations(
            settings.transactionalId(),
            new Runner(managers),
            (key, value) -> append(fleetLog, key, value),
            NanoClock.system(),
            this::execute);
    this.generations = generations;
    fleetLog
        .start((key, value) -> execute(() -> onRecord(key, value)))
        .whenCompleteAsync( // behind the records that were read
            (read, failure) -> {
              if (failure != null) {
                failStart(failure);
                return;
              }
              try {
                begin(topics, generations, fleetLog);
              } catch (RuntimeException e) {
                failStart(e);
              }
            },
            this::execute);
  }

  private void begin(Topics topics, Generations generations, FleetLog fleetLog) {
    if (isStopped()) {
      return; // leave() knows nothing of what would be made here
    }
    int shards = generations.currentShards();
    if (shards == 0) {
      shards = settings.shards();
      if (shards == 0) {
        throw new IllegalStateException(
            "shards: not set (expected: how many the fleet is to start with)");
      }
      topics.ensureShards(FIRST_GENERATION, shards); // created, or there with as many
      ObjectNode first = Generations.record(FIRST_GENERATION, shards);
      append(fleetLog, Generations.CURRENT, first);
      generations.onRecord(Generations.CURRENT, first);
    } else if (settings.shards() != 0 && settings.shards() != shards) {
      log.info(
          "{}: {} shards in generation {}; the {} that are set were for the first",
          settings.application(),
          shards,
          generations.currentGeneration(),
          settings.shards());
    }
    if (settings.publishes()) {
      topics.ensureEvents(settings.eventsTopic(), settings.eventsPartitions());
    }
    KafkaIdentifyLimiter limiter =
        KafkaIdentifyLimiter.create(
            settings.clients().named("identify"), topics.ensureIdentify(), counters);
    identifyLimiter = limiter;
    limiter.open();
    generations.begin();
    control.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  private synchronized boolean isStopped() {
    return phase == Phase.STOPPED;
  }

  /** Runs a task on the control thread; after the end it is for nothing. */
  private void execute(Runnable task) {
    try {
      control.execute(
          () -> {
            try {
              task.run();
            } catch (RuntimeException e) { // which the executor would keep to itself
              log.error("{}: a task of the fleet failed", settings.application(), e);
            }
          });
    } catch (RejectedExecutionException e) {
      log.debug("{} has ended", settings.application(), e);
    }
  }

  private static void append(FleetLog fleetLog, String key, @Nullable ObjectNode value) {
    fleetLog
        .append(key, value)
        .whenComplete(
            (appended, failure) -> {
              if (failure != null) {
                log.warn("{} was not noted in the log of the fleet", key, failure);
              }
            });
  }

  private void tick() {
    try {
      requireNonNull(generations).tick();
      discardUnused();
    } catch (RuntimeException e) { // which would end the ticks
      log.error("{}: the generations of shards", settings.application(), e);
    }
  }

  /** Runs generations of shards on this node; on the control thread. */
  private final class Runner implements Generations.Runner {

    private final Supplier<ShardManagerBuilder> managers;

    Runner(Supplier<ShardManagerBuilder> managers) {
      this.managers = managers;
    }

    @Override
    public Generations.Run start(int number, int shards, boolean open) {
      Topics known = requireNonNull(topics);
      int present = requireNonNull(generations).currentGeneration();
      if (number >= present) {
        known.ensureShards(number, shards);
      } else if (known.partitions(Topics.shards(settings.application(), number)) != shards) {
        throw new IllegalStateException(
            Topics.shards(settings.application(), number) + ": none (expected: not retired yet)");
      }
      if (number != present && !settings.publishes() && settings.eventSink() == null) {
        throw new IllegalStateException(EVENTS_HERE);
      }
      Generation generation =
          Generation.create(
              settings,
              requireNonNull(admin),
              requireNonNull(identifyLimiter),
              counters,
              number,
              shards,
              open,
              managers.get());
      running.put(number, generation);
      if (number == present) {
        current = generation;
      }
      generation
          .group()
          .terminated()
          .whenComplete((done, failure) -> groupEnded(generation, failure));
      generation.start().whenComplete((done, failure) -> generationStarted(generation, failure));
      return generation;
    }

    @Override
    public void opened(int number) {
      current = requireNonNull(running.get(number));
    }

    @Override
    public void discard(int number) {
      running.remove(number);
      discarded.add(number);
    }
  }

  private void generationStarted(Generation generation, @Nullable Throwable failure) {
    if (failure == null) {
      applyPresence();
      started.complete(null);
    } else if (!started.isDone() && generation == current) {
      failStart(failure);
    } else if (isStopped()) {
      log.debug("generation {} was stopped while it started", generation.number(), failure);
    } else {
      log.error(
          "{}: generation {} of {} shards cannot start here",
          settings.application(),
          generation.number(),
          generation.shards(),
          failure);
    }
  }

  /** Deletes topics of retired generations once no node is a member of their groups. */
  private void discardUnused() {
    if (discarded.isEmpty() || discarding) {
      return;
    }
    discarding = true;
    List<Integer> numbers = List.copyOf(discarded);
    Topics known = requireNonNull(topics);
    CompletableFuture.supplyAsync(
            () ->
                numbers.stream()
                    .filter(
                        number -> known.deleteUnused(Topics.shards(settings.application(), number)))
                    .toList(),
            task -> daemon(task, "sluice-fleet-discard").start())
        .whenCompleteAsync(
            (gone, failure) -> {
              if (failure != null) {
                log.warn("{}: retired topics stay for now", settings.application(), failure);
              } else {
                discarded.removeAll(gone);
              }
              control.schedule(() -> discarding = false, DISCARD_SECONDS, TimeUnit.SECONDS);
            },
            this::execute);
  }

  private void onRecord(String key, @Nullable JsonNode value) {
    if (value != null
        && key.equals(ShardCommands.PRESENCE_KEY)
        && GatewayCommand.fromJson(value.toString()) instanceof UpdatePresence update) {
      presence = update.presence();
      if (started.isDone()) {
        applyPresence();
      }
    } else {
      requireNonNull(generations).onRecord(key, value);
    }
  }

  private void applyPresence() {
    Presence wanted = presence;
    if (wanted == null) {
      return;
    }
    for (Generation generation : running.values()) {
      try {
        generation
            .manager()
            .updatePresence(wanted)
            .whenComplete((outcomes, failure) -> log.debug("presence: {}", outcomes, failure));
      } catch (IllegalStateException e) { // which applies it when it has
        log.debug("generation {} has not started yet", generation.number(), e);
      }
    }
  }

  private void failStart(Throwable failure) {
    Throwable cause = Causes.unwrap(failure);
    Throwable told = cause;
    if (cause instanceof org.apache.kafka.common.errors.TimeoutException) {
      told =
          new IllegalStateException(
              "no broker of "
                  + settings.clients().bootstrapServers()
                  + " answers: "
                  + cause.getMessage(),
              cause);
    }
    if (started.completeExceptionally(told)) { // unless it was stopped meanwhile
      log.error("{}: cannot start: {}", settings.application(), told.getMessage());
    }
  }

  private void groupEnded(Generation generation, @Nullable Throwable failure) {
    if (failure == null) {
      return;
    }
    if (generation == current) {
      terminated.completeExceptionally(failure);
      stop();
    } else { // the other nodes have its shards
      log.error(
          "{}: generation {} does not run here any more",
          settings.application(),
          generation.number(),
          failure);
    }
  }

  private void leave(GroupMembershipOperation onClose, CompletableFuture<Void> stop) {
    Generations generations = this.generations;
    if (generations != null) {
      generations.stop();
    }
    CompletableFuture.allOf(
            running.values().stream()
                .map(
                    generation ->
                        generation
                            .stop(StopMode.RESTART, onClose, settings.handOverTimeout())
                            .toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new))
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                log.warn("{}: not all was stopped in good order", settings.application(), failure);
              }
              new Thread(() -> release(stop), "sluice-fleet-close").start();
            });
  }

  private void release(CompletableFuture<Void> stop) {
    control.shutdownNow();
    FleetLog fleetLog = this.fleetLog;
    if (fleetLog != null) {
      fleetLog.close();
    }
    running.values().forEach(Generation::close);
    EventSink elsewhere = settings.eventSink();
    if (elsewhere != null) {
      elsewhere.stopped();
    }
    KafkaIdentifyLimiter limiter = identifyLimiter;
    if (limiter != null) {
      limiter.close();
    }
    Admin admin = this.admin;
    if (admin != null) {
      admin.close(Duration.ofSeconds(1));
    }
    stop.complete(null);
    terminated.complete(null);
  }
}
