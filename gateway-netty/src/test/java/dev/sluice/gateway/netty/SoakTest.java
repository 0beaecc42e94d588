package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bot and its gateway for a long time under load, while everything goes wrong that may: no event
 * is lost, and nothing grows.
 *
 * <p>System properties: {@code soak.minutes} (10 or more), {@code soak.rate} (events a second of
 * all shards, as far as the machine gives them), {@code soak.seed}. The samples are in {@code
 * target/soak.csv}.
 */
@Tag("soak")
final class SoakTest extends Resources {

  /** What the process holds, after a collection. */
  private record Sample(
      long seconds,
      long eventsPerSecond,
      long heapBytes,
      long directBytes,
      long residentBytes,
      long threads,
      long fileDescriptors,
      long unhandledEvents,
      long trafficOwed) {

    static final String HEADER =
        "seconds,events_per_second,heap_bytes,direct_bytes,resident_bytes,threads,"
            + "file_descriptors,unhandled_events,traffic_owed";

    String csv() {
      return String.format(
          Locale.ROOT,
          "%d,%d,%d,%d,%d,%d,%d,%d,%d",
          seconds,
          eventsPerSecond,
          heapBytes,
          directBytes,
          residentBytes,
          threads,
          fileDescriptors,
          unhandledEvents,
          trafficOwed);
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%5d s %7d events/s, heap %7.1f MB, direct %6.1f MB, resident %7.1f MB, %d threads,"
              + " %d fds, %d unhandled, %d owed",
          seconds,
          eventsPerSecond,
          heapBytes / 1e6,
          directBytes / 1e6,
          residentBytes / 1e6,
          threads,
          fileDescriptors,
          unhandledEvents,
          trafficOwed);
    }
  }

  private static final Logger figures = LoggerFactory.getLogger("figures");
  private static final Duration DURATION = Duration.ofMinutes(Long.getLong("soak.minutes", 30));
  private static final int RATE = Integer.getInteger("soak.rate", 60_000);
  private static final long SEED = Long.getLong("soak.seed", System.nanoTime());

  private static final int SHARDS = 64;
  private static final int WORKERS = 4;
  private static final int LARGE_EVENT_EVERY = 50_000;
  private static final Duration HEARTBEAT_INTERVAL = Duration.ofSeconds(3);
  // Longer than any fault keeps a shard away.
  private static final int REPLAYED_SECONDS = 20;
  private static final Duration SAMPLE_INTERVAL = Duration.ofSeconds(10);
  private static final int MAX_COLLECTIONS = 1_000;
  private static final long CALM_SECONDS = 60;
  private static final int SHARES_OF_WARM_UP = 10; // one of ten

  private static final double GROWTH_ALLOWED = 0.05;
  private static final long HEAP_BYTES_ALLOWED = 8 << 20;
  // Netty's allocator takes 8 MiB at a time for what is large, and keeps a few of them, more when
  // several threads have met there at once. That may come late, and is no leak.
  private static final long DIRECT_BYTES_ALLOWED = 16 << 20;
  private static final int FILES_BESIDE_SOCKETS = 128;

  private final ResourceLeakDetector.Level leakDetection = ResourceLeakDetector.getLevel();
  private final List<Sample> samples = new ArrayList<>();

  @TempDir Path directory;

  @BeforeEach
  void sampleLeaks() {
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.SIMPLE);
  }

  @AfterEach
  void followLeaks() {
    ResourceLeakDetector.setLevel(leakDetection);
  }

  @Test
  @Timeout(value = 1, unit = TimeUnit.DAYS)
  void nothingIsLostAndNothingGrows() throws Exception {
    int replayed = Math.max(1_000, RATE / SHARDS * REPLAYED_SECONDS);
    DeliveryWindow delivery = new DeliveryWindow(SHARDS, Integer.highestOneBit(replayed * 2) << 1);
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .guildsPerShard(4)
                .listener(delivery)
                .server(
                    server ->
                        server
                            .shards(SHARDS)
                            .maxConcurrency(SHARDS)
                            .heartbeatInterval(HEARTBEAT_INTERVAL)
                            .replayCapacity(replayed))
                .start());
    RandomFaults faults = new RandomFaults(gateway, SHARDS, SEED);
    DirectorySessionStore store = open(SessionStore.directory(directory));
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .compression(Compression.ZLIB_STREAM)
                .configure(config -> config.maxBackoff(Duration.ofSeconds(2)))
                .sessionStore(store)
                .workers(Workers.threads(WORKERS))
                .onDispatch(
                    (shard, dispatch) -> {
                      int id = shard.id().id();
                      faults.handling(id);
                      delivery.handled(id, dispatch);
                    })
                .listener(delivery)
                .build());
    get(manager.start());
    get(manager.ready());
    figures.info("seed {}, {} for {}", SEED, RATE, DURATION);
    get(
        gateway.startTraffic(
            Traffic.of(TrafficMix.ALL_INTENTS, SEED, RATE).withLargeEventEvery(LARGE_EVENT_EVERY)));

    run(gateway, manager, delivery, faults);
    faults.endAll();
    get(gateway.stopTraffic());
    awaitCalm(manager, delivery);

    ShardManagerStats stats = manager.stats();
    LocalGatewayStats gatewayStats = get(gateway.stats());
    get(manager.stop(StopMode.RESTART));
    gateway.close();
    DeliveryWindow.Report report = delivery.report();
    figures.info("faults {}", faults.counts());
    figures.info("{}", report);
    figures.info(
        "identifies {}, resumes {}, sessions lost {}, reconnects {}",
        stats.identifies(),
        stats.resumes(),
        stats.sessions().lost(),
        stats.connections().reconnects());
    figures.info(
        "close codes {}, resume failures {}, dial failures {}, pauses {} of {} s",
        stats.connections().receivedCloseCodes(),
        stats.sessions().resumeFailures(),
        stats.connections().dialFailures(),
        stats.handling().pauses(),
        TimeUnit.NANOSECONDS.toSeconds(stats.handling().pausedNanos()));
    figures.info("store {}, gateway {}", store.stats(), gatewayStats);
    List<Sample> first = third(0);
    List<Sample> last = third(2);
    figures.info("medians of the first third: {}", medians(first));
    figures.info("medians of the last third:  {}", medians(last));

    assertThat(report.missing()).as("missing: %s", delivery.examples()).isZero();
    assertThat(report.corrupt()).as("corrupt: %s", delivery.examples()).isZero();
    assertThat(report.unsent()).as("not sent: %s", delivery.examples()).isZero();
    assertThat(report.handled() + report.inGaps()).isEqualTo(report.sent());
    assertThat(stats.handlerFailures()).isZero();
    assertThat(stats.sessions().storeFailures()).isZero();
    assertThat(store.stats().corrupt()).isZero();
    assertDoesNotGrow("heap", HEAP_BYTES_ALLOWED, first, last, Sample::heapBytes);
    assertDoesNotGrow("direct memory", DIRECT_BYTES_ALLOWED, first, last, Sample::directBytes);
    assertThat(median(last, Sample::threads)).isEqualTo(median(first, Sample::threads));
    for (Sample sample : samples) {
      assertThat(sample.fileDescriptors())
          .as("file descriptors of both ends of the connections")
          .isLessThanOrEqualTo(2 * SHARDS + FILES_BESIDE_SOCKETS);
    }
    assertThat(median(last, Sample::fileDescriptors))
        .isLessThanOrEqualTo(median(first, Sample::fileDescriptors) + SHARDS / 4);
  }

  private void run(
      LocalGateway gateway, ShardManager manager, DeliveryWindow delivery, RandomFaults faults)
      throws Exception {
    long startNanos = System.nanoTime();
    long sampledNanos = startNanos;
    long handled = delivery.handled();
    long faultNanos = startNanos;
    try (PrintWriter csv =
        new PrintWriter(
            Files.newBufferedWriter(Path.of("target", "soak.csv"), StandardCharsets.UTF_8))) {
      csv.println(Sample.HEADER);
      for (long now = startNanos; now - startNanos < DURATION.toNanos(); now = System.nanoTime()) {
        faults.endOver(now);
        if (faultNanos - now <= 0) {
          faultNanos = faults.next();
        }
        if (now - sampledNanos >= SAMPLE_INTERVAL.toNanos()) {
          long handledNow = delivery.handled();
          long rate = (handledNow - handled) * TimeUnit.SECONDS.toNanos(1) / (now - sampledNanos);
          Sample sample =
              sample(
                  TimeUnit.NANOSECONDS.toSeconds(now - startNanos),
                  rate,
                  delivery.pending(),
                  get(gateway.stats()).trafficOwed());
          handled = handledNow;
          sampledNanos = now;
          samples.add(sample);
          csv.println(sample.csv());
          csv.flush();
          figures.info("{}, ready {}", sample, manager.stats().shards(GatewayState.READY));
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
    }
  }

  /** Waits until every shard is back and everything was handled. */
  private static void awaitCalm(ShardManager manager, DeliveryWindow delivery) {
    long startNanos = System.nanoTime();
    while (manager.stats().shards(GatewayState.READY) < SHARDS || delivery.pending() > 0) {
      if (System.nanoTime() - startNanos > TimeUnit.SECONDS.toNanos(CALM_SECONDS)) {
        figures.info("no calm: {} pending, {}", delivery.pending(), manager.stats().shards());
        return; // what is missing is reported
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  private static Sample sample(long seconds, long rate, long unhandled, long owed)
      throws IOException {
    collect();
    long heapBytes = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    long directBytes = Math.max(0, PlatformDependent.usedDirectMemory());
    for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
      directBytes += pool.getName().equals("direct") ? pool.getMemoryUsed() : 0;
    }
    UnixOperatingSystemMXBean system =
        ManagementFactory.getPlatformMXBean(UnixOperatingSystemMXBean.class);
    return new Sample(
        seconds,
        rate,
        heapBytes,
        directBytes,
        residentBytes(),
        ManagementFactory.getThreadMXBean().getThreadCount(),
        system.getOpenFileDescriptorCount(),
        unhandled,
        owed);
  }

  /** Collects the whole heap; a request may come to nothing while native code uses an array. */
  private static void collect() {
    long before = collections();
    System.gc();
    for (int tries = 1; tries < MAX_COLLECTIONS && collections() == before; tries++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      System.gc();
    }
  }

  /** {@return how many times the whole heap was collected} */
  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .filter(collector -> collector.getName().contains("Old Generation"))
        .mapToLong(GarbageCollectorMXBean::getCollectionCount)
        .sum();
  }

  /** {@return the memory of the process that is in use, 0 where the system does not tell} */
  private static long residentBytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    return 0;
  }

  /** {@return a third of the samples after the warm-up} */
  private List<Sample> third(int index) {
    int warmUp = samples.size() / SHARES_OF_WARM_UP;
    int length = (samples.size() - warmUp) / 3;
    return samples.subList(warmUp + index * length, warmUp + (index + 1) * length);
  }

  private static long median(List<Sample> of, ToLongFunction<Sample> what) {
    return of.stream().mapToLong(what).sorted().skip(of.size() / 2).findFirst().orElseThrow();
  }

  private static Sample medians(List<Sample> of) {
    return new Sample(
        median(of, Sample::seconds),
        median(of, Sample::eventsPerSecond),
        median(of, Sample::heapBytes),
        median(of, Sample::directBytes),
        median(of, Sample::residentBytes),
        median(of, Sample::threads),
        median(of, Sample::fileDescriptors),
        median(of, Sample::unhandledEvents),
        median(of, Sample::trafficOwed));
  }

  private static void assertDoesNotGrow(
      String what,
      long bytesAllowed,
      List<Sample> first,
      List<Sample> last,
      ToLongFunction<Sample> bytes) {
    long before = median(first, bytes);
    assertThat(median(last, bytes))
        .as("%s in the last third, in the first %d", what, before)
        .isLessThanOrEqualTo(before + Math.max(bytesAllowed, (long) (before * GROWTH_ALLOWED)));
  }
}
