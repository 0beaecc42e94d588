package dev.sluice.gateway.kafka.internal.identify;

import static dev.sluice.gateway.kafka.internal.identify.IdentifySimulation.MILLI;
import static dev.sluice.gateway.kafka.internal.identify.IdentifySimulation.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.kafka.internal.identify.IdentifySimulation.Node;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A fleet that identifies by the log alone, whatever happens to its nodes and its broker. */
final class IdentifySimulationTest {

  private static int[] share(int node, int nodes, int shards) {
    return IntStream.range(0, shards).filter(shard -> shard % nodes == node).toArray();
  }

  @ParameterizedTest(name = "{0} shards at {1} over {2} nodes")
  @CsvSource({"64, 4, 1", "64, 4, 3", "64, 4, 16", "1024, 64, 3", "1024, 64, 10", "16, 16, 3"})
  void aFleetStartsAtThePaceOfTheGateway(int shards, int maxConcurrency, int nodes) {
    IdentifySimulation simulation = new IdentifySimulation(1);
    simulation.maxConcurrency = maxConcurrency;
    simulation.total = simulation.remaining = 2_000;
    for (int node = 0; node < nodes; node++) {
      simulation.start(share(node, nodes, shards));
    }

    long took = simulation.untilReady(shards, Duration.ofHours(1));

    long windows = shards / maxConcurrency;
    // One window of silence, for the log was empty, and then one less than there are.
    assertThat(took).isBetween(windows * 5 * SECOND, windows * 5 * SECOND * 11 / 10 + SECOND);
    assertThat(simulation.identifies).isEqualTo(shards);
  }

  @Test
  void nobodyComesTooCloseWhateverHappens() {
    for (long seed = 0; seed < 150; seed++) {
      chaos(seed);
    }
  }

  private static void chaos(long seed) {
    IdentifySimulation simulation = new IdentifySimulation(seed);
    int shards = 24;
    simulation.maxConcurrency = simulation.random.nextInt(1, 5);
    simulation.total = simulation.remaining = 400;
    simulation.lostAppends = simulation.random.nextDouble() * 0.1;
    simulation.lostSent = simulation.random.nextDouble() * 0.3;
    simulation.unanswered = simulation.random.nextDouble() * 0.2;
    simulation.slowLoops = simulation.random.nextDouble() * 0.1;
    simulation.maxReadyMillis = simulation.random.nextBoolean() ? 150 : 4_000;
    simulation.maxAppendMillis = simulation.random.nextBoolean() ? 3 : 400;
    simulation.maxReadMillis = simulation.random.nextBoolean() ? 5 : 600;
    int nodes = simulation.random.nextInt(2, 6);
    for (int node = 0; node < nodes; node++) {
      int[] mine = share(node, nodes, shards);
      simulation.at(simulation.random.nextLong(3 * SECOND), () -> simulation.start(mine));
    }
    for (int i = 0; i < 25; i++) {
      simulation.at(simulation.random.nextLong(90 * SECOND), () -> disturb(simulation));
    }
    simulation.untilReady(shards, Duration.ofHours(2));
  }

  private static void disturb(IdentifySimulation simulation) {
    List<Node> alive = new ArrayList<>(simulation.nodes);
    if (alive.isEmpty()) {
      return;
    }
    Node node = alive.get(simulation.random.nextInt(alive.size()));
    switch (simulation.random.nextInt(7)) {
      case 0, 1 -> node.freeze(Duration.ofNanos(simulation.random.nextLong(12 * SECOND)));
      case 2 -> { // and its shards move
        node.kill();
        Set<Integer> left = Set.copyOf(node.wanted);
        simulation.after(
            simulation.random.nextLong(MILLI, 8 * SECOND),
            () -> simulation.start(left.stream().mapToInt(Integer::intValue).toArray()));
      }
      case 3 -> simulation.changeLeader(simulation.random.nextLong(-20_000, 20_000));
      case 4 -> simulation.outage(Duration.ofNanos(simulation.random.nextLong(15 * SECOND)));
      case 5 -> simulation.stepClock(-simulation.random.nextLong(30_000));
      default -> simulation.start();
    }
  }

