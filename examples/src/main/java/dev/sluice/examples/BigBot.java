package dev.sluice.examples;

import dev.sluice.gateway.Activity;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.console.Console;
import dev.sluice.gateway.netty.DirectorySessionStore;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerStats;
import dev.sluice.gateway.netty.Workers;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * What a bot of many guilds needs: handlers that may block, on workers that keep the order of each
 * guild; sessions in files, so that a deploy costs no identify and loses no event; a console.
 */
public final class BigBot {

  static final int SHARDS = 16;

  private static final int DEPLOYS = 2; // of the local bot
  private static final int MESSAGES = 2_000; // from one of them to the next
  private static final int WORKERS = 8;
  private static final Intents INTENTS =
      Intents.of(Intent.GUILDS, Intent.GUILD_MESSAGES, Intent.MESSAGE_CONTENT);

  private final Map<Long, LongAdder> messagesByGuild = new ConcurrentHashMap<>();
  private final CountDownLatch open;

  private BigBot(int messages) {
    open = new CountDownLatch(messages);
  }

  /**
   * Runs against Discord until it is told to end, if {@code TOKEN} is set; else against a local
   * gateway, with a deploy half-way.
   *
   * @param args the directory of the sessions; a temporary one if there is none
   */
  public static void main(String[] args) throws Exception {
    endInOrder(Thread.currentThread());
    Path sessions =
        args.length == 0 ? Files.createTempDirectory("sluice-big-bot") : Path.of(args[0]);
    try (Target target = Target.of(System.getenv(), BigBot::startGateway)) {
      int deploys = target.local() == null ? 1 : DEPLOYS;
      for (int deploy = 1; deploy <= deploys; deploy++) {
        run(target, sessions, System.out);
      }
    }
  }

  /** From one deploy to the next. */
  static void run(Target target, Path sessions, PrintStream out)
      throws InterruptedException, ExecutionException {
    BigBot bot = new BigBot(target.local() == null ? Integer.MAX_VALUE : MESSAGES);
    try (DirectorySessionStore store = SessionStore.directory(sessions);
        ShardManager manager =
            ShardManager.builder(target.token(), INTENTS)
                .apiUri(target.apiUri())
                .presence(Presence.online(Activity.watching("every guild")))
                .eventTypes(Set.of(EventType.MESSAGE_CREATE))
                .workers(Workers.threads(WORKERS).orderedByGuild())
                .onDispatch(bot::onMessage)
                .sessionStore(store)
                .build();
        Console console = Console.builder(manager).name("big bot").port(0).start()) {
      out.println("console: " + console.uri());
      manager.start().toCompletableFuture().get();
      manager.ready().toCompletableFuture().get();
      ShardManagerStats stats = manager.stats();
      out.printf(
          "%d shards ready: %d identified, %d resumed%n",
          stats.shards(GatewayState.READY), stats.identifies(), stats.resumes());
      try {
        bot.open.await();
      } catch (InterruptedException e) {
        out.println("told to end");
      }
      // What came is handled, what was handled is stored; the next process goes on from there.
      manager.stop(StopMode.RESTART).toCompletableFuture().get();
      bot.print(out);
    }
  }

  /** Runs on a worker, so it may wait: for a database, say. */
  private void onMessage(Shard shard, Dispatch dispatch) throws IOException, InterruptedException {
    String content = dispatch.readTree().path("content").asText();
    TimeUnit.MICROSECONDS.sleep(Math.min(1_000, 10L * content.length()));
    messagesByGuild.computeIfAbsent(dispatch.guildId(), guild -> new LongAdder()).increment();
    open.countDown();
  }

  private void print(PrintStream out) {
    long messages = messagesByGuild.values().stream().mapToLong(LongAdder::sum).sum();
    out.printf("%,d messages of %d guilds handled%n", messages, messagesByGuild.size());
  }

  /** SIGTERM and Ctrl-C end a JVM without asking; this lets the bot store its sessions first. */
  private static void endInOrder(Thread main) {
    Runnable interrupt =
        () -> {
          main.interrupt();
          try {
            main.join();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    Runtime.getRuntime().addShutdownHook(new Thread(interrupt, "end-in-order"));
  }

  /** {@return a gateway whose traffic goes on whether the bot is there or not} */
  static LocalGateway startGateway() {
    LocalGateway gateway =
        LocalGateway.builder()
            .guildsPerShard(10)
            .server(
                server ->
                    server
                        .shards(SHARDS)
                        .maxConcurrency(SHARDS)
                        .replayCapacity(1 << 16)
                        .replayMaxBytes(1 << 26))
            .start();
    gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 1, 4_000)).join();
    return gateway;
  }
}
