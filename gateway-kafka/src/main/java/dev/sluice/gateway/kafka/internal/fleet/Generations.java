package dev.sluice.gateway.kafka.internal.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.NanoClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which generations of shards this node runs, by what the log of the fleet says. Usually that is
 * one. While the number of shards changes it is two: the next generation identifies beside the
 * present one, with its gate closed; when all of its shards are ready somewhere in the fleet the
 * gates are opened; and when all that are ready are open, the former one is retired. So every event
 * is published by one generation or by both, for as long as the two overlap.
 *
 * <p>No node leads. What is to be known is in the log, and whoever finds that a step is due writes
 * it there; that two do so at a time does no harm.
 *
 * <p>Not thread-safe; confine to one thread.
 */
public final class Generations {

  /*
   * Records:
   *   current      {generation, shards, previous?, previous_shards?}; with a previous one for as
   *                long as that is not retired, so that a node that starts runs it too
   *   next         {generation, shards}; of no shards when it was cancelled, so that its number is not
   *                given again
   *   ready/G/NODE {shards: "0-2,7"}: those of generation G that are READY on the node
   *   open/G/NODE  {shards: "0-2,7", former: "0-1"}: those of generation G that are READY on the node
   *                and whose events are published, and those of the former one that have read what
   *                the gateway sent them; said again and again while there is a former one
   *
   * A node can be behind, or have written late: whoever finds that the log says less of the present
   * generation than is known writes it again, and so does one that cannot tell whether a write
   * came through.
   *
   * A node that died leaves its last word. For the cut-over that is good enough: the former shards
   * go on. They are retired by what was said of late alone, for what a dead node had read and not
   * published has to be resumed by another one first.
   */

  public static final String CURRENT = "current";
  static final String NEXT = "next";
  public static final String GENERATION = "generation";
  public static final String SHARDS = "shards";
  static final String PREVIOUS = "previous";
  static final String PREVIOUS_SHARDS = "previous_shards";
  private static final String READY = "ready/";
  private static final String OPEN = "open/";

  /** For how long both generations publish at least: longer than one lags behind the other. */
  static final Duration OVERLAP = Duration.ofSeconds(5);

  /**
   * What a node said longer ago counts no more when the former generation is to be retired. Less
   * than the overlap: who died since had published all that came before the cut-over.
   */
  static final Duration FRESH = Duration.ofSeconds(2);

  /**
   * For how long shards of the former generation may keep it from being retired, and for as much
   * more as the group may take to notice that their node has died.
   */
  static final Duration MAX_BEHIND = Duration.ofMinutes(1);

  private static final String FORMER = "former";
  private static final long REPORT_NANOS = Duration.ofMillis(500).toNanos();
  private static final long RETRY_NANOS = Duration.ofSeconds(10).toNanos();
  private static final Logger log = LoggerFactory.getLogger(Generations.class);

  /** A generation that this node runs. */
  public interface Run {

    /** {@return its shards that are READY here now} */
    BitSet ready();

    /** Publishes its events from now on. */
    void open();

    /**
     * {@return those of its shards that have read what the gateway sent them, as far as is known}
     */
    BitSet caughtUp();

    /** {@return whether no broker answers, so that nothing that was read can be published} */
    boolean areBrokersAway();

    /**
     * Ends its sessions, and everything of it that is here.
     *
     * @return completes when that is done
     */
    CompletionStage<Void> retire();
  }

  /** Runs generations. */
  public interface Runner {

    /**
     * Starts one.
     *
     * @param generation its number
     * @param shards how many shards it has
     * @param open whether its events are published from the start
     * @return what was started; null if it is the former one, and is gone
     */
    @Nullable Run start(int generation, int shards, boolean open);

    /**
     * A generation has taken the place of the former one.
     *
     * @param generation its number
     */
    void opened(int generation);

    /**
     * A generation that was retired here is to leave nothing behind.
     *
     * @param generation its number
     */
    void discard(int generation);
  }

  /** The log of the fleet. */
  public interface Log {

    /**
     * Appends a record.
     *
     * @param key what it is about
     * @param value what is known of it from now on, null for nothing
     * @return completes when the brokers have it
     */
    CompletionStage<Void> append(String key, @Nullable ObjectNode value);
  }

  private record Plan(int generation, int shards) {

    static @Nullable Plan of(@Nullable JsonNode value, String generation, String shards) {
      if (value == null) {
        return null;
      }
      Plan plan = new Plan(value.path(generation).asInt(), value.path(shards).asInt());
      return plan.generation > 0 && plan.shards > 0 ? plan : null;
    }
  }

