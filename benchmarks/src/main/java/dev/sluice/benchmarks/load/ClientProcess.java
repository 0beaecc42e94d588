package dev.sluice.benchmarks.load;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * One client in a process of its own that is told on its input when to measure itself.
 *
 * <p>The token of the local gateway is among its arguments; that of a bot must not be.
 */
final class ClientProcess implements AutoCloseable {

  private static final Set<String> OPTIONS =
      Set.of("client", "gateway", "api", "token", "compression", "shards");
  private static final String LOAD = "dev.sluice.benchmarks.load.";
  private static final String PEERS = "dev.sluice.benchmarks.peers.";

  private static final long START_SECONDS = 600;
  private static final long MEASURE_SECONDS = 600;
  private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long SETTLED_NANOS = TimeUnit.MILLISECONDS.toNanos(150);

  /** Yes, or else it fails. */
  record Done(boolean done) {}

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
   */
  static ClientProcess start(
      String client,
      List<String> flags,
      GatewayProcess.Address address,
      String compression,
      int shards)
      throws IOException, InterruptedException {
    Child child =
        Child.start(
            client,
            flags,
            ClientProcess.class,
            List.of(
                "--client=" + client,
                "--gateway=" + address.gateway(),
                "--api=" + address.api(),
                "--token=" + address.token(),
                "--compression=" + compression,
                "--shards=" + shards));
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

  /** Ends it when so many events have come; {@link #measured} tells. */
  void endAfter(long events) throws IOException {
    child.tell("end " + events);
  }

  Measured measured() throws IOException, InterruptedException {
    return child.answer(Measured.class, MEASURE_SECONDS);
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
   * @throws IllegalArgumentException if there is none
   */
  static LoadClient client(String name) {
    String className =
        switch (name) {
          case "sluice" -> LOAD + "SluiceClient";
          case "netty" -> LOAD + "NettyClient";
          case "jda" -> PEERS + "JdaClient";
          case "discord4j" -> PEERS + "Discord4jClient";
          case "kord" -> PEERS + "KordClient";
          default ->
              throw new IllegalArgumentException(
                  "client: " + name + " (expected: sluice, netty, jda, discord4j or kord)");
        };
    try {
      Constructor<? extends LoadClient> constructor =
          Class.forName(className).asSubclass(LoadClient.class).getDeclaredConstructor();
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
   *     --compression=} (none) and {@code --shards=} (1)
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
            options.number("shards", 1));
    EventCounter counter = new EventCounter(target.shards());
    try (LoadClient client = client(options.text("client", ""))) {
      client.start(target, counter);
      Child.serve(out, new Done(true), new Commands(client, counter, target.shards()));
    } catch (Exception e) {
      Child.fail(out, e);
    }
    System.exit(0); // whatever threads a client leaves behind
  }

  /** Does what the input says. */
  private static final class Commands implements Child.Commands {

    private final LoadClient client;
    private final EventCounter counter;
    private final int shards;
    private List<Long> receivedBefore = List.of();
    private LoadClient.Reads readsBefore;
    private ProcessUsage usage;

    Commands(LoadClient client, EventCounter counter, int shards) {
      this.client = client;
      this.counter = counter;
      this.shards = shards;
    }

    @Override
    public Object answer(String[] words) throws Exception {
      return switch (words[0]) {
        case "begin" -> begin();
        case "end" -> end(Long.parseLong(words[1]));
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

    private void awaitEvents(long events) throws InterruptedException {
      long newest = counter.received();
      long newestNanos = System.nanoTime();
      while (newest < events) {
        TimeUnit.MICROSECONDS.sleep(500);
        long now = counter.received();
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
      long newest = counter.received();
      long newestNanos = System.nanoTime();
      while (System.nanoTime() - newestNanos < SETTLED_NANOS) {
        TimeUnit.MILLISECONDS.sleep(5);
        long now = counter.received();
        if (now != newest) {
          newest = now;
          newestNanos = System.nanoTime();
        }
      }
    }
  }
}
