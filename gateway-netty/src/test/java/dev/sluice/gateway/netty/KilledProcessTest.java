package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A bot that is killed in full traffic and started again, as often as it may be. */
final class KilledProcessTest extends Resources {

  private static final int SHARDS = 8;
  private static final int KILLS = 3;
  private static final int WORKERS = 2;
  private static final int EVENTS_PER_SECOND = 5_000;
  private static final long POLL_MILLIS = 50;

  private record Event(long session, int sequence) {}

  /** What the gateway gave to its sessions, to be compared with what was handled. */
  private static final class Sent implements GatewayServerListener {

    private final Map<Event, Integer> checksums = new HashMap<>(); // guarded by this
    final AtomicInteger identifies = new AtomicInteger();
    final AtomicInteger resumes = new AtomicInteger();
    final AtomicInteger refusals = new AtomicInteger();

    @Override
    public synchronized void dispatched(
        ServerSession session, long sequence, String type, ByteBuffer d) {
      if (!type.equals("RESUMED")) { // which is of its transport alone
        checksums.put(new Event(ChildBot.key(session.id()), (int) sequence), ChildBot.checksum(d));
      }
    }

    @Override
    public void identified(ServerSession session) {
      identifies.incrementAndGet();
    }

    @Override
    public void resumed(ServerSession session, long fromSequence) {
      resumes.incrementAndGet();
    }

    @Override
    public void resumeRejected(GatewayServerConnection connection, String sessionId) {
      refusals.incrementAndGet();
    }

    synchronized int count() {
      return checksums.size();
    }

    synchronized Map<Event, Integer> checksums() {
      return Map.copyOf(checksums);
    }
  }

  private final Sent sent = new Sent();

  @TempDir Path directory;

  private Process start(LocalGateway gateway, int workers) throws IOException {
    Process bot =
        ChildBot.start(
            gateway.apiUri(),
            gateway.token(),
            directory.resolve("sessions"),
            directory.resolve("handled"),
            SHARDS,
            workers);
    open(
        () -> {
          bot.destroyForcibly();
          bot.waitFor();
        });
    return bot;
  }

  private static void awaitReady(Process bot) throws Exception {
    assertThat(get(ChildJvm.firstLine(bot))).isEqualTo("ready");
  }

  private static void await(Process bot, String what, BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!condition.getAsBoolean()) {
      if (bot.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        fail("%s was expected; the bot ended with %d", what, bot.exitValue());
      }
      if (System.nanoTime() - deadline > 0) {
        fail("%s was expected", what);
      }
    }
  }

  private long records() {
    return directory.resolve("handled").toFile().length() / ChildBot.RECORD_BYTES;
  }

  private Map<Event, Integer> handled() {
    try {
      ByteBuffer records = ByteBuffer.wrap(Files.readAllBytes(directory.resolve("handled")));
      Map<Event, Integer> handled = new HashMap<>();
      while (records.remaining() >= ChildBot.RECORD_BYTES) {
        handled.put(new Event(records.getLong(), records.getInt()), records.getInt());
      }
      return handled;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void losesNoEventAndSpendsNoIdentify() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .listener(sent)
                .server(
                    server ->
                        server
                            .maxConcurrency(SHARDS)
                            .shards(SHARDS)
                            .replayCapacity(1_000_000)
                            .replayMaxBytes(256 << 20))
                .start());

    Process bot = start(gateway, WORKERS);
    awaitReady(bot);
    get(gateway.startTraffic(Traffic.of(TrafficMix.ALL_INTENTS, seed, EVENTS_PER_SECOND)));
    for (int kill = 0; kill < KILLS; kill++) {
      if (kill % 2 == 0) { // when all is well
        int moment = sent.count() + random.nextInt(EVENTS_PER_SECOND);
        await(bot, "traffic (seed " + seed + ')', () -> sent.count() >= moment);
      } else { // while it resumes
        int moment = sent.resumes.get() + 1 + random.nextInt(SHARDS);
        await(bot, "resumes (seed " + seed + ')', () -> sent.resumes.get() >= moment);
      }
      bot.destroyForcibly().waitFor();
      bot = start(gateway, kill % 2 == 0 ? 0 : WORKERS);
      if (kill % 2 != 0) {
        awaitReady(bot);
      }
    }
    get(gateway.stopTraffic());
    get(gateway.whenSent());
    Map<Event, Integer> all = sent.checksums();
    await(
        bot,
        "all events (seed " + seed + ')',
        () -> records() >= all.size() && handled().keySet().containsAll(all.keySet()));

    assertThat(handled()).as("handled (seed %d)", seed).isEqualTo(all);
    assertThat(all).hasSizeGreaterThan(EVENTS_PER_SECOND);
    assertThat(sent.identifies).hasValue(SHARDS);
    assertThat(sent.refusals).hasValue(0);
    System.out.printf(
        "%d kills: sent %d, lost 0, handled again %d, identifies %d, resumes %d%n",
        KILLS, all.size(), records() - all.size(), sent.identifies.get(), sent.resumes.get());
    bot.getOutputStream().close();
    assertThat(bot.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(bot.exitValue()).isZero();
  }
}
