package dev.sluice.gateway.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A gateway that runs as a process of its own, as told by a command line. */
final class StandaloneGateway {

  private static final Set<String> OPTIONS =
      Set.of(
          "port",
          "token",
          "shards",
          "guilds-per-shard",
          "max-concurrency",
          "identify-window",
          "heartbeat-interval",
          "session-starts",
          "replay-capacity",
          "rate",
          "mix",
          "seed",
          "large-event-every",
          "tls",
          "round-trip",
          "jitter",
          "until-stdin-closes");

  private final LocalGateway.Builder builder = LocalGateway.builder();
  private final @Nullable Traffic traffic;
  private final @Nullable LocalCertificate certificate;
  private final @Nullable Path certificateFile;
  private final @Nullable Fault delay;
  private final boolean untilStdinCloses;

  /**
   * Reads the command line; starts nothing.
   *
   * @throws IllegalArgumentException if it is wrong, naming the value
   */
  StandaloneGateway(String[] args) {
    CommandLine line = CommandLine.parse(args, OPTIONS);
    untilStdinCloses = line.has("until-stdin-closes");
    traffic = traffic(line);
    delay = delay(line);

    String file = line.text("tls");
    if (file != null && file.isEmpty()) {
      throw new IllegalArgumentException(
          "--tls: empty (expected: the file to write the certificate to trust to)");
    }
    certificateFile = file == null ? null : Path.of(file);
    certificate = file == null ? null : LocalCertificate.valid();
    if (certificate != null) {
      builder.tls(certificate);
    }

    String token = line.text("token");
    if (token != null) {
      builder.token(token);
    }
    int shards = line.number("shards", 1, 1, 1 << 20);
    int maxConcurrency = line.number("max-concurrency", 1, 1, 1 << 20);
    int windowMillis = line.number("identify-window", 5_000, 1, Integer.MAX_VALUE);
    int heartbeatMillis = line.number("heartbeat-interval", 41_250, 1, Integer.MAX_VALUE);
    int sessionStarts = line.number("session-starts", Math.max(1_000, shards * 2), 0, 1 << 30);
    int replayCapacity = line.number("replay-capacity", 10_000, 1, 1 << 30);
    builder
        .port(line.number("port", 0, 0, 65_535))
        .guildsPerShard(line.number("guilds-per-shard", 4, 1, SyntheticGuild.MAX_PER_SHARD))
        .server(
            server ->
                server
                    .shards(shards)
                    .maxConcurrency(maxConcurrency)
                    .identifyWindow(Duration.ofMillis(windowMillis))
                    .heartbeatInterval(Duration.ofMillis(heartbeatMillis))
                    .sessionStartTotal(sessionStarts)
                    .replayCapacity(replayCapacity));
  }

  private static @Nullable Fault delay(CommandLine line) {
    Duration roundTrip = Duration.ofMillis(line.number("round-trip", 0, 0, Integer.MAX_VALUE));
    Duration jitter = Duration.ofMillis(line.number("jitter", 0, 0, Integer.MAX_VALUE));
    Duration max = roundTrip.plus(jitter);
    return max.isZero() ? null : Fault.roundTrip(roundTrip, max);
  }

  private static @Nullable Traffic traffic(CommandLine line) {
    TrafficMix mix = line.constant("mix", TrafficMix.NO_PRESENCES);
    int seed = line.number("seed", 1, Integer.MIN_VALUE, Integer.MAX_VALUE);
    int largeEventEvery = line.number("large-event-every", 0, 0, Integer.MAX_VALUE);
    String rate = line.text("rate");
    if (rate == null) {
      return null;
    }
    int eventsPerSecond =
        rate.equals("unlimited")
            ? Traffic.UNLIMITED
            : line.number("rate", 1, 1, Traffic.UNLIMITED - 1);
    return Traffic.of(mix, seed, eventsPerSecond).withLargeEventEvery(largeEventEvery);
  }

  /**
   * Runs the gateway until the thread is interrupted, or until the input ends if the command line
   * says so.
   *
   * @param in what may end
   * @param out where the URLs and the token are told, one a line
   * @throws IOException if the certificate could not be written or the input not be read
   * @throws InterruptedException if the thread was interrupted; the gateway is closed
   */
  void run(InputStream in, PrintStream out) throws IOException, InterruptedException {
    if (certificate != null && certificateFile != null) {
      Files.writeString(certificateFile, certificate.trustAnchorPem());
    }
    try (LocalGateway gateway = builder.start()) {
      if (delay != null) {
        gateway.fault(delay).start();
      }
      if (traffic != null) {
        gateway.startTraffic(traffic).join();
      }
      out.println("gateway=" + gateway.uri());
      out.println("resume=" + gateway.resumeUri());
      out.println("api=" + gateway.apiUri());
      out.println("token=" + gateway.token());
      out.flush();
      if (untilStdinCloses) {
        in.transferTo(OutputStream.nullOutputStream());
      } else {
        new CountDownLatch(1).await();
      }
    }
  }
}
