package dev.sluice.examples.fleet;

import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import dev.sluice.testkit.brokers.KafkaBroker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Shows a fleet at work: {@code mvn -q -Pdemo-fleet}. Starts an Apache Kafka broker, a Discord
 * gateway and three nodes on this machine, kills one of them under traffic, starts it again, and
 * compares what the gateway sent with what is in the topic.
 *
 * <p>Options: {@code -Dargs="--shards=12 --rate=1000 --seconds=8 --exactly-once"}.
 */
public final class FleetDemo {

  private static final String APPLICATION = "demo";
  private static final String EVENTS = APPLICATION + ".events";
  private static final String GROUP = APPLICATION + ".shards.1";
  private static final int NODES = 3;
  private static final int VICTIM = 1;
  private static final int REPLAY_BYTES = 64 << 20;
  private static final Duration START_LIMIT = Duration.ofSeconds(90);
  private static final Duration MOVE_LIMIT = Duration.ofSeconds(60);
  private static final Duration DRAIN_LIMIT = Duration.ofSeconds(30);
  private static final long TICK_MILLIS = 200;
  private static final long SILENCE_MILLIS = 1_500;

  private final Options options;
  private final Screen screen;
  private final Path directory;
  private final Ledger ledger = new Ledger();
  private final DemoNode[] nodes = new DemoNode[NODES];

  private long rateAtNanos = System.nanoTime();
  private long rateCount;
  private long rate;

  private FleetDemo(Options options, Screen screen, Path directory) {
    this.options = options;
    this.screen = screen;
    this.directory = directory;
  }