  /** What the log says of the present generation. */
  private record Present(Plan plan, @Nullable Plan previous) {

    static @Nullable Present of(@Nullable JsonNode value) {
      Plan plan = Plan.of(value, GENERATION, SHARDS);
      return plan == null ? null : new Present(plan, Plan.of(value, PREVIOUS, PREVIOUS_SHARDS));
    }

    ObjectNode toJson() {
      ObjectNode json = record(plan.generation, plan.shards);
      return previous == null
          ? json
          : json.put(PREVIOUS, previous.generation).put(PREVIOUS_SHARDS, previous.shards);
    }
  }

  private static final class Running {
    final Plan plan;
    final Run run;
    boolean open;
    @Nullable BitSet said; // of those that are ready, last
    boolean saidOpen;
    long saidAtNanos;
    boolean ending;
    boolean failed; // it ends because of that
    BitSet caughtUp = new BitSet(); // as of the end

    Running(Plan plan, Run run, boolean open) {
      this.plan = plan;
      this.run = run;
      this.open = open;
    }
  }

  /** What a node said of its shards, and when that was read. */
  private record Said(String shards, String former, long atNanos) {}

  /** A change of the number of shards that somebody here waits for. */
  private static final class Change {
    final int generation;
    final CompletableFuture<Void> done = new CompletableFuture<>();
    boolean seen; // in the log

    Change(int generation) {
      this.generation = generation;
    }
  }

  private final String node;
  private final Runner runner;
  private final Log fleetLog;
  private final NanoClock clock;
  private final Executor executor;
  private final long maxBehindNanos;

  private @Nullable Present logged; // the last that the log said
  private @Nullable Plan current;
  private @Nullable Plan previous;
  private @Nullable Plan next;
  private int highest; // number that the log has named
  private final Map<Integer, Map<String, Said>> ready = new HashMap<>();
  private final Map<Integer, Map<String, Said>> open = new HashMap<>();
  private final Map<Integer, Running> running = new TreeMap<>();
  private final Map<Integer, Long> failedAtNanos = new HashMap<>();
  private final Set<Integer> retired = new HashSet<>();
  private final Set<String> said = new HashSet<>(); // keys of this node that have a value
  private boolean begun;
  private boolean starting;
  private boolean stopped;
  private @Nullable Present written; // the last that this node has appended
  private long writtenAtNanos;
  private int allOpenOf;
  private long allOpenSinceNanos;
  private final List<Change> changes = new ArrayList<>();

  /**
   * Makes the generations of a node that runs none.
   *
   * @param node its name, which no other node has
   * @param runner runs them
   * @param fleetLog takes what all are to know
   * @param clock measures the overlap
   * @param executor runs tasks on the thread of this
   * @param sessionTimeout after which the group takes a node for dead
   */
  public Generations(
      String node,
      Runner runner,
      Log fleetLog,
      NanoClock clock,
      Executor executor,
      Duration sessionTimeout) {
    this.maxBehindNanos = MAX_BEHIND.plus(sessionTimeout).toNanos();
    this.node = node;
    this.runner = runner;
    this.fleetLog = fleetLog;
    this.clock = clock;
    this.executor = executor;
  }

  /** {@return the record of a generation that is the only one} */
  public static ObjectNode record(int generation, int shards) {
    return JsonNodeFactory.instance.objectNode().put(GENERATION, generation).put(SHARDS, shards);
  }

  /** {@return the record of a generation that is not to take over} */
  static ObjectNode cancelled(int generation) {
    return record(generation, 0);
  }

  /** {@return the number of the present generation, 0 when the log has none} */
  public int currentGeneration() {
    return current == null ? 0 : current.generation;
  }

  /** {@return how many shards the present generation has, 0 when the log has none} */
  public int currentShards() {
    return current == null ? 0 : current.shards;
  }

  /** {@return whether the number of shards changes} */
  public boolean isChanging() {
    return previous != null || nextPlan() != null;
  }

  /**
   * {@return whether a generation runs, or is to}
   *
   * @param generation its number
   */
  public boolean isNamed(int generation) {
    return generation == currentGeneration()
        || (previous != null && previous.generation == generation)
        || (next != null && next.generation == generation);
  }

  /** {@return the highest number of a generation that the log has named, 0 for none} */
  public int highestGeneration() {
    return highest;
  }

