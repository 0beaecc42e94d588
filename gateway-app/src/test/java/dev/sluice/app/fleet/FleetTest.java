package dev.sluice.app.fleet;

import dev.sluice.app.fleet.Fleet.Plan;
import dev.sluice.testkit.brokers.KafkaBroker;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can happen to a small fleet: three processes and a real broker. */
@Tag("broker")
final class FleetTest {

  private static final int SHARDS = 12;
  private static final int EVENTS_PER_SECOND = 600;

  /** Longer than a slow machine keeps a node from running. */
  private static final Duration SESSION_TIMEOUT = Duration.ofSeconds(10);

  @TempDir static Path directory;
  private static KafkaBroker broker;

  @BeforeAll
  static void startBroker() throws Exception {
    broker = KafkaBroker.start(directory.resolve("broker"));
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  private static Fleet fleet(String application, Plan plan) throws Exception {
    return new Fleet(plan, broker, application, directory.resolve(application));
  }

  private static Plan plan(int maxConcurrency) {
    return Plan.of(SHARDS, maxConcurrency, EVENTS_PER_SECOND).withSessionTimeout(SESSION_TIMEOUT);
  }

  @Test
  void losesNothingWhenNodesFreezeAndDie() throws Exception {
    try (Fleet fleet = fleet("at-least-once", plan(SHARDS / 2))) {
      fleet.startWithDeath();
      fleet.startMissing();
      fleet.startTraffic();
      fleet.freeze("node-2");
      fleet.kill("node-3");
      fleet.finish();
    }
  }

  @Test
  void publishesExactlyOnceWhenNodesFreezeAndDie() throws Exception {
    try (Fleet fleet = fleet("exactly-once", plan(SHARDS).inTransactions())) {
      fleet.start();
      fleet.startTraffic();
      fleet.freeze("node-2");
      fleet.kill("node-3");
      fleet.finish();
    }
  }

  @Test
  void touchesNoOtherShardInARollingRestart() throws Exception {
    try (Fleet fleet =
        fleet(
            "rolling-restart",
            Plan.of(SHARDS, SHARDS, EVENTS_PER_SECOND).withLastingNames(Duration.ofSeconds(30)))) {
      fleet.start();
      fleet.startTraffic();
      fleet.rollingRestart();
      fleet.breakBroker(Duration.ofSeconds(3));
      fleet.finish();
    }
  }
}
