package dev.sluice.benchmarks.load;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * One client in a process of its own that is told on its input when to measure itself.
 *
 * <p>The token of the local gateway is among its arguments; that of a bot must not be.
 */
final class ClientProcess implements AutoCloseable {

  private static final Set<String> OPTIONS =
      Set.of(
          "client", "gateway", "api", "token", "compression", "shards", "tls", "trust", "broker");
  private static final String PEERS = "dev.sluice.benchmarks.peers.";

  /** Threads of the JVM that end take the processor time that they used with them. */
  private static final List<String> STEADY_THREADS =
      List.of("-XX:-UseDynamicNumberOfCompilerThreads", "-XX:-UseDynamicNumberOfGCThreads");

  private static final long START_SECONDS = 600;
  private static final long MEASURE_SECONDS = 600;
  private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long MAX_LATENCY_NANOS = TimeUnit.MINUTES.toNanos(10);
  private static final int SIGNIFICANT_DIGITS = 3;
  private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long SETTLED_NANOS = TimeUnit.MILLISECONDS.toNanos(60);

  /** Yes, or else it fails. */
  record Done(boolean done) {}

  /**
   * What a process holds.
   *
   * @param heapBytes the heap that is in use after collections
   * @param residentBytes its resident memory
   * @param threads its Java threads
   * @param eventLoops those of one client, 0 if it has none
   */
  record Footprint(long heapBytes, long residentBytes, int threads, int eventLoops) {}

  /**
   * What a process uses while nothing happens.
   *
   * @param percent the processor time, in percent of one core
   */
  record IdleCpu(double percent) {}

  /** How late events came, in nanoseconds: half of them within the first, and so on. */
  record Latencies(
      long events,
      long p50Nanos,
      long p90Nanos,
      long p99Nanos,
      long p999Nanos,
      long p9999Nanos,
      long maxNanos) {}

  /**
   * What a client received and used between two moments.
   *
   * @param received the events of each shard
   * @param lastSequences the newest sequence of each shard; null if the client knows none
   * @param endNanos when the last event was there, by {@link System#nanoTime}
   * @param cpuNanos processor time of the process, but for what measures it
   * @param allocatedBytes what its threads allocated
   * @param gcMillis the time that its collectors took
   * @param residentBytes its resident memory at the end
   * @param threads its Java threads at the end
   * @param reads from sockets, -1 if not known
   * @param bytesRead from sockets, -1 if not known
   */
  record Measured(
      List<Long> received,
      List<Long> lastSequences,
      long endNanos,
      long cpuNanos,
      long allocatedBytes,
      long gcMillis,
      long residentBytes,
      int threads,
      long reads,
      long bytesRead) {

    long receivedInAll() {
      return received.stream().mapToLong(Long::longValue).sum();
    }
  }

  private final Child child;

  private ClientProcess(Child child) {
    this.child = child;
  }