  /**
   * Asks the fleet for another number of shards.
   *
   * @param generation the number of the next generation, that none had before
   * @param shards how many it has
   * @return completes when the former generation is gone, here as elsewhere; exceptionally with an
   *     {@link IllegalStateException} when the change is cancelled or another one takes its place,
   *     or with what kept it from being written to the log
   */
  public CompletionStage<Void> change(int generation, int shards) {
    Change change = new Change(generation);
    changes.add(change);
    fleetLog
        .append(NEXT, record(generation, shards))
        .whenComplete(
            (appended, failure) -> {
              if (failure != null) {
                executor.execute(
                    () -> {
                      changes.remove(change);
                      change.done.completeExceptionally(failure);
                    });
              }
            });
    return change.done;
  }

  /** Gives up a change of the number of shards that has not been made the present one yet. */
  public void cancel() {
    Plan plan = nextPlan();
    if (plan != null) {
      fleetLog.append(NEXT, cancelled(plan.generation));
    }
  }

  /**
   * Sets the first generation of a fleet, of which the log says nothing yet.
   *
   * @param generation its number
   * @param shards how many shards it has
   */
  public void first(int generation, int shards) {
    current = new Plan(generation, shards);
    highest = Math.max(highest, generation);
  }

  /**
   * Runs what the log says, now that all of it was read.
   *
   * @throws RuntimeException if the present generation cannot be started here
   */
  public void begin() {
    begun = true;
    starting = true;
    for (String kind : List.of(READY, OPEN)) { // of an earlier life under the same name
      all(kind)
          .forEach(
              (generation, nodes) -> {
                if (nodes.containsKey(node)) {
                  said.add(kind + generation + '/' + node);
                }
              });
    }
    reconcile();
    starting = false;
  }

  /**
   * Says that a generation that was started here cannot run. It is ended, and started again some
   * time later if it is still to run then.
   *
   * @param generation its number
   */
  public void failed(int generation) {
    Running one = running.get(generation);
    if (one != null && !one.ending && !stopped) {
      one.failed = true;
      failedAtNanos.put(generation, clock.nanoTime());
      end(one);
    }
  }

  /** Starts, retires and writes nothing any more; what runs goes on until its owner stops it. */
  public void stop() {
    stopped = true;
    changes.forEach(
        change -> change.done.completeExceptionally(new IllegalStateException("stopped")));
    changes.clear();
  }

  /** Takes a record of the log. */
  public void onRecord(String key, @Nullable JsonNode value) {
    if (key.equals(CURRENT)) {
      logged = Present.of(value);
      if (logged != null && logged.plan.generation >= currentGeneration()) {
        current = logged.plan;
        previous = logged.previous;
        highest = Math.max(highest, current.generation);
      }
    } else if (key.equals(NEXT)) {
      onNext(Plan.of(value, GENERATION, SHARDS));
      highest = Math.max(highest, value == null ? 0 : value.path(GENERATION).asInt());
    } else if (key.startsWith(READY)) {
      told(ready, key.substring(READY.length()), value);
    } else if (key.startsWith(OPEN)) {
      told(open, key.substring(OPEN.length()), value);
    } else {
      return;
    }
    reconcile();
  }

  private void onNext(@Nullable Plan plan) {
    Plan before = next;
    next = plan;
    for (Change change : changes) {
      change.seen |= plan != null && plan.generation == change.generation;
    }
    if (before != null
        && plan != null
        && plan.generation == before.generation
        && plan.shards != before.shards) { // asked for at the same time, so they took one number
      next = null;
      if (begun && !stopped) {
        log.warn(
            "{} and {} shards were asked for at the same time: neither is made (expected: one)",
            before.shards,
            plan.shards);
        fleetLog.append(NEXT, cancelled(plan.generation));
      }
    }
  }

  private void told(Map<Integer, Map<String, Said>> all, String key, @Nullable JsonNode value) {
    int slash = key.indexOf('/');
    int generation;
    try {
      generation = Integer.parseInt(key, 0, Math.max(0, slash), 10);
    } catch (NumberFormatException e) {
      log.debug("{} is no generation and node", key, e);
      return;
    }
    String who = key.substring(slash + 1);
    if (value == null) {
      Map<String, Said> ofGeneration = all.get(generation);
      if (ofGeneration != null && ofGeneration.remove(who) != null && ofGeneration.isEmpty()) {
        all.remove(generation);
      }
    } else {
      all.computeIfAbsent(generation, number -> new HashMap<>())
          .put(
              who,
              new Said(value.path(SHARDS).asText(), value.path(FORMER).asText(), clock.nanoTime()));
    }
  }

