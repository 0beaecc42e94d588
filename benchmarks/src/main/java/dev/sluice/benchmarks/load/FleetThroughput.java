package dev.sluice.benchmarks.load;

import dev.sluice.benchmarks.results.FloodResult;
import dev.sluice.testkit.brokers.KafkaBroker;
import dev.sluice.testkit.brokers.NatsServer;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * What does an event cost, from the socket until a broker has acknowledged it? A gateway floods one
 * client after another, each in a JVM of its own, with a broker that is new each time. Beside them
 * run the clients of the brokers alone, with the same events from memory, and Sluice with a handler
 * that only counts.
 *
 * <pre>{@code
 * java -cp benchmarks/target/benchmarks.jar dev.sluice.benchmarks.load.FleetThroughput \
 *     --rounds=5 --out=results.jsonl
 * }</pre>
 *
 * <p>Options: {@code --clients=} ({@code sluice}, {@code kafka}, {@code kafka-exactly-once}, {@code
 * nats}, {@code bare-kafka}, {@code bare-nats}; all, those of NATS if it is installed), {@code
 * --shards=} (4), {@code --rounds=} (5), {@code --events=} of all shards a flood (100000), {@code
 * --warm-up-events=} (300000), {@code --floods=} that count (5), {@code --heap=} the flags of the
 * clients (-Xmx1g -XX:+UseG1GC) and {@code --out=} the file to append to (none).
 *
 * <p>An event counts when it is acknowledged, in transactions when its transaction is committed.
 * All processes share the machine, the broker too: its share is not in the processor time.
 */
public final class FleetThroughput {

  static final String TOPIC = "load.events";
  static final int PARTITIONS = 16;

  private static final Set<String> OPTIONS =
      Rounds.options("clients", "shards", "events", "warm-up-events", "floods");
  private static final String BARE = "bare-";
  private static final String NATS = "nats";
  private static final long SEED = 1_000;
  private static final long ADMIN_SECONDS = 60;

  /** One client. */
  record Cell(String client) {

    @Override
    public String toString() {
      return client;
    }
  }

  private final Options options;
  private final Rounds rounds;
  private final int shards;
  private final int events;
  private final int warmUpEvents;
  private final int floods;

  private FleetThroughput(String... args) {
    options = Options.parse(args, OPTIONS);
    rounds = new Rounds(options, 5, "FleetThroughput", args);
    shards = options.number("shards", 4);
    events = options.number("events", 100_000);
    warmUpEvents = options.number("warm-up-events", 300_000);
    floods = options.number("floods", 5);
  }

  /**
   * Measures, prints and appends to the file.
   *
   * @param args the options
   * @throws Exception if the gateway or a broker does not start, or the file cannot be written
   */
  public static void main(String[] args) throws Exception {
    int failures = run(args);
    System.exit(failures == 0 ? 0 : 1);
  }

  /** {@return how many measurements failed} */
  static int run(String... args) throws Exception {
    return new FleetThroughput(args).runAll();
  }

  /** {@return how every producer here publishes: as the sink does by default} */
  static Map<String, Object> producerProperties(String broker) {
    return Map.of("bootstrap.servers", broker, "compression.type", "zstd");
  }

  private int runAll() throws Exception {
    boolean natsIsInstalled = NatsServer.find().isPresent();
    if (!natsIsInstalled) {
      System.out.println("nats-server is not installed: its clients are left out");
    }
    List<Cell> cells =
        options
            .list("clients", "sluice,kafka,kafka-exactly-once,nats,bare-kafka,bare-nats")
            .stream()
            .filter(client -> natsIsInstalled || !client.endsWith(NATS))
            .map(Cell::new)
            .toList();
    try (GatewayProcess gateway = GatewayProcess.start("-Xmx2g", List.of("--shards=" + shards))) {
      return rounds.run(cells, (cell, round) -> List.of(measure(gateway, cell.client(), round)));
    }
  }

