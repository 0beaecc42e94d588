package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.sharding.ShardPlan;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileLockAssignmentTest extends Resources {

  private static final int SHARDS = 4;

  @TempDir Path temporary;

  /** The shards of one owner, with their epochs. */
  private static final class Owner implements ShardAssignment.Listener, AutoCloseable {

    final ShardAssignment assignment;
    private final Map<Integer, Long> shards = new TreeMap<>();

    Owner(Path directory) {
      assignment = ShardAssignment.fileLocks(directory, ShardPlan.all(SHARDS));
    }

    Owner start() {
      assignment.start(this);
      return this;
    }

    @Override
    public synchronized void assigned(ShardId shard, long epoch) {
      assertThat(shard.count()).isEqualTo(SHARDS);
      assertThat(shards.put(shard.id(), epoch)).isNull();
      notifyAll();
    }

    synchronized void await(Predicate<Map<Integer, Long>> condition) throws InterruptedException {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
      while (!condition.test(shards)) {
        long remaining = deadline - System.nanoTime();
        assertThat(remaining).as("time for other shards than %s", shards).isPositive();
        TimeUnit.NANOSECONDS.timedWait(this, remaining);
      }
    }

    void awaitAll(long epoch) throws InterruptedException {
      await(has -> has.size() == SHARDS && has.values().stream().allMatch(given -> given == epoch));
    }

    synchronized Map<Integer, Long> shards() {
      return Map.copyOf(shards);
    }

    @Override
    public CompletionStage<Void> revoked(ShardId shard, Duration deadline) {
      return CompletableFuture.completedStage(null);
    }

    @Override
    public void lost(ShardId shard) {}

    @Override
    public void close() {
      assignment.stop();
    }
  }

  private Path directory() {
    return temporary.resolve("locks");
  }

  private Owner owner() {
    return open(new Owner(directory())).start();
  }

  @Test
  void theFirstTakesAllAndTheNextEachThatIsReleased() throws Exception {
    Owner first = owner();
    first.awaitAll(1);
    Owner second = owner();

    first.assignment.released(new ShardId(2, SHARDS));
    second.await(has -> has.equals(Map.of(2, 2L)));
    first.assignment.released(new ShardId(2, SHARDS)); // not its own any more
    first.assignment.released(new ShardId(0, SHARDS));
    second.await(has -> has.equals(Map.of(0, 2L, 2, 2L)));

    first.close();
    second.awaitAll(2);
    assertThat(first.shards()).hasSize(SHARDS);
  }

  @Test
  void whatWasReleasedIsNotTakenAgain() throws Exception {
    Owner first = owner();
    first.awaitAll(1);
    Owner second = owner();
    for (int id = 0; id < SHARDS; id++) {
      first.assignment.released(new ShardId(id, SHARDS));
    }
    second.awaitAll(2);
    second.close();

    Owner third = owner();
    third.awaitAll(3);
  }

  @Test
  void epochsRiseFromOneProcessToTheNext() throws Exception {
    for (long epoch = 1; epoch <= 3; epoch++) {
      Owner owner = owner();
      owner.awaitAll(epoch);
      owner.close();
    }
  }

  @Test
  void aStoppedOneTakesNothing() throws Exception {
    Owner stopped = open(new Owner(directory()));
    stopped.close();
    stopped.start();

    owner().awaitAll(1);
    assertThat(stopped.shards()).isEmpty();
  }

  @Test
  void aDirectoryThatCannotBeMadeFailsTheStart() throws Exception {
    Files.writeString(directory(), "a file");

    assertThatThrownBy(this::owner)
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(directory().toString());
  }

  @Test
  void aProcessThatIsKilledGivesItsShardsBack() throws Exception {
    Process child = ChildLocks.start(directory(), SHARDS);
    open(
        () -> {
          child.destroyForcibly();
          child.waitFor();
        });
    assertThat(get(CompletableFuture.supplyAsync(() -> read(child.getInputStream()))))
        .isEqualTo('a');
    Owner standby = owner();
    standby.assignment.released(new ShardId(0, SHARDS)); // not its own
    assertThat(child.waitFor(500, TimeUnit.MILLISECONDS)).isFalse();
    assertThat(standby.shards()).isEmpty();

    child.destroyForcibly();

    standby.awaitAll(2);
  }

  private static int read(InputStream in) {
    try {
      return in.read();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void theNextManagerResumesWhatTheFirstStored() throws Exception {
    Recorder gatewaySide = new Recorder();
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .listener(gatewaySide)
                .server(
                    server ->
                        server
                            .shards(SHARDS)
                            .maxConcurrency(SHARDS)
                            .replayCapacity(100_000)
                            .replayMaxBytes(64 << 20))
                .start());
    Recorder handled = new Recorder();
    ShardManager first = manager(gateway, handled);
    for (int id = 0; id < SHARDS; id++) {
      handled.awaitState(id, GatewayState.READY);
    }
    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 3, 1000)));
    handled.await("traffic", () -> handled.received(0).size() >= 50);
    ShardManager second = manager(gateway, handled);
    assertThat(second.shards()).isEmpty();

    get(first.stop(StopMode.RESTART));
    for (int id = 0; id < SHARDS; id++) {
      handled.awaitState(id, GatewayState.READY, 2);
    }
    get(gateway.stopTraffic());
    get(gateway.whenSent());

    for (int id = 0; id < SHARDS; id++) {
      int shard = id;
      handled.await(
          "all events of shard " + id,
          () -> handled.received(shard).containsAll(gatewaySide.sent(shard)));
      assertThat(handled.received(id)).isEqualTo(gatewaySide.sent(id));
    }
    assertThat(second.shards()).hasSize(SHARDS);
    assertThat(gatewaySide.identifies()).isEqualTo(SHARDS);
    assertThat(gatewaySide.resumes()).isEqualTo(SHARDS);
  }

  private ShardManager manager(LocalGateway gateway, Recorder recorder) throws Exception {
    DirectorySessionStore store = open(SessionStore.directory(temporary.resolve("sessions")));
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .assignment(ShardAssignment.fileLocks(directory(), ShardPlan.all(SHARDS)))
                .sessionStore(store)
                .eventSink(recorder)
                .listener(recorder)
                .build());
    get(manager.start());
    return manager;
  }
}
