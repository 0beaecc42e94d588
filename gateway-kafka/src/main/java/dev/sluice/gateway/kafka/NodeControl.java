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
import dev.sluice.gateway.kafka.internal.fleet.RetiredTopics;
import dev.sluice.gateway.kafka.internal.fleet.Topics;
import dev.sluice.gateway.kafka.internal.identify.KafkaIdentifyLimiter;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.sharding.SessionStarts;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node does on its control thread: it makes the topics, follows the log of the fleet, runs
 * the generations of shards that the log names, and ends them. The thread may block for brokers; no
 * event is handled on it. Thread-safe.
 */
final class NodeControl {

  private static final Logger log = LoggerFactory.getLogger(NodeControl.class);

  private static final int FIRST_GENERATION = 1;
  private static final long TICK_MILLIS = 250;
  private static final String EVENTS_HERE =
      "events: handled in this process (expected: a topic or a sink, which the next generation can"
          + " take over)";

  private final FleetSettings settings;
  private final FleetCounters counters;
  private final CompletableFuture<Void> started;
  private final Consumer<Throwable> hasToStop;
  private final ScheduledThreadPoolExecutor executor;
  private final Map<Integer, Generation> running = new ConcurrentHashMap<>();
  private volatile @Nullable Generation current;
  private volatile boolean leaving;
  private volatile boolean joined; // all below is there

  // Set once, on the control thread, before the first generation.
  private volatile @Nullable Admin admin;
  private @Nullable Topics topics;
  private @Nullable RetiredTopics retiredTopics;
  private volatile @Nullable FleetLog fleetLog;
  private @Nullable Generations generations;
  private volatile @Nullable KafkaIdentifyLimiter identifyLimiter;

  // Confined to the control thread.
  private final Set<Generation> up = new HashSet<>(); // started, and members of their groups
  private @Nullable Presence presence;