  private FloodResult measure(GatewayProcess gateway, String client, int round)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("fleet-throughput");
    try {
      FloodResult result;
      if (client.endsWith(NATS)) {
        try (NatsServer server = NatsServer.start(directory)) {
          result = measure(gateway, client, server.url(), round);
        }
      } else if (client.contains("kafka")) {
        try (KafkaBroker broker = KafkaBroker.start(directory)) {
          createTopic(broker);
          result = measure(gateway, client, broker.bootstrapServers(), round);
        }
      } else {
        result = measure(gateway, client, "none", round);
      }
      System.out.printf(
          Locale.ROOT,
          "%2d %-20s %,9.0f events/s %,8.0f ns %,8.1f B an event, gc %d ms, %d MB, %d threads%n",
          round,
          client,
          result.eventsPerSecond(),
          result.cpuNanosPerEvent(),
          result.allocatedBytesPerEvent(),
          result.gcMillis(),
          result.residentBytes() >> 20,
          result.threads());
      return result;
    } finally {
      try (Stream<Path> files = Files.walk(directory)) {
        files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
      }
    }
  }

  private static void createTopic(KafkaBroker broker) throws IOException, InterruptedException {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
      admin
          .createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1)))
          .all()
          .get(ADMIN_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(TOPIC + ": not created", e);
    }
  }

  private FloodResult measure(GatewayProcess gateway, String client, String broker, int round)
      throws IOException, InterruptedException {
    return client.startsWith(BARE)
        ? publish(client, broker, round)
        : flood(gateway, client, broker, round);
  }

  private FloodResult publish(String client, String broker, int round)
      throws IOException, InterruptedException {
    try (BareProducer producer =
        BareProducer.start(client.substring(BARE.length()), rounds.heapFlags(), broker, TOPIC)) {
      producer.publish(warmUpEvents);
      Sum sum = new Sum();
      for (int i = 0; i < floods; i++) {
        BareProducer.Published published = producer.publish(events);
        sum.events += published.events();
        sum.nanos += published.nanos();
        sum.cpuNanos += published.cpuNanos();
        sum.allocatedBytes += published.allocatedBytes();
        sum.gcMillis += published.gcMillis();
        sum.residentBytes = published.residentBytes();
        sum.threads = published.threads();
      }
      return sum.result(client, round, 1);
    }
  }

  private FloodResult flood(GatewayProcess gateway, String client, String broker, int round)
      throws IOException, InterruptedException {
    ClientProcess process =
        ClientProcess.start(
            client, rounds.heapFlags(), gateway.address(), "none", shards, "--broker=" + broker);
    try {
      FloodRun flood = new FloodRun(gateway, process, shards);
      for (int sent = 0; sent < warmUpEvents; sent += events) {
        flood.send(events, 0, sent);
      }
      Sum sum = new Sum();
      for (int i = 0; i < floods; i++) {
        FloodRun.Outcome outcome = flood.send(events, 0, SEED + i);
        ClientProcess.Measured measured = outcome.measured();
        sum.events += outcome.events();
        sum.nanos += outcome.nanos();
        sum.cpuNanos += measured.cpuNanos();
        sum.allocatedBytes += measured.allocatedBytes();
        sum.gcMillis += measured.gcMillis();
        sum.residentBytes = measured.residentBytes();
        sum.threads = measured.threads();
      }
      return sum.result(client, round, shards);
    } finally {
      process.kill();
    }
  }

  /** What several floods came to. */
  private static final class Sum {

    long events;
    long nanos;
    long cpuNanos;
    long allocatedBytes;
    long gcMillis;
    long residentBytes;
    int threads;

    FloodResult result(String client, int round, int shards) {
      return new FloodResult(
          round,
          client,
          "none",
          shards,
          Label.BATCHES,
          0,
          events,
          events,
          nanos / 1e9,
          (double) cpuNanos / events,
          (double) allocatedBytes / events,
          gcMillis,
          residentBytes,
          threads,
          null);
    }
  }
}
