package dev.sluice.app.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import dev.sluice.testkit.brokers.KafkaBroker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A fleet of three nodes in processes of their own, with a gateway that gives traffic to all shards
 * and a reader of the topic of events, both in this JVM. Each method is a chapter of what can
 * happen to a fleet; it checks what must hold, and yields the figures.
 */
final class Fleet implements AutoCloseable {

  /**
   * What a fleet is like.
   *
   * @param shards how many shards
   * @param maxConcurrency how many of them may identify at once
   * @param eventsPerSecond how many events all shards together get
   * @param sessionTimeout how long a node may be silent
   * @param exactlyOnce whether events are published in transactions
   * @param staticMembers whether nodes keep their names over restarts
   * @param nodeHeap the heap of a node, as in {@code -Xmx}
   */
  record Plan(
      int shards,
      int maxConcurrency,
      int eventsPerSecond,
      Duration sessionTimeout,
      boolean exactlyOnce,
      boolean staticMembers,
      String nodeHeap) {

    static Plan of(int shards, int maxConcurrency, int eventsPerSecond) {
      return new Plan(
          shards, maxConcurrency, eventsPerSecond, Duration.ofSeconds(6), false, false, "160m");
    }

    Plan inTransactions() {
      return new Plan(
          shards, maxConcurrency, eventsPerSecond, sessionTimeout, true, staticMembers, nodeHeap);
    }

    Plan withSessionTimeout(Duration sessionTimeout) {
      return new Plan(
          shards,
          maxConcurrency,
          eventsPerSecond,
          sessionTimeout,
          exactlyOnce,
          staticMembers,
          nodeHeap);
    }

    Plan withLastingNames(Duration sessionTimeout) {
      return new Plan(
          shards, maxConcurrency, eventsPerSecond, sessionTimeout, exactlyOnce, true, nodeHeap);
    }

    Plan withNodeHeap(String nodeHeap) {
      return new Plan(
          shards,
          maxConcurrency,
          eventsPerSecond,
          sessionTimeout,
          exactlyOnce,
          staticMembers,
          nodeHeap);
    }
  }

  /** How long each of some shards took to be back, in milliseconds, sorted. */
  record Moves(List<Long> millis) {

    long p50() {
      return millis.get(millis.size() / 2);
    }

    long max() {
      return millis.get(millis.size() - 1);
    }

    @Override
    public String toString() {
      return millis.size() + " shards moved, p50 " + p50() + " ms, max " + max() + " ms";
    }
  }

  private static final List<String> NAMES = List.of("node-1", "node-2", "node-3");
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Logger figures = LoggerFactory.getLogger("figures");
  private static final Duration TIMEOUT = Duration.ofSeconds(90);
  private static final long IDENTIFY_WINDOW_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** By how much the gateway, a thread of this JVM, may see an identify later than it came. */
  private static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final int REPLAY_EVENTS = 200_000;
  private static final int REPLAY_BYTES = 256 << 20;
  private static final long SEED = 71;

  private final Changes changes = new Changes();
  private final Sent sent = new Sent(changes);
  private final Plan plan;
  private final KafkaBroker broker;
  private final String application;
  private final Path directory;
  private final LocalGateway gateway;
  private final Admin admin;
  private final Map<String, Node> nodes = new TreeMap<>();
  private Received received;

  Fleet(Plan plan, KafkaBroker broker, String application, Path directory) throws IOException {
    this.plan = plan;
    this.broker = broker;
    this.application = application;
    this.directory = Files.createDirectories(directory);
    gateway =
        LocalGateway.builder()
            .listener(sent)
            .server(
                server ->
                    server
                        .shards(plan.shards())
                        .maxConcurrency(plan.maxConcurrency())
                        .identifyWindow(Duration.ofNanos(IDENTIFY_WINDOW_NANOS - LATE_NANOS))
                        .sessionStartTotal(10 * plan.shards())
                        .sessionStartRemaining(10 * plan.shards())
                        .sessionLifetime(Duration.ofMinutes(10))
                        .replayCapacity(REPLAY_EVENTS)
                        .replayMaxBytes(REPLAY_BYTES))
            .start();
    admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
  }

  private String group() {
    return application + ".shards.1";
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
  }

