package dev.sluice.benchmarks.load;

import dev.sluice.gateway.testkit.Flood;
import dev.sluice.gateway.testkit.FloodReport;
import dev.sluice.gateway.testkit.LocalCertificate;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.PreparedFlood;
import dev.sluice.gateway.testkit.TrafficMix;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The gateway under which clients are measured, a process of its own that is told on its input what
 * to send. Each shard has a bucket of its own to identify in, and heartbeats come so seldom, unless
 * asked for, that none falls into a measurement.
 */
final class GatewayProcess implements AutoCloseable {

  private static final Set<String> OPTIONS =
      Set.of("shards", "guilds-per-shard", "compression-level", "heartbeat-millis", "tls");
  private static final int COMPRESSION_LEVEL = 6;
  private static final long PREPARE_SECONDS = 240;
  private static final long SEND_SECONDS = 240;

  /** Longer than those, for an answer that is no longer waited for would be taken for the next. */
  private static final long ANSWER_SECONDS = 300;

  private static final int HEARTBEAT_MILLIS = 600_000;
  private static final int SESSION_STARTS = 1 << 20;
  private static final int REPLAYED_EVENTS = 16;

  /** Where it is. */
  record Address(String gateway, String api, String token) {}

  /**
   * What is ready to be sent.
   *
   * @param events how many events to all shards
   * @param bytes of their frames
   * @param lastSequences the sequence of the last event of each shard, from 0
   */
  record Prepared(long events, long bytes, List<Long> lastSequences) {}

  /** How it was sent, as {@link FloodReport} has it. */
  record Sent(long writes, long startNanos, long endNanos, long maxLateNanos, long meanLateNanos) {}

  private final Child child;
  private final Address address;

  private GatewayProcess(Child child, Address address) {
    this.child = child;
    this.address = address;
  }

  /**
   * Starts one.
   *
   * @param heap the flag of its heap
   * @param options as of a command line
   */
  static GatewayProcess start(String heap, List<String> options)
      throws IOException, InterruptedException {
    Child child = Child.start("gateway", List.of(heap), GatewayProcess.class, options);
    try {
      return new GatewayProcess(child, child.answer(Address.class, 60));
    } catch (IOException | InterruptedException e) {
      child.kill();
      throw e;
    }
  }

  Address address() {
    return address;
  }

  Prepared prepare(int shards, int eventsPerShard, long seed)
      throws IOException, InterruptedException {
    return child.ask(
        "prepare " + shards + ' ' + eventsPerShard + ' ' + seed, Prepared.class, ANSWER_SECONDS);
  }

  /** Sends what was prepared, in batches if the rate is 0. */
  Sent send(long ratePerSecond) throws IOException, InterruptedException {
    return child.ask("send " + ratePerSecond, Sent.class, ANSWER_SECONDS);
  }

  @Override
  public void close() throws IOException {
    child.close();
  }

  /**
   * Runs until the input ends.
   *
   * @param args {@code --shards=}, how many identify at once, {@code --guilds-per-shard=} (4),
   *     {@code --compression-level=} (6), {@code --heartbeat-millis=}, their interval (600000), and
   *     {@code --tls=}, the file to write the certificate to trust to
   * @throws IOException if the certificate cannot be written, or the input not be read
   */
  public static void main(String[] args) throws IOException {
    Options options = Options.parse(args, OPTIONS);
    PrintStream out = System.out;
    System.setOut(System.err);
    int shards = options.number("shards", 1);
    int level = options.number("compression-level", COMPRESSION_LEVEL);
    Duration heartbeats = Duration.ofMillis(options.number("heartbeat-millis", HEARTBEAT_MILLIS));
    LocalGateway.Builder builder =
        LocalGateway.builder()
            .guildsPerShard(options.number("guilds-per-shard", 4))
            .server(
                server ->
                    server
                        .shards(shards)
                        .maxConcurrency(shards)
                        .identifyWindow(Duration.ofMillis(1))
                        .heartbeatInterval(heartbeats)
                        .sessionStartTotal(SESSION_STARTS)
                        .compressionLevel(level)
                        .replayCapacity(REPLAYED_EVENTS));
    String trustFile = options.text("tls", "");
    if (!trustFile.isEmpty()) {
      LocalCertificate certificate = LocalCertificate.valid();
      Files.writeString(Path.of(trustFile), certificate.trustAnchorPem());
      builder.tls(certificate);
    }
    try (LocalGateway gateway = builder.start()) {
      Address address =
          new Address(gateway.uri().toString(), gateway.apiUri().toString(), gateway.token());
      Child.serve(out, address, new Commands(gateway));
    }
  }

  /** Does what the input says. */
  private static final class Commands implements Child.Commands {

    private final LocalGateway gateway;
    private PreparedFlood flood;

    Commands(LocalGateway gateway) {
      this.gateway = gateway;
    }

    @Override
    public Object answer(String[] words) throws Exception {
      return switch (words[0]) {
        case "prepare" ->
            prepare(
                Integer.parseInt(words[1]), Integer.parseInt(words[2]), Long.parseLong(words[3]));
        case "send" -> send(Integer.parseInt(words[1]));
        default -> throw new IllegalArgumentException("command: " + words[0]);
      };
    }

    private Prepared prepare(int shards, int eventsPerShard, long seed) throws Exception {
      if (flood != null) {
        flood.close();
      }
      flood =
          gateway
              .prepareFlood(
                  shard -> shard.count() == shards,
                  Flood.of(TrafficMix.NO_PRESENCES, seed, eventsPerShard))
              .get(PREPARE_SECONDS, TimeUnit.SECONDS);
      if (flood.shares().size() != shards) {
        throw new IllegalStateException(
            "connections: " + flood.shares().size() + " (expected: " + shards + ')');
      }
      return new Prepared(
          flood.events(),
          flood.bytes(),
          flood.shares().stream().map(PreparedFlood.Share::lastSequence).toList());
    }

    private Sent send(int ratePerSecond) throws Exception {
      FloodReport report =
          (ratePerSecond == 0 ? flood.start() : flood.startPaced(ratePerSecond, System.nanoTime()))
              .get(SEND_SECONDS, TimeUnit.SECONDS);
      return new Sent(
          report.writes(),
          report.startNanos(),
          report.endNanos(),
          report.maxLateNanos(),
          report.meanLateNanos());
    }
  }
}