  @Test
  void aClockThatIsSetForwardBringsNobodyTooClose() {
    for (long seed = 0; seed < 20; seed++) {
      IdentifySimulation simulation = new IdentifySimulation(seed);
      for (int node = 0; node < 3; node++) {
        simulation.start(share(node, 3, 24));
      }
      for (int i = 1; i < 12; i++) {
        simulation.at(
            i * 2_700 * MILLI, () -> simulation.stepClock(simulation.random.nextLong(500, 4_000)));
      }

      simulation.untilReady(24, Duration.ofMinutes(5));

      assertThat(simulation.closest).isGreaterThanOrEqualTo(5 * SECOND);
    }
  }

  @Test
  void noMoreSessionsAreStartedThanAreLeft() {
    IdentifySimulation simulation = new IdentifySimulation(3);
    simulation.maxConcurrency = 16;
    simulation.total = 100;
    simulation.period(40, Duration.ofHours(3));
    simulation.unanswered = 0.2;
    simulation.lostSent = 0.1;
    for (int node = 0; node < 3; node++) {
      simulation.start(share(node, 3, 64));
    }

    simulation.run(Duration.ofHours(2));
    assertThat(simulation.identifies).isBetween(36, 40);
    long took = simulation.untilReady(64, Duration.ofHours(2));
    assertThat(took).isGreaterThan(Duration.ofHours(3).toNanos());
  }

  @Test
  void noMoreSessionsAreStartedThanAreLeftWhateverHappens() {
    for (long seed = 0; seed < 60; seed++) {
      IdentifySimulation simulation = new IdentifySimulation(seed);
      simulation.maxConcurrency = 4;
      simulation.total = 100;
      simulation.period(10, Duration.ofHours(1));
      simulation.lostAppends = 0.05;
      simulation.lostSent = 0.2;
      simulation.unanswered = 0.2;
      for (int node = 0; node < 3; node++) {
        int[] mine = share(node, 3, 24);
        simulation.at(simulation.random.nextLong(3 * SECOND), () -> simulation.start(mine));
      }
      for (int i = 0; i < 15; i++) {
        simulation.at(simulation.random.nextLong(60 * SECOND), () -> disturb(simulation));
      }

      simulation.run(Duration.ofMinutes(30)); // the gateway refuses what is too much

      assertThat(simulation.identifies).as("seed %d", seed).isBetween(1, 10);
    }
  }

  @Test
  void theLimitIsRenewedAndHoldsOverDays() {
    IdentifySimulation simulation = new IdentifySimulation(4);
    simulation.total = simulation.remaining = 50;
    List<Node> nodes = new ArrayList<>();
    for (int node = 0; node < 3; node++) {
      nodes.add(simulation.start());
    }
    for (int hour = 0; hour < 100; hour++) {
      int shard = hour;
      simulation.at(
          Duration.ofHours(hour).toNanos() * 7 / 10, () -> nodes.get(shard % 3).want(shard));
    }

    simulation.untilReady(100, Duration.ofDays(5));
  }

  @Test
  void whoReadsWhatIsLeftOfTheLogComesToTheSameVerdicts() {
    for (long seed = 0; seed < 30; seed++) {
      IdentifySimulation simulation = new IdentifySimulation(seed);
      simulation.total = simulation.remaining = 2_000;
      simulation.maxConcurrency = 2;
      simulation.unanswered = 0.5;
      simulation.lostSent = 0.2;
      simulation.start(share(0, 2, 60));
      simulation.start(share(1, 2, 60));
      simulation.run(Duration.ofSeconds(simulation.random.nextInt(30, 120)));
      for (int i = 0; i < 4; i++) { // nodes come while the log loses its beginning
        simulation.truncate(simulation.random.nextInt(1, 60));
        simulation.run(Duration.ofDays(1));
        simulation.start(IntStream.range(60 + i * 10, 70 + i * 10).toArray());
      }

      simulation.untilReady(100, Duration.ofDays(3));
    }
  }
}