  /**
   * Runs the demo. Exits with 0 if all went well, 1 if not, 2 if the command line is wrong.
   *
   * @param args the options
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    System.exit(run(args));
  }

  static int run(String... args) throws IOException, InterruptedException {
    Options options;
    try {
      options = Options.parse(args);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      return 2;
    }
    boolean colours = System.console() != null && System.getenv("NO_COLOR") == null;
    Screen screen = new Screen(System.out, colours, options.shards());
    Path directory = Files.createTempDirectory("sluice-fleet-demo");
    int status = new FleetDemo(options, screen, directory).play();
    deleteData(directory.resolve("kafka"));
    return status;
  }

  /** Deletes what the broker leaves, which is large; the logs stay, to be read. */
  private static void deleteData(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private int play() throws IOException, InterruptedException {
    screen.print(
        "Sluice fleet demo: " + options.shards() + " shards on three nodes of sluice-node,",
        "an Apache Kafka broker and a Discord gateway, all on this machine.",
        "");
    try (LocalGateway gateway = gateway();
        KafkaBroker broker = KafkaBroker.start(Files.createDirectory(directory.resolve("kafka")));
        Owners owners = new Owners(broker.bootstrapServers(), GROUP, options.shards())) {
      screen.print(
          "  gateway   " + gateway.apiUri(),
          "  broker    " + broker.bootstrapServers() + ", events in the topic " + EVENTS,
          "  nodes     their logs are in " + directory,
          "",
          "A digit is a shard, and which node runs it. A dot is a shard of which no event comes.",
          "");
      screen.heading();
      Map<String, String> settings = settings(gateway, broker);
      try {
        for (int node = 1; node <= NODES; node++) {
          start(node, settings, gateway);
        }
        return act(gateway, broker, owners, settings);
      } finally {
        for (DemoNode node : nodes) {
          if (node != null) {
            node.close();
          }
        }
      }
    }
  }

  private int act(
      LocalGateway gateway, KafkaBroker broker, Owners owners, Map<String, String> settings)
      throws IOException, InterruptedException {
    screen.event(".".repeat(options.shards()), 0, "three nodes start");
    if (!await(START_LIMIT, () -> {}, () -> hasTopic(owners))) {
      return failed(
          "no node made the topic " + EVENTS + " within " + START_LIMIT.toSeconds() + " s");
    }
    gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 1, options.rate())).join();
    try (Topic topic = new Topic(EVENTS, broker.bootstrapServers(), options.shards(), ledger)) {
      Runnable show = () -> screen.show(map(owners, topic), rate());
      if (!await(START_LIMIT, show, () -> runOn(owners, topic, NODES))) {
        return failed("not all shards published within " + START_LIMIT.toSeconds() + " s");
      }
      screen.event(map(owners, topic), rate(), "all shards publish, on three nodes");
      watch(show);

      Moves moves = new Moves(owners.read(), topic);
      nodes[VICTIM - 1].kill();
      moves.begin();
      screen.event(map(owners, topic), rate(), "node " + VICTIM + " is killed (kill -9)");
      if (!await(MOVE_LIMIT, show, moves::areOver)) {
        return failed("not all shards moved within " + MOVE_LIMIT.toSeconds() + " s");
      }
      moves.end();
      screen.event(
          map(owners, topic),
          rate(),
          "all shards publish again, the last after " + seconds(moves.maxMillis()));
      watch(show);

      start(VICTIM, settings, gateway);
      screen.event(map(owners, topic), rate(), "node " + VICTIM + " starts again");
      if (!await(START_LIMIT, show, () -> runOn(owners, topic, NODES))) {
        return failed("node " + VICTIM + " got no shards back");
      }
      screen.event(map(owners, topic), rate(), "it has its part of the shards again");
      watch(show);

      gateway.stopTraffic().join();
      await(DRAIN_LIMIT, () -> {}, () -> ledger.balance().missing() == 0);
      return verdict(gateway.stats().join(), moves);
    }
  }

  private LocalGateway gateway() {
    return LocalGateway.builder()
        .listener(ledger)
        .server(
            server ->
                server
                    .shards(options.shards())
                    .maxConcurrency(options.shards())
                    .sessionStartTotal(10 * options.shards())
                    .replayCapacity(1 << 20)
                    .replayMaxBytes(REPLAY_BYTES))
        .start();
  }

  /** What an operator would write into the file of settings. */
  private Map<String, String> settings(LocalGateway gateway, KafkaBroker broker) {
    Map<String, String> settings = new TreeMap<>();
    settings.put("application", APPLICATION);
    settings.put("shards", String.valueOf(options.shards()));
    settings.put("intents", "all");
    settings.put("api-uri", gateway.apiUri().toString());
    settings.put("event-loops", "1");
    settings.put("console.port", "0");
    settings.put("kafka.bootstrap-servers", broker.bootstrapServers());
    settings.put("kafka.replication-factor", "1");
    settings.put("kafka.session-timeout", DemoNode.SESSION_TIMEOUT_SECONDS + "s");
    settings.put("kafka.guarantee", options.exactlyOnce() ? "exactly-once" : "at-least-once");
    return settings;
  }

  private void start(int number, Map<String, String> settings, LocalGateway gateway)
      throws IOException {
    nodes[number - 1] = DemoNode.start(number, settings, gateway.token(), directory);
  }

  private void watch(Runnable show) throws InterruptedException {
    await(Duration.ofSeconds(options.seconds()), show, () -> false);
  }

  /** Shows until something is so; {@return whether it came to be so in time} */
  private static boolean await(Duration limit, Runnable show, BooleanSupplier until)
      throws InterruptedException {
    long endNanos = System.nanoTime() + limit.toNanos();
    while (!until.getAsBoolean()) {
      if (System.nanoTime() - endNanos >= 0) {
        return false;
      }
      show.run();
      TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
    }
    return true;
  }

  private static boolean hasTopic(Owners owners) {
    try {
      return owners.hasTopic(EVENTS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** {@return whether every shard publishes, and so many nodes have some} */
  private boolean runOn(Owners owners, Topic topic, int count) {
    String map = map(owners, topic);
    return map.indexOf('.') < 0 && map.chars().distinct().count() == count;
  }

  /** {@return a character a shard} */
  private String map(Owners owners, Topic topic) {
    int[] byShard;
    try {
      byShard = owners.read();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ".".repeat(options.shards());
    }
    long nowMillis = System.currentTimeMillis();
    StringBuilder map = new StringBuilder();
    for (int shard = 0; shard < byShard.length; shard++) {
      int node = byShard[shard];
      boolean isUp =
          node > 0
              && nodes[node - 1].isAlive()
              && nowMillis - topic.lastMillis(shard) < SILENCE_MILLIS;
      map.append(isUp ? (char) ('0' + node) : '.');
    }
    return map.toString();
  }

  /** {@return how many events came into the topic in a second, of late} */
  private long rate() {
    long nowNanos = System.nanoTime();
    long nanos = nowNanos - rateAtNanos;
    if (nanos >= 900_000_000) {
      long count = ledger.balance().published();
      rate = Math.round((count - rateCount) * 1e9 / nanos);
      rateCount = count;
      rateAtNanos = nowNanos;
    }
    return rate;
  }

  private int failed(String why) {
    screen.verdict(false, "FAILED: " + why + ". The logs of the nodes are in " + directory + '.');
    return 1;
  }

  private int verdict(LocalGatewayStats stats, Moves moves) {
    Ledger.Balance balance = ledger.balance();
    screen.print("");
    screen.figure("events sent by the gateway", count(balance.sent()), "");
    screen.figure("of them in the topic", count(balance.published()), "");
    screen.figure("missing", count(balance.missing()), "");
    screen.figure(
        "there twice",
        count(balance.doubled()),
        options.exactlyOnce() ? "" : "at least once: a worker drops them, by session and sequence");
    screen.figure("sessions started", count(stats.identifies()), "one a shard");
    screen.figure("sessions resumed", count(stats.resumes()), "each move is one");
    screen.figure("shards of the killed node", count(moves.size()), "");
    screen.figure("time to move, p50", seconds(moves.medianMillis()), "from the kill to an event");
    screen.figure(
        "time to move, max",
        seconds(moves.maxMillis()),
        "Kafka waits " + DemoNode.SESSION_TIMEOUT_SECONDS + " s for a silent node");
    boolean good =
        balance.missing() == 0
            && (!options.exactlyOnce() || balance.doubled() == 0)
            && stats.identifies() == options.shards();
    screen.verdict(
        good,
        good
            ? "PASSED: a node was killed, its shards went on elsewhere within "
                + seconds(moves.maxMillis())
                + ", and no event was lost."
            : "FAILED: missing "
                + balance.missing()
                + ", there twice "
                + balance.doubled()
                + ", sessions started "
                + stats.identifies()
                + ". The logs of the nodes are in "
                + directory
                + '.');
    return good ? 0 : 1;
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static String seconds(long millis) {
    return String.format(Locale.ROOT, "%.1f s", millis / 1e3);
  }

  /** The moves of the shards of the node that is killed. */
  private static final class Moves {

    private final List<Integer> shards = new ArrayList<>();
    private final List<Long> epochs = new ArrayList<>();
    private final Topic topic;
    private long killedMillis;
    private List<Long> times = List.of();

    Moves(int[] owners, Topic topic) {
      this.topic = topic;
      for (int shard = 0; shard < owners.length; shard++) {
        if (owners[shard] == VICTIM) {
          shards.add(shard);
          epochs.add(topic.epoch(shard));
        }
      }
    }

    void begin() {
      killedMillis = System.currentTimeMillis();
    }

    int size() {
      return shards.size();
    }

    /** {@return whether each has published under a later assignment} */
    boolean areOver() {
      for (int i = 0; i < shards.size(); i++) {
        if (topic.epoch(shards.get(i)) <= epochs.get(i)) {
          return false;
        }
      }
      return true;
    }

    /** Keeps how long each took: later moves are others. */
    void end() {
      times =
          shards.stream().map(shard -> topic.firstMillis(shard) - killedMillis).sorted().toList();
    }

    long medianMillis() {
      return times.get(times.size() / 2);
    }

    long maxMillis() {
      return times.get(times.size() - 1);
    }
  }
}