  /**
   * Starts one and waits until all of its shards are ready.
   *
   * @param client its name
   * @param flags of the JVM
   * @param more options as of a command line
   */
  static ClientProcess start(
      String client,
      List<String> flags,
      GatewayProcess.Address address,
      String compression,
      int shards,
      String... more)
      throws IOException, InterruptedException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--client=" + client,
                "--gateway=" + address.gateway(),
                "--api=" + address.api(),
                "--token=" + address.token(),
                "--compression=" + compression,
                "--shards=" + shards));
    arguments.addAll(List.of(more));
    List<String> allFlags = new ArrayList<>(STEADY_THREADS);
    allFlags.addAll(flags);
    Child child = Child.start(client, allFlags, ClientProcess.class, arguments);
    try {
      child.answer(Done.class, START_SECONDS);
    } catch (IOException | InterruptedException e) {
      child.kill();
      throw e;
    }
    return new ClientProcess(child);
  }

  /** Begins to measure, once nothing comes any more. */
  void begin() throws IOException, InterruptedException {
    child.ask("begin", Done.class, MEASURE_SECONDS);
  }

  /** Begins to measure, and to note when each event comes. */
  void beginWithArrivals(int eventsPerShard) throws IOException, InterruptedException {
    child.ask("begin-with-arrivals " + eventsPerShard, Done.class, MEASURE_SECONDS);
  }

  /**
   * {@return how late the events came that were noted, of a flood that was sent at a rate}
   *
   * @param startNanos when the first was due, by {@link System#nanoTime}
   * @param ratePerSecond of all shards in turn
   */
  Latencies latencies(long startNanos, long ratePerSecond, int eventsPerShard)
      throws IOException, InterruptedException {
    return child.ask(
        "latencies " + startNanos + ' ' + ratePerSecond + ' ' + eventsPerShard,
        Latencies.class,
        MEASURE_SECONDS);
  }

  /** Ends it when so many events have come; {@link #measured} tells. */
  void endAfter(long events) throws IOException {
    child.tell("end " + events);
  }

  Measured measured() throws IOException, InterruptedException {
    return child.answer(Measured.class, MEASURE_SECONDS);
  }

  /** Starts another instance of the client beside the first, and waits until it is ready. */
  void startMore(int shards) throws IOException, InterruptedException {
    child.ask("more " + shards, Done.class, START_SECONDS);
  }

  Footprint footprint() throws IOException, InterruptedException {
    return child.ask("footprint", Footprint.class, MEASURE_SECONDS);
  }

  IdleCpu idleCpu(int seconds) throws IOException, InterruptedException {
    return child.ask("idle-cpu " + seconds, IdleCpu.class, MEASURE_SECONDS);
  }

  @Override
  public void close() throws IOException {
    child.close();
  }

  void kill() {
    child.kill();
  }

  /**
   * {@return a client by its name}
   *
   * @param countsReads whether it counts its reads, for which each shard has a handler
   * @throws IllegalArgumentException if there is none
   */
  static LoadClient client(String name, boolean countsReads) {
    return switch (name) {
      case "sluice" -> new SluiceClient(countsReads);
      case "netty" -> new NettyClient(NettyClient.Decoder.NETTY, countsReads);
      case "netty-slices" -> new NettyClient(NettyClient.Decoder.SLUICE, countsReads);
      case "kafka", "kafka-exactly-once", "nats" -> new SinkClient(name);
      case "jda" -> peer("JdaClient");
      case "discord4j" -> peer("Discord4jClient");
      case "kord" -> peer("KordClient");
      default ->
          throw new IllegalArgumentException(
              "client: "
                  + name
                  + " (expected: sluice, netty, netty-slices, kafka, kafka-exactly-once, nats, jda,"
                  + " discord4j or kord)");
    };
  }

  /** By name, so that its library is loaded in its own process alone. */
  private static LoadClient peer(String name) {
    try {
      Constructor<? extends LoadClient> constructor =
          Class.forName(PEERS + name).asSubclass(LoadClient.class).getDeclaredConstructor();
      constructor.setAccessible(true);
      return constructor.newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException("client: " + name + " (expected: one that starts)", e);
    }
  }

  /**
   * Runs until the input ends.
   *
   * @param args {@code --client=}, {@code --gateway=}, {@code --api=}, {@code --token=}, {@code
   *     --compression=} (none), {@code --shards=} (1), and for TLS {@code --tls=}, {@code jdk} or
   *     {@code openssl}, and {@code --trust=}, the file of the certificate to trust, and {@code
   *     --broker=}, where events go
   * @throws IOException if the input cannot be read
   */
  public static void main(String[] args) throws IOException {
    PrintStream out = System.out;
    System.setOut(System.err);
    Options options = Options.parse(args, OPTIONS);
    LoadTarget target =
        new LoadTarget(
            URI.create(options.text("gateway", "")),
            URI.create(options.text("api", "")),
            options.text("token", ""),
            Label.compression(options.text("compression", "none")),
            options.number("shards", 1),
            sslContext(options.text("tls", "none"), options.text("trust", "")),
            options.text("broker", null));
    EventCounter counter = new EventCounter(target.shards());
    String name = options.text("client", "");
    try (LoadClient client = client(name, true)) {
      client.start(target, counter);
      Child.serve(out, new Done(true), new Commands(client, counter, target, name));
    } catch (Exception e) {
      Child.fail(out, e);
    }
    System.exit(0); // whatever threads a client leaves behind
  }

  private static SslContext sslContext(String provider, String trustFile) throws IOException {
    if (provider.equals(Label.NO_TLS)) {
      return null;
    }
    return SslContextBuilder.forClient()
        .sslProvider(Label.sslProvider(provider))
        .trustManager(new File(trustFile))
        .build();
  }

  /** Does what the input says. */
  private static final class Commands implements Child.Commands {

    private final LoadClient client;
    private final EventCounter counter;
    private final LoadTarget target;
    private final String name;
    private final int shards;
    private List<Long> receivedBefore = List.of();
    private LoadClient.Reads readsBefore;
    private ProcessUsage usage;

    Commands(LoadClient client, EventCounter counter, LoadTarget target, String name) {
      this.client = client;
      this.counter = counter;
      this.target = target;
      this.name = name;
      this.shards = target.shards();
    }

    @Override
    public Object answer(String[] words) throws Exception {
      return switch (words[0]) {
        case "begin" -> begin();
        case "begin-with-arrivals" -> beginWithArrivals(Integer.parseInt(words[1]));
        case "latencies" ->
            latencies(
                Long.parseLong(words[1]), Long.parseLong(words[2]), Integer.parseInt(words[3]));
        case "end" -> end(Long.parseLong(words[1]));
        case "more" -> startMore(Integer.parseInt(words[1]));
        case "footprint" -> footprint();
        case "idle-cpu" -> idleCpu(Integer.parseInt(words[1]));
        default -> throw new IllegalArgumentException("command: " + words[0]);
      };
    }

    private Done begin() throws InterruptedException {
      awaitSettled();
      receivedBefore = received();
      readsBefore = client.reads();
      usage = ProcessUsage.begin();
      return new Done(true);
    }

    private Done beginWithArrivals(int eventsPerShard) throws InterruptedException {
      awaitSettled();
      counter.recordArrivals(eventsPerShard);
      return begin();
    }

    private Latencies latencies(long startNanos, long ratePerSecond, int eventsPerShard) {
      Histogram histogram = new Histogram(MAX_LATENCY_NANOS, SIGNIFICANT_DIGITS);
      for (int shard = 0; shard < shards; shard++) {
        for (int event = 0; event < eventsPerShard; event++) {
          long number = (long) event * shards + shard;
          long dueNanos = startNanos + dueAfterNanos(number, ratePerSecond);
          histogram.recordValue(Math.max(0, counter.arrivalNanos(shard, event) - dueNanos));
        }
      }
      return new Latencies(
          histogram.getTotalCount(),
          histogram.getValueAtPercentile(50),
          histogram.getValueAtPercentile(90),
          histogram.getValueAtPercentile(99),
          histogram.getValueAtPercentile(99.9),
          histogram.getValueAtPercentile(99.99),
          histogram.getMaxValue());
    }

    private static long dueAfterNanos(long number, long ratePerSecond) {
      return number / ratePerSecond * NANOS_PER_SECOND
          + number % ratePerSecond * NANOS_PER_SECOND / ratePerSecond;
    }

    private Measured end(long events) throws InterruptedException {
      awaitEvents(counterBefore() + events);
      long endNanos = System.nanoTime();
      ProcessUsage.Used used = usage.used();
      awaitSettled(); // so that one too many is seen too
      List<Long> received = new ArrayList<>();
      List<Long> lastSequences = new ArrayList<>();
      for (int shard = 0; shard < shards; shard++) {
        received.add(counter.received(shard) - receivedBefore.get(shard));
        lastSequences.add(counter.lastSequence(shard));
      }
      LoadClient.Reads reads = client.reads();
      return new Measured(
          received,
          client.tellsSequences() ? lastSequences : null,
          endNanos,
          used.cpuNanos(),
          used.allocatedBytes(),
          used.gcMillis(),
          ProcessUsage.residentBytes(),
          ProcessUsage.threads(),
          reads == null ? -1 : reads.reads() - readsBefore.reads(),
          reads == null ? -1 : reads.bytes() - readsBefore.bytes());
    }

    /** They end with the process. */
    @SuppressWarnings("resource")
    private Done startMore(int moreShards) throws Exception {
      client(name, false).start(target.withShards(moreShards), EventCounter.ofNoEvents());
      return new Done(true);
    }

    /** Not at once, for guilds come after READY. */
    private Footprint footprint() throws InterruptedException {
      TimeUnit.SECONDS.sleep(1);
      return new Footprint(
          ProcessUsage.liveHeapBytes(),
          ProcessUsage.residentBytes(),
          ProcessUsage.threads(),
          client.eventLoops());
    }

    private IdleCpu idleCpu(int seconds) throws InterruptedException {
      long beginNanos = System.nanoTime();
      ProcessUsage idle = ProcessUsage.begin();
      TimeUnit.SECONDS.sleep(seconds);
      long cpuNanos = idle.used().cpuNanos();
      return new IdleCpu(100.0 * cpuNanos / (System.nanoTime() - beginNanos));
    }

    private long counterBefore() {
      return receivedBefore.stream().mapToLong(Long::longValue).sum();
    }

    private List<Long> received() {
      List<Long> received = new ArrayList<>();
      for (int shard = 0; shard < shards; shard++) {
        received.add(counter.received(shard));
      }
      return received;
    }

    private long countNow() {
      client.refresh();
      return counter.received();
    }

    private void awaitEvents(long events) throws InterruptedException {
      long newest = countNow();
      long newestNanos = System.nanoTime();
      while (newest < events) {
        TimeUnit.MICROSECONDS.sleep(500);
        long now = countNow();
        if (now != newest) {
          newest = now;
          newestNanos = System.nanoTime();
        } else if (System.nanoTime() - newestNanos > STALLED_NANOS) {
          throw new IllegalStateException(
              "events: " + newest + " in all (expected: " + events + "), and no more come");
        }
      }
    }

    private void awaitSettled() throws InterruptedException {
      long newest = countNow();
      long newestNanos = System.nanoTime();
      while (System.nanoTime() - newestNanos < SETTLED_NANOS) {
        TimeUnit.MILLISECONDS.sleep(5);
        long now = countNow();
        if (now != newest) {
          newest = now;
          newestNanos = System.nanoTime();
        }
      }
    }
  }
}