  /**
   * Makes the control of a node that does nothing yet.
   *
   * @param settings of the node
   * @param counters count what goes on
   * @param started completes when the node has joined its fleet, or cannot
   * @param hasToStop told what ended the present generation here, on any thread
   */
  NodeControl(
      FleetSettings settings,
      FleetCounters counters,
      CompletableFuture<Void> started,
      Consumer<Throwable> hasToStop) {
    this.settings = settings;
    this.counters = counters;
    this.started = started;
    this.hasToStop = hasToStop;
    this.executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "sluice-fleet-" + settings.application());
              thread.setDaemon(true);
              return thread;
            });
  }

  /** {@return the present generation, null before it runs here} */
  @Nullable Generation current() {
    return current;
  }

  /** Runs a task on the control thread; after the end it is for nothing. */
  private void execute(Runnable task) {
    try {
      executor.execute(
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

  // The start.

  /** Joins the fleet. */
  void join(Supplier<ShardManagerBuilder> managers) {
    execute(() -> orFailStart(() -> connect(managers)));
  }

  private void orFailStart(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      failStart(e);
    }
  }

  private void connect(Supplier<ShardManagerBuilder> managers) {
    Admin admin = Admin.create(settings.clients().admin("admin"));
    this.admin = admin;
    if (leaving) { // it has not seen that there is one
      return;
    }
    Topics topics = new Topics(admin, settings.application(), settings.replicationFactor());
    this.topics = topics;
    retiredTopics =
        new RetiredTopics(
            topics::deleteUnused, settings.application(), this::execute, NanoClock.system());
    FleetLog fleetLog =
        new FleetLog(
            topics.ensureFleet(),
            false,
            () -> new KafkaConsumer<>(settings.clients().consumer("fleet")),
            new KafkaProducer<>(settings.clients().producer("fleet")));
    this.fleetLog = fleetLog;
    Generations generations =
        new Generations(
            settings.transactionalId(),
            new Runner(managers),
            (key, value) -> append(fleetLog, key, value),
            NanoClock.system(),
            this::execute,
            settings.sessionTimeout());
    this.generations = generations;
    fleetLog
        .start((key, value) -> execute(() -> onRecord(key, value)))
        .whenCompleteAsync( // behind the records that were read
            (read, failure) -> {
              if (failure == null) {
                orFailStart(() -> begin(topics, generations));
              } else {
                failStart(failure);
              }
            },
            this::execute);
  }

  private void begin(Topics topics, Generations generations) {
    if (leaving) {
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
      generations.first(FIRST_GENERATION, shards);
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
    for (int number : topics.generations()) { // whose nodes all ended before they could delete it
      if (number < generations.currentGeneration() && !generations.isNamed(number)) {
        requireNonNull(retiredTopics).add(number);
      }
    }
    executor.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    joined = true;
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

  // While it runs.

  private void tick() {
    try {
      requireNonNull(generations).tick();
      requireNonNull(retiredTopics).tick();
    } catch (RuntimeException e) { // which would end the ticks
      log.error("{}: the generations of shards", settings.application(), e);
    }
  }

  private static CompletionStage<Void> append(
      FleetLog fleetLog, String key, @Nullable ObjectNode value) {
    return fleetLog
        .append(key, value)
        .whenComplete(
            (appended, failure) -> {
              if (failure != null) {
                log.warn("{} was not noted in the log of the fleet: {}", key, failure.toString());
              }
            });
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

  /** {@return completes as {@link KafkaFleet#reshard(int)} says} */
  CompletableFuture<Void> reshard(int shards) {
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
    if (leaving) { // it may come behind the end
      done.completeExceptionally(new IllegalStateException("stopped"));
    }
    return done;
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

  /** Gives up a change of the number of shards. */
  void cancelReshard() {
    execute(
        () -> {
          Generations known = generations;
          if (known != null) {
            known.cancel();
          }
        });
  }

  /** Runs generations of shards on this node; on the control thread. */
  private final class Runner implements Generations.Runner {

    private final Supplier<ShardManagerBuilder> managers;

    Runner(Supplier<ShardManagerBuilder> managers) {
      this.managers = managers;
    }

    @Override
    public Generations.@Nullable Run start(int number, int shards, boolean open) {
      Topics known = requireNonNull(topics);
      int present = requireNonNull(generations).currentGeneration();
      if (number >= present) {
        known.ensureShards(number, shards);
      } else if (known.partitions(Topics.shards(settings.application(), number)) == 0) {
        return null;
      }
      if (number != present && !settings.publishes() && settings.eventSink() == null) {
        throw new IllegalStateException(EVENTS_HERE);
      }
      requireNonNull(retiredTopics).keep(number);
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
      Generation failed = running.put(number, generation);
      if (failed != null) {
        up.remove(failed);
      }
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
      Generation generation = requireNonNull(running.get(number));
      current = generation;
      generation // which may have ended when it was not the present one yet
          .group()
          .terminated()
          .whenComplete((done, failure) -> groupEnded(generation, failure));
      completeStart();
    }

    @Override
    public void discard(int number) {
      Generation ended = running.remove(number);
      if (ended != null) {
        up.remove(ended);
      }
      requireNonNull(retiredTopics).add(number);
    }
  }

  private void generationStarted(Generation generation, @Nullable Throwable failure) {
    if (failure == null) {
      execute(
          () -> {
            up.add(generation);
            completeStart();
            applyPresence();
          });
    } else if (!started.isDone() && generation == current) {
      failStart(failure);
    } else if (leaving) {
      log.debug("generation {} was stopped while it started", generation.number(), failure);
    } else {
      log.error(
          "{}: generation {} of {} shards cannot start here; tries again",
          settings.application(),
          generation.number(),
          generation.shards(),
          failure);
      execute(
          () -> {
            if (running.get(generation.number()) == generation) {
              requireNonNull(generations).failed(generation.number());
            }
          });
    }
  }

  /** A node that comes while the number of shards changes has joined when the present ones run. */
  private void completeStart() {
    Generation present = current;
    if (present != null && up.contains(present)) {
      started.complete(null);
    }
  }

  private void groupEnded(Generation generation, @Nullable Throwable failure) {
    if (failure == null) {
      return;
    }
    if (generation == current) {
      hasToStop.accept(failure);
    } else { // the other nodes have its shards
      log.error(
          "{}: generation {} does not run here any more",
          settings.application(),
          generation.number(),
          failure);
    }
  }

  // The end.

  /**
   * Stops what runs here, and closes everything.
   *
   * @param onClose how the groups are left
   * @return completes when that is done, however
   */
  CompletionStage<Void> leave(GroupMembershipOperation onClose) {
    CompletableFuture<Void> left = new CompletableFuture<>();
    leaving = true;
    Admin starting = admin;
    if (!joined && starting != null) { // the control thread may wait for a broker
      starting.close(Duration.ZERO);
    }
    executor.execute(
        () ->
            stopAll(onClose)
                .whenComplete(
                    (done, failure) -> {
                      if (failure != null) {
                        log.warn(
                            "{}: not all was stopped in good order",
                            settings.application(),
                            failure);
                      }
                      new Thread(() -> release(left), "sluice-fleet-close").start();
                    }));
    return left;
  }

  private CompletableFuture<Void> stopAll(GroupMembershipOperation onClose) {
    try {
      if (generations != null) {
        generations.stop();
      }
      return CompletableFuture.allOf(
          running.values().stream()
              .map(
                  generation ->
                      generation
                          .stop(StopMode.RESTART, onClose, settings.handOverTimeout())
                          .toCompletableFuture())
              .toArray(CompletableFuture<?>[]::new));
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private void release(CompletableFuture<Void> left) {
    executor.shutdownNow();
    FleetLog fleetLog = this.fleetLog;
    if (fleetLog != null) {
      close("the log of the fleet", fleetLog::close);
    }
    running.values().forEach(generation -> close("a generation", generation::close));
    EventSink elsewhere = settings.eventSink();
    if (elsewhere != null) {
      close("the event sink", elsewhere::stopped);
    }
    KafkaIdentifyLimiter limiter = identifyLimiter;
    if (limiter != null) {
      close("the identify limiter", limiter::close);
    }
    Admin admin = this.admin;
    if (admin != null) {
      close("the admin client", () -> admin.close(Duration.ofSeconds(1)));
    }
    left.complete(null);
  }

  /** Closes a part; whatever comes of it, the others are closed too. */
  private void close(String what, Runnable closing) {
    try {
      closing.run();
    } catch (RuntimeException e) {
      log.warn("{}: {} was not closed in good order", settings.application(), what, e);
    }
  }
}
