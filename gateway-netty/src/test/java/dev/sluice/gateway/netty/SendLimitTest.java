package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.GatewayCommand.UpdateVoiceState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sends from 8 threads at once, as the server sees them. */
final class SendLimitTest extends Resources {

  private static final int THREADS = 8;
  private static final long SECOND = 1_000_000_000L;

  /** One payload and when the server had it. */
  private record Arrival(long nanos, Opcode opcode) {}

  /** Writes down what arrives, IDENTIFY and heartbeats included. */
  private static final class Arrivals implements GatewayServerListener {

    final List<Arrival> all = new ArrayList<>();
    final List<Integer> closeCodes = new ArrayList<>();

    private synchronized void add(Opcode opcode) {
      all.add(new Arrival(System.nanoTime(), opcode));
      notifyAll();
    }

    @Override
    public void identified(ServerSession session) {
      add(Opcode.IDENTIFY);
    }

    @Override
    public void received(ServerSession session, Opcode opcode, JsonNode d) {
      add(opcode);
    }

    @Override
    public synchronized void disconnected(GatewayServerConnection connection, int code) {
      closeCodes.add(code);
    }

    synchronized long count(Opcode opcode) {
      return all.stream().filter(arrival -> arrival.opcode == opcode).count();
    }

    synchronized void await(Opcode opcode, long count, Duration within)
        throws InterruptedException {
      long deadline = System.nanoTime() + within.toNanos();
      while (count(opcode) < count) {
        long remaining = deadline - System.nanoTime();
        assertThat(remaining)
            .as("%d of %s came, %d expected", count(opcode), opcode, count)
            .isPositive();
        TimeUnit.NANOSECONDS.timedWait(this, remaining);
      }
    }

    /** {@return the most payloads that came within any window of a length} */
    synchronized int most(long windowNanos, boolean heartbeats) {
      List<Arrival> counted =
          all.stream().filter(a -> heartbeats || a.opcode != Opcode.HEARTBEAT).toList();
      int most = 0;
      int first = 0;
      for (int last = 0; last < counted.size(); last++) {
        while (counted.get(last).nanos - counted.get(first).nanos >= windowNanos) {
          first++;
        }
        most = Math.max(most, last - first + 1);
      }
      return most;
    }
  }

  private final Arrivals arrivals = new Arrivals();

  private ShardManager start(Duration heartbeatInterval) throws Exception {
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .listener(arrivals)
                .guildsPerShard(1)
                .server(server -> server.heartbeatInterval(heartbeatInterval))
                .start());
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.of())
                .apiUri(gateway.apiUri())
                .shards(1)
                .sessionStore(SessionStore.inMemory())
                .configure(config -> config.maxQueuedCommands(400))
                .build());
    get(manager.start());
    get(manager.ready());
    return manager;
  }

  /** Lets every thread send as many commands; {@return what became of them} */
  private static List<CompletionStage<CommandOutcome>> flood(ShardManager manager, int each)
      throws InterruptedException {
    ConcurrentLinkedQueue<CompletionStage<CommandOutcome>> outcomes = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int thread = 1; thread <= THREADS; thread++) {
      long channel = thread;
      threads.add(
          new Thread(
              () -> {
                for (int i = 1; i <= each; i++) {
                  outcomes.add(manager.send(UpdateVoiceState.join(i, channel)));
                }
              }));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    return List.copyOf(outcomes);
  }

  private static long count(
      List<CompletionStage<CommandOutcome>> outcomes, CommandOutcome expected) {
    return outcomes.stream()
        .map(CompletionStage::toCompletableFuture)
        .filter(outcome -> outcome.isDone() && outcome.join() == expected)
        .count();
  }

  @Test
  void aFloodOf8ThreadsLeavesRoomForHeartbeats() throws Exception {
    ShardManager manager = start(Duration.ofSeconds(4)); // 15 a minute, so 104 are left
    int allowed = 120 - 15 - 1 - 1; // one for the gateway's requests, one was IDENTIFY

    List<CompletionStage<CommandOutcome>> outcomes = flood(manager, 100);
    arrivals.await(Opcode.VOICE_STATE_UPDATE, allowed, Duration.ofSeconds(20));
    long beats = arrivals.count(Opcode.HEARTBEAT);
    arrivals.await(Opcode.HEARTBEAT, beats + 1, Duration.ofSeconds(20));

    assertThat(arrivals.count(Opcode.VOICE_STATE_UPDATE)).isEqualTo(allowed);
    assertThat(count(outcomes, CommandOutcome.SENT)).isEqualTo(allowed);
    get(manager.stop(StopMode.GOODBYE));
    long refused = count(outcomes, CommandOutcome.REFUSED);
    assertThat(count(outcomes, CommandOutcome.DROPPED)).isEqualTo(800 - allowed - refused);
    assertThat(refused).as("over the bound of 400").isLessThanOrEqualTo(400);
    assertThat(arrivals.closeCodes).doesNotContain(4008);
  }

  @Test
  @Tag("soak") // three windows of a minute
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void neverMoreThanTheGatewayAllowsInAnyWindow() throws Exception {
    ShardManager manager = start(Duration.ofMillis(41_250));

    List<CompletionStage<CommandOutcome>> outcomes = flood(manager, 45);
    for (CompletionStage<CommandOutcome> outcome : outcomes) {
      assertThat(outcome.toCompletableFuture().get(240, TimeUnit.SECONDS))
          .isEqualTo(CommandOutcome.SENT);
    }
    arrivals.await(Opcode.VOICE_STATE_UPDATE, 8 * 45, Duration.ofSeconds(20));

    System.out.printf(
        "send limits: %d commands of %d threads in %.1f s, %d heartbeats; most in any 60 s: %d;"
            + " most ordinary ones in any 61 s: %d; close codes %s%n",
        arrivals.count(Opcode.VOICE_STATE_UPDATE),
        THREADS,
        (arrivals.all.get(arrivals.all.size() - 1).nanos - arrivals.all.get(0).nanos) / 1e9,
        arrivals.count(Opcode.HEARTBEAT),
        arrivals.most(60 * SECOND, true),
        arrivals.most(61 * SECOND, false),
        arrivals.closeCodes);
    assertThat(arrivals.most(60 * SECOND, true)).isLessThanOrEqualTo(120);
    assertThat(arrivals.most(61 * SECOND, false)).isLessThanOrEqualTo(117);
    assertThat(arrivals.count(Opcode.HEARTBEAT)).isGreaterThanOrEqualTo(4);
    assertThat(arrivals.closeCodes).isEmpty();
  }
}