  Node startNode(String name) throws IOException {
    Map<String, String> environment = new HashMap<>();
    environment.put("SLUICE_TOKEN", gateway.token());
    environment.put("SLUICE_APPLICATION", application);
    environment.put("SLUICE_API_URI", gateway.apiUri().toString());
    environment.put("SLUICE_SHARDS", Integer.toString(plan.shards()));
    environment.put("SLUICE_INTENTS", "all");
    environment.put("SLUICE_CONSOLE_ENABLED", "false");
    environment.put("SLUICE_KAFKA_BOOTSTRAP_SERVERS", broker.bootstrapServers());
    environment.put("SLUICE_KAFKA_PROPERTIES_CLIENT_ID", name);
    environment.put("SLUICE_KAFKA_SESSION_TIMEOUT", plan.sessionTimeout().toSeconds() + "s");
    if (plan.exactlyOnce()) {
      environment.put("SLUICE_KAFKA_GUARANTEE", "exactly-once");
    }
    if (plan.staticMembers()) {
      environment.put("SLUICE_KAFKA_INSTANCE_ID", name);
    }
    Node node = Node.start(name, directory, plan.nodeHeap(), environment);
    nodes.put(name, node);
    return node;
  }

  Node node(String name) {
    return nodes.get(name);
  }

  /** Waits for something that the gateway or the topic shows. */
  private void await(String what, Duration timeout, BooleanSupplier condition)
      throws InterruptedException {
    if (!changes.await(condition, timeout)) {
      fail("%s was expected\n%s", what, lastWords());
    }
  }

  private String lastWords() {
    return nodes.values().stream().map(Node::lastWords).collect(Collectors.joining("\n\n"));
  }

  private void awaitAll(String when) throws InterruptedException {
    await(
        plan.shards() + " shards up " + when,
        TIMEOUT.plus(floor().multipliedBy(2)),
        () -> sent.attached() == plan.shards());
  }

  /** {@return how long all identifies take at the gateway's pace, from the first to the last} */
  Duration floor() {
    int waves = (plan.shards() + plan.maxConcurrency() - 1) / plan.maxConcurrency();
    return Duration.ofNanos((waves - 1) * IDENTIFY_WINDOW_NANOS);
  }

  /**
   * Starts three nodes at once; the shards share themselves among them.
   *
   * @return how long it took from the first identify to the last
   */
  Duration start() throws Exception {
    for (String name : NAMES) {
      startNode(name);
    }
    awaitAll("after the start");
    checkPace();
    return startUp();
  }

  private Duration startUp() {
    List<Sent.Moment> identifies = sent.identifies();
    return Duration.ofNanos(
        identifies.get(identifies.size() - 1).nanos() - identifies.get(0).nanos());
  }

  /**
   * Starts three nodes, and kills one in the midst of the identifies.
   *
   * @return how long it took from the first identify to the last
   */
  Duration startWithDeath() throws Exception {
    for (String name : NAMES) {
      startNode(name);
    }
    int half = plan.shards() / 2;
    await("half of the shards up", TIMEOUT.plus(floor()), () -> sent.identifies().size() >= half);
    String victim = busiest();
    nodes.remove(victim).kill();
    awaitAll("after a death in mid start-up");
    checkPace();
    Duration took = startUp();
    print(
        "killed %s after %d of %d identifies: all up; identifies %d, resumes %d, nearest two of a"
            + " bucket %d ms; %d ms from first to last (floor %d ms)",
        victim,
        half,
        plan.shards(),
        sent.identifies().size(),
        sent.resumesSince(sent.identifies().get(0).nanos()).size(),
        nearestIdentifiesMillis(),
        took.toMillis(),
        floor().toMillis());
    return took;
  }

  /**
   * The gateway must not have seen two identifies of a bucket within the window, but for what it
   * may be late on a machine that has much else to do.
   */
  void checkPace() {
    assertThat(sent.refusedIdentifies()).as("identifies refused\n%s", lastWords()).isZero();
    assertThat(sent.refusedResumes()).as("resumes refused\n%s", lastWords()).isZero();
    assertThat(nearestIdentifiesMillis())
        .as("between two identifies of a bucket")
        .isGreaterThanOrEqualTo(TimeUnit.NANOSECONDS.toMillis(IDENTIFY_WINDOW_NANOS - LATE_NANOS));
  }

  /** {@return the least time between two identifies of the same bucket} */
  long nearestIdentifiesMillis() {
    Map<Integer, Long> last = new HashMap<>();
    long nearest = Long.MAX_VALUE;
    for (Sent.Moment identify : sent.identifies()) {
      Long before = last.put(identify.shard().id() % plan.maxConcurrency(), identify.nanos());
      if (before != null) {
        nearest = Math.min(nearest, identify.nanos() - before);
      }
    }
    return TimeUnit.NANOSECONDS.toMillis(nearest);
  }