  /** Looks at the shards that run here; to be called now and again. */
  public void tick() {
    reconcile();
    if (begun && !stopped) {
      running.values().forEach(this::report);
    }
  }

  private void reconcile() {
    Plan current = this.current;
    if (!begun || stopped || current == null) {
      return;
    }
    Plan next = nextPlan();
    if (this.previous != null) {
      run(this.previous, true);
    }
    Plan previous =
        this.previous == null || retired.contains(this.previous.generation) ? null : this.previous;
    run(current, true);
    if (next != null) {
      run(next, false);
    }
    openCurrent(current);
    for (Running one : List.copyOf(running.values())) {
      int generation = one.plan.generation;
      if (!one.ending
          && generation > current.generation
          && (next == null || generation != next.generation)) {
        log.warn("generation {} of {} shards is given up", generation, one.plan.shards);
        end(one);
      }
    }
    Present known = new Present(current, previous);
    if (!known.equals(logged)) {
      write(known);
    } else if (next != null && covers(next, saidOf(ready, next), Said::shards)) {
      if (write(new Present(next, current))) {
        log.info(
            "all {} shards of generation {} are ready: it takes the place of generation {}",
            next.shards,
            next.generation,
            current.generation);
      }
    }
    retirePrevious(current, previous);
    finish(current);
  }

  /** Says what the present generation is, unless that is on its way. {@return whether it did} */
  private boolean write(Present present) {
    long now = clock.nanoTime();
    if (present.equals(written) && now - writtenAtNanos < RETRY_NANOS) {
      return false;
    }
    written = present;
    writtenAtNanos = now;
    fleetLog.append(CURRENT, present.toJson());
    return true;
  }

  /** {@return the plan that is to take the place of the present one, or null} */
  private @Nullable Plan nextPlan() {
    return next != null && next.generation > currentGeneration() ? next : null;
  }

  private void run(Plan plan, boolean open) {
    Long failed = failedAtNanos.get(plan.generation);
    boolean isGone = plan.equals(previous) && retired.contains(plan.generation);
    if (isGone
        || running.containsKey(plan.generation)
        || (failed != null && clock.nanoTime() - failed < RETRY_NANOS)) {
      return;
    }
    try {
      Run run = runner.start(plan.generation, plan.shards, open);
      failedAtNanos.remove(plan.generation);
      if (run == null) {
        retired.add(plan.generation); // by others, who did not come to say so
      } else {
        retired.remove(plan.generation); // it was cancelled and takes over all the same
        running.put(plan.generation, new Running(plan, run, open));
      }
    } catch (RuntimeException e) {
      if (starting && plan.equals(current)) {
        throw e; // the start of the node
      }
      log.error(
          "generation {} of {} shards cannot run here: {}; tries again",
          plan.generation,
          plan.shards,
          e.toString());
      failedAtNanos.put(plan.generation, clock.nanoTime());
    }
  }

  private void openCurrent(Plan current) {
    Running one = running.get(current.generation);
    if (one != null && !one.open && !one.ending) {
      one.open = true;
      one.run.open();
      runner.opened(current.generation);
      log.info(
          "generation {} of {} shards is open: its events are published",
          current.generation,
          current.shards);
      report(one);
    }
  }

  private void report(Running one) {
    Plan previous = this.previous;
    boolean isNext = one.plan.equals(nextPlan());
    boolean follows = one.plan.equals(current) && previous != null;
    if (one.ending || (!isNext && !follows)) {
      return;
    }
    if (follows && one.run.areBrokersAway()) {
      return; // it would come when it is not true any more
    }
    BitSet now = one.run.ready();
    boolean nothingSaid = one.said == null || one.open != one.saidOpen;
    boolean nothingNew = nothingSaid ? now.isEmpty() : now.equals(one.said);
    long sinceNanos = clock.nanoTime() - one.saidAtNanos;
    boolean isDue =
        follows ? sinceNanos >= REPORT_NANOS : !nothingSaid && sinceNanos >= RETRY_NANOS;
    if (nothingNew && !isDue) {
      return;
    }
    one.said = now;
    one.saidOpen = one.open;
    one.saidAtNanos = clock.nanoTime();
    ObjectNode report = JsonNodeFactory.instance.objectNode();
    report.put(SHARDS, ShardSet.format(now));
    Running former = previous == null ? null : running.get(previous.generation);
    if (follows && former != null) {
      BitSet caughtUp = former.ending ? former.caughtUp : former.run.caughtUp();
      report.put(FORMER, ShardSet.format(caughtUp));
    }
    String key = (one.open ? OPEN : READY) + one.plan.generation + '/' + node;
    said.add(key);
    fleetLog.append(key, report);
  }

