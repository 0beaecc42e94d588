package dev.sluice.app.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.app.fleet.Fleet.Plan;
import dev.sluice.testkit.brokers.KafkaBroker;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can happen to a fleet, in full size and one thing at a time. */
@Tag("fleet")
final class FleetProofTest {

  private static final int SHARDS = 64;
  private static final int EVENTS_PER_SECOND = 2_000;
  private static final Duration LASTING = Duration.ofSeconds(30); // longer than a restart

  @TempDir Path directory;
  private KafkaBroker broker;

  @BeforeEach
  void startBroker() throws Exception {
    broker = KafkaBroker.start(directory.resolve("broker"));
  }

  @AfterEach
  void stopBroker() {
    broker.close();
  }

  private Fleet fleet(String application, Plan plan) throws Exception {
    return new Fleet(plan, broker, application, directory.resolve(application));
  }

  private static Plan plan() {
    return Plan.of(SHARDS, SHARDS, EVENTS_PER_SECOND);
  }

  private static Plan plan(boolean exactlyOnce) {
    return exactlyOnce ? plan().inTransactions() : plan();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void resumesElsewhereWhatAKilledNodeRan(boolean exactlyOnce) throws Exception {
    Plan plan = plan(exactlyOnce);
    try (Fleet fleet = fleet(exactlyOnce ? "kill-exactly-once" : "kill-at-least-once", plan)) {
      fleet.start();
      fleet.startTraffic();
      fleet.kill("node-2");
      fleet.finish();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void stopsANodeThatWasFrozen(boolean exactlyOnce) throws Exception {
    Plan plan = plan(exactlyOnce);
    try (Fleet fleet = fleet(exactlyOnce ? "freeze-exactly-once" : "freeze-at-least-once", plan)) {
      fleet.start();
      fleet.startTraffic();
      fleet.freeze("node-2");
      fleet.finish();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void touchesNoOtherShardInARollingRestart(boolean exactlyOnce) throws Exception {
    Plan plan = plan(exactlyOnce).withLastingNames(LASTING);
    try (Fleet fleet = fleet(exactlyOnce ? "roll-exactly-once" : "roll-at-least-once", plan)) {
      fleet.start();
      fleet.startTraffic();
      fleet.rollingRestart();
      fleet.finish();
    }
  }

  @Test
  void keepsThePaceOfIdentifiesWhenANodeDiesInMidStartUp() throws Exception {
    try (Fleet fleet = fleet("start-up", Plan.of(SHARDS, 4, EVENTS_PER_SECOND))) {
      fleet.startWithDeath();
      assertThat(fleet.nearestIdentifiesMillis()).isGreaterThanOrEqualTo(5_000);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void staysUpWithoutABroker(boolean exactlyOnce) throws Exception {
    Plan plan = plan(exactlyOnce);
    try (Fleet fleet = fleet(exactlyOnce ? "outage-exactly-once" : "outage-at-least-once", plan)) {
      fleet.start();
      fleet.startTraffic();
      fleet.breakBroker(Duration.ofSeconds(30));
      fleet.finish();
    }
  }

  @Test
  void startsManyShardsInTheGatewaysPace() throws Exception {
    try (Fleet fleet =
        fleet("many-shards", Plan.of(1_024, 64, EVENTS_PER_SECOND).withNodeHeap("384m"))) {
      Duration took = fleet.start();
      fleet.print(
          "1,024 shards up: %d ms from the first identify to the last (floor %d ms: 15 windows of"
              + " 5 s)",
          took.toMillis(), fleet.floor().toMillis());
      fleet.startTraffic();
      fleet.kill("node-2");
      fleet.finish();
      assertThat(fleet.nearestIdentifiesMillis()).isGreaterThanOrEqualTo(5_000);
      assertThat(took.toMillis()).isLessThanOrEqualTo(fleet.floor().toMillis() * 5 / 4);
    }
  }
}