  /** Starts those of the three nodes that died. */
  void startMissing() throws IOException {
    for (String name : NAMES) {
      if (!nodes.containsKey(name)) {
        startNode(name);
      }
    }
  }

  /** Starts traffic and the reader of the topic, and waits until each node has its share. */
  void startTraffic() throws Exception {
    received =
        new Received(
            broker.bootstrapServers(), application + ".events", plan.exactlyOnce(), changes);
    get(gateway.startTraffic(Traffic.of(TrafficMix.ALL_INTENTS, SEED, plan.eventsPerSecond())));
    awaitEvents(Duration.ofSeconds(3));
    awaitRest();
  }

  /** Waits until as many events were sent as the traffic makes in some time. */
  void awaitEvents(Duration time) throws InterruptedException {
    long until = sent.count() + plan.eventsPerSecond() * time.toMillis() / 1000;
    await("traffic", TIMEOUT.plus(time), () -> sent.count() >= until);
  }

  /** {@return the shards that each node owns, as the group coordinator has it} */
  Map<String, Set<Integer>> owned() throws Exception {
    ConsumerGroupDescription description =
        admin
            .describeConsumerGroups(List.of(group()))
            .all()
            .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS)
            .get(group());
    Map<String, Set<Integer>> owned = new TreeMap<>();
    for (MemberDescription member : description.members()) {
      Set<Integer> shards = new TreeSet<>();
      for (TopicPartition partition : member.assignment().topicPartitions()) {
        shards.add(partition.partition());
      }
      nodes.keySet().stream()
          .filter(
              name ->
                  member.groupInstanceId().map(name::equals).orElse(false)
                      || member.clientId().startsWith(name))
          .forEach(name -> owned.merge(name, shards, Fleet::union));
    }
    return owned;
  }

  private static Set<Integer> union(Set<Integer> one, Set<Integer> other) {
    Set<Integer> both = new TreeSet<>(one);
    both.addAll(other);
    return both;
  }

  private String busiest() throws Exception {
    return owned().entrySet().stream()
        .max((a, b) -> Integer.compare(a.getValue().size(), b.getValue().size()))
        .orElseThrow()
        .getKey();
  }

  private Set<Integer> ownedBy(String name) throws Exception {
    Set<Integer> shards = owned().getOrDefault(name, Set.of());
    assertThat(shards).as("owned by %s\n%s", name, lastWords()).isNotEmpty();
    return shards;
  }

  private Moves moves(Collection<Sent.Moment> resumes, long fromNanos) {
    Map<Integer, Long> first = new TreeMap<>();
    resumes.forEach(
        resume ->
            first.putIfAbsent(
                resume.shard().id(), TimeUnit.NANOSECONDS.toMillis(resume.nanos() - fromNanos)));
    List<Long> millis = new ArrayList<>(first.values());
    millis.sort(null);
    return new Moves(millis);
  }

  private void awaitResumes(String when, Set<Integer> shards, long since)
      throws InterruptedException {
    await(
        "RESUME of shards " + shards + ' ' + when,
        TIMEOUT,
        () ->
            Sent.shards(sent.resumesSince(since)).containsAll(shards)
                && sent.attached() == plan.shards());
  }

  /** Kills a node: each of its shards must RESUME on another, and no other shard be touched. */
  Moves kill(String name) throws Exception {
    Set<Integer> shards = ownedBy(name);
    long since = System.nanoTime();
    nodes.remove(name).kill();
    awaitResumes("after the death of " + name, shards, since);
    assertThat(Sent.shards(sent.resumesSince(since))).as("moved").isEqualTo(shards);
    assertThat(Sent.shards(sent.cutsSince(since))).as("cut off").isEqualTo(shards);
    assertThat(sent.identifiesSince(since)).as("identifies\n%s", lastWords()).isEmpty();
    Moves moves = moves(sent.resumesSince(since), since);
    Moves heard = awaitEventsOf(shards, since);
    print(
        "killed %s: %s until RESUMED; until a worker has the first event p50 %d ms, max %d ms",
        name, moves, heard.p50(), heard.max());
    return moves;
  }

  /** Waits until the topic has events of the new owners of shards. */
  private Moves awaitEventsOf(Set<Integer> shards, long since) throws InterruptedException {
    Map<Integer, Long> firsts = new HashMap<>();
    await(
        "events of the new owners of " + shards,
        TIMEOUT,
        () -> {
          for (int shard : shards) {
            Long first = received.firstOfNewestOwner(shard);
            if (first != null && first - since > 0) {
              firsts.putIfAbsent(shard, TimeUnit.NANOSECONDS.toMillis(first - since));
            }
          }
          return firsts.size() == shards.size();
        });
    List<Long> millis = new ArrayList<>(firsts.values());
    millis.sort(null);
    return new Moves(millis);
  }

  /**
   * Freezes a node until its shards run elsewhere, and thaws it: it must give them up by itself.
   */
  Moves freeze(String name) throws Exception {
    Set<Integer> shards = ownedBy(name);
    Map<Integer, Long> before = committedEpochs(shards);
    long since = System.nanoTime();
    node(name).freeze();
    awaitResumes("while " + name + " was frozen", shards, since);
    Moves moves = moves(sent.resumesSince(since), since);
    Map<Integer, Long> epochs = awaitLaterEpochs(shards, before);
    Instant thawed = Instant.now();
    long thawedNanos = System.nanoTime();
    node(name).thaw();
    await(
        name + " gives up its shards",
        TIMEOUT,
        () -> !node(name).isAlive() || node(name).firstLogged("lost ").isPresent());
    assertThat(node(name).isAlive()).as("alive\n%s", lastWords()).isTrue();
    assertThat(committedEpochs(shards))
        .as("epochs of the sessions that are committed: none of the frozen node's\n%s", lastWords())
        .allSatisfy((shard, epoch) -> assertThat(epoch).isGreaterThanOrEqualTo(epochs.get(shard)));
    Duration noticed = Duration.between(thawed, node(name).firstLogged("lost ").orElseThrow());
    awaitRest();
    Set<Integer> again = ownedBy(name);
    // Until it hears from the group it may resume what it ran: the new owner then resumes in turn.
    Set<Integer> resumed = Sent.shards(sent.resumesSince(thawedNanos));
    assertThat(union(shards, again))
        .as("of those that moved\n%s", lastWords())
        .containsAll(resumed);
    assertThat(resumed).as("that moved back\n%s", lastWords()).containsAll(again);
    assertThat(sent.identifiesSince(since)).as("identifies\n%s", lastWords()).isEmpty();
    resumed.removeAll(again);
    print(
        "froze %s: %s; thawed, it gave up its shards within %d ms; %d were resumed by both"
            + " meanwhile, and %d given to it anew",
        name, moves, noticed.toMillis(), resumed.size(), again.size());
    return moves;
  }

  /** {@return the assignments that the committed sessions of some shards were written under} */
  private Map<Integer, Long> committedEpochs(Set<Integer> shards) throws Exception {
    List<TopicPartition> partitions =
        shards.stream().map(shard -> new TopicPartition(group(), shard)).toList();
    Map<TopicPartition, OffsetAndMetadata> offsets =
        admin
            .listConsumerGroupOffsets(
                Map.of(group(), new ListConsumerGroupOffsetsSpec().topicPartitions(partitions)))
            .partitionsToOffsetAndMetadata(group())
            .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    Map<Integer, Long> epochs = new TreeMap<>();
    for (Map.Entry<TopicPartition, OffsetAndMetadata> offset : offsets.entrySet()) {
      epochs.put(
          offset.getKey().partition(),
          MAPPER.readTree(offset.getValue().metadata()).path("epoch").longValue());
    }
    return epochs;
  }

  /** Waits until the new owners of shards have committed sessions. */
  private Map<Integer, Long> awaitLaterEpochs(Set<Integer> shards, Map<Integer, Long> before)
      throws Exception {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (true) {
      Map<Integer, Long> epochs = committedEpochs(shards);
      if (epochs.entrySet().stream().allMatch(e -> e.getValue() > before.get(e.getKey()))) {
        return epochs;
      }
      if (System.nanoTime() - deadline > 0) {
        fail("later epochs than %s were expected: %s\n%s", before, epochs, lastWords());
      }
      awaitEvents(Duration.ofMillis(200));
    }
  }

  /** Waits until each node has its share, all shards are up, and none moves for a second. */
  private void awaitRest() throws Exception {
    int share = plan.shards() / nodes.size();
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    int before = -1;
    while (before != sent.moments() || sent.attached() < plan.shards() || !isBalanced(share)) {
      if (System.nanoTime() - deadline > 0) {
        fail("each node was expected to get its share: %s\n%s", owned(), lastWords());
      }
      before = sent.moments();
      awaitEvents(Duration.ofSeconds(1));
    }
  }

  private boolean isBalanced(int share) throws Exception {
    Map<String, Set<Integer>> owned = owned();
    return nodes.keySet().stream()
        .allMatch(name -> owned.getOrDefault(name, Set.of()).size() >= share);
  }

  /** Stops each node in turn and starts it again under its name: only its own shards may move. */
  Moves rollingRestart() throws Exception {
    long start = System.nanoTime();
    List<Long> all = new ArrayList<>();
    for (String name : List.copyOf(nodes.keySet())) {
      Set<Integer> shards = ownedBy(name);
      long since = System.nanoTime();
      assertThat(node(name).stop()).as("exit code\n%s", lastWords()).isZero();
      startNode(name);
      awaitResumes("after the restart of " + name, shards, since);
      assertThat(Sent.shards(sent.resumesSince(since))).as("resumed").isEqualTo(shards);
      assertThat(Sent.shards(sent.cutsSince(since))).as("cut off").isEqualTo(shards);
      assertThat(sent.cutsSince(since)).as("cuts").hasSameSizeAs(shards);
      all.addAll(moves(sent.resumesSince(since), since).millis());
    }
    assertThat(sent.identifiesSince(start)).as("identifies\n%s", lastWords()).isEmpty();
    all.sort(null);
    Moves moves = new Moves(all);
    print(
        "restarted %d nodes in turn: %s; no other shard was touched, identifies 0",
        nodes.size(), moves);
    return moves;
  }

  /** Kills the broker, and brings it back: shards must stay up meanwhile. */
  void breakBroker(Duration outage) throws Exception {
    long since = System.nanoTime();
    broker.kill();
    awaitEvents(outage);
    assertThat(sent.cutsSince(since)).as("cut off meanwhile\n%s", lastWords()).isEmpty();
    assertThat(sent.attached()).as("up meanwhile\n%s", lastWords()).isEqualTo(plan.shards());
    long back = System.nanoTime();
    broker.restart();
    long up = System.nanoTime();
    awaitCaughtUp();
    print(
        "broker away for %d ms: %d shards stayed up; all events there %d ms after its return;"
            + " %d shards resumed since, identifies %d",
        TimeUnit.NANOSECONDS.toMillis(back - since),
        plan.shards(),
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - up),
        Sent.shards(sent.resumesSince(since)).size(),
        sent.identifiesSince(since).size());
    assertThat(sent.identifiesSince(since)).as("identifies\n%s", lastWords()).isEmpty();
  }

  /** Waits until the topic has what was sent up to now. */
  private void awaitCaughtUp() throws InterruptedException {
    Map<String, Integer> all = sent.sizes();
    await("the events sent so far", TIMEOUT, () -> received.has(all));
  }

  /** Ends the traffic and compares: nothing may be lost, and doubled only at least once. */
  Verdict finish() throws Exception {
    awaitEvents(Duration.ofSeconds(1));
    get(gateway.stopTraffic());
    get(gateway.whenSent());
    Map<String, Integer> all = sent.sizes();
    boolean whole = changes.await(() -> received.has(all), TIMEOUT);
    Verdict verdict = received.compareWith(sent);
    print(
        "%s: sent %d, lost %d, doubled %d, identifies %d, resumes %d; records of a former owner"
            + " after a later one's %d",
        plan.exactlyOnce() ? "exactly once" : "at least once",
        verdict.sent(),
        verdict.lost(),
        verdict.doubled(),
        sent.identifies().size(),
        sent.resumesSince(sent.identifies().get(0).nanos()).size(),
        received.stale());
    assertThat(whole && verdict.lost() == 0)
        .as("nothing lost: %s\n%s", verdict, lastWords())
        .isTrue();
    assertThat(verdict.corrupted()).as("corrupted: %s", verdict).isZero();
    assertThat(verdict.unexpected()).as("unexpected: %s", verdict).isZero();
    assertThat(received.outOfOrder()).as("out of order").isZero();
    if (plan.exactlyOnce()) {
      assertThat(verdict.doubled()).as("doubled: %s", verdict).isZero();
    }
    checkPace();
    return verdict;
  }

  void print(String format, Object... values) {
    figures.info("{}: {}", application, String.format(Locale.ROOT, format, values));
  }

  @Override
  public void close() {
    for (Node node : nodes.values()) {
      node.close();
    }
    if (received != null) {
      received.close();
    }
    admin.close();
    gateway.close();
  }
}