  /** {@return whether the shards that nodes named in what they said are all of a generation} */
  private static boolean covers(Plan plan, Collection<Said> said, Function<Said, String> named) {
    BitSet covered = new BitSet(plan.shards);
    said.forEach(one -> covered.or(ShardSet.parse(named.apply(one), plan.shards)));
    return covered.cardinality() == plan.shards;
  }

  private static Collection<Said> saidOf(Map<Integer, Map<String, Said>> all, Plan plan) {
    return all.getOrDefault(plan.generation, Map.of()).values();
  }

  private void retirePrevious(Plan current, @Nullable Plan previous) {
    if (previous != null
        && covers(current, saidOf(open, current), Said::shards)
        && allOpenOf != current.generation) {
      allOpenOf = current.generation;
      allOpenSinceNanos = clock.nanoTime();
    }
    for (Running one : List.copyOf(running.values())) {
      if (one.plan.generation >= current.generation || one.ending) {
        continue;
      }
      // When none is named any more another node has retired it, by the same records.
      if (previous == null || (allOpenOf == current.generation && mayRetire(one, current))) {
        log.info("generation {} of {} shards is retired", one.plan.generation, one.plan.shards);
        end(one);
      }
    }
  }

  private boolean mayRetire(Running former, Plan current) {
    long now = clock.nanoTime();
    long openNanos = now - allOpenSinceNanos;
    if (openNanos < OVERLAP.toNanos() || former.run.areBrokersAway()) {
      return false;
    }
    List<Said> fresh =
        saidOf(open, current).stream()
            .filter(said -> now - said.atNanos <= FRESH.toNanos())
            .toList();
    return openNanos >= maxBehindNanos
        || (covers(current, fresh, Said::shards) && covers(former.plan, fresh, Said::former));
  }

  private void end(Running one) {
    one.ending = true;
    one.caughtUp = one.run.caughtUp();
    one.run.retire().whenComplete((done, failure) -> executor.execute(() -> ended(one, failure)));
  }

  private void ended(Running one, @Nullable Throwable failure) {
    int generation = one.plan.generation;
    if (failure != null) {
      log.warn("generation {} did not end in good order", generation, failure);
    }
    running.remove(generation);
    Plan previous = this.previous;
    Plan next = nextPlan();
    boolean isPrevious = previous != null && previous.generation == generation;
    boolean isWanted =
        generation == currentGeneration() || (next != null && next.generation == generation);
    if (!isWanted && !(isPrevious && one.failed)) {
      retired.add(generation);
      runner.discard(generation);
      if (isPrevious && !stopped) {
        forgetTheDead(currentGeneration());
      }
    }
    reconcile();
  }

  private Map<Integer, Map<String, Said>> all(String kind) {
    return kind.equals(READY) ? ready : open;
  }

  /** Takes back what others said, up to a generation: some of them may not live any more. */
  private void forgetTheDead(int upTo) {
    for (String kind : List.of(READY, OPEN)) {
      all(kind)
          .forEach(
              (generation, nodes) -> {
                if (generation <= upTo) {
                  nodes
                      .keySet()
                      .forEach(who -> fleetLog.append(kind + generation + '/' + who, null));
                }
              });
    }
  }

  private void finish(Plan current) {
    boolean alone = previous == null && nextPlan() == null && running.size() == 1;
    if (alone && running.containsKey(current.generation)) {
      said.forEach(key -> fleetLog.append(key, null));
      said.clear();
    }
    for (Change change : List.copyOf(changes)) {
      boolean there = current.generation >= change.generation;
      boolean cancelled =
          change.seen && !there && (next == null || next.generation != change.generation);
      if (there && alone) {
        changes.remove(change);
        change.done.complete(null);
      } else if (cancelled) {
        changes.remove(change);
        change.done.completeExceptionally(
            new IllegalStateException(
                "generation " + change.generation + ": cancelled (expected: to take over)"));
      }
    }
  }

  /** {@return what runs here, by number} */
  Map<Integer, Run> running() {
    Map<Integer, Run> runs = new TreeMap<>();
    running.forEach((generation, one) -> runs.put(generation, one.run));
    return runs;
  }
}
