package dev.sluice.gateway.testkit.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Runs the test classes below, which are found by nobody else. */
@Timeout(60)
final class LocalGatewayExtensionTest {

  private static final List<TestGateway> SEEN = new CopyOnWriteArrayList<>();

  @BeforeEach
  void forget() {
    SEEN.clear();
  }

  @LocalGatewayTest
  static class EachTest {

    @BeforeEach
    void before(TestGateway gateway) {
      SEEN.add(gateway);
    }

    @Test
    void one(TestGateway gateway, LocalGateway local) {
      SEEN.add(gateway);
      assertThat(gateway.local()).isSameAs(local);
    }

    @Test
    void two(TestGateway gateway) {
      SEEN.add(gateway);
    }
  }

  @Test
  void eachTestHasAGatewayOfItsOwnThatIsClosedAfterIt() {
    run(EachTest.class).testEvents().assertStatistics(events -> events.succeeded(2));

    assertThat(SEEN).hasSize(4);
    assertThat(SEEN.get(0)).isSameAs(SEEN.get(1));
    assertThat(SEEN.get(2)).isSameAs(SEEN.get(3)).isNotSameAs(SEEN.get(0));
    assertThat(SEEN)
        .allSatisfy(gateway -> assertThatIllegalStateException().isThrownBy(gateway::stats));
  }

  @LocalGatewayTest(shards = 3)
  static class SharedByAll {

    @BeforeAll
    static void before(TestGateway gateway) {
      SEEN.add(gateway);
    }

    @Test
    void outer(TestGateway gateway) {
      assertThat(gateway).isSameAs(SEEN.get(0));
    }

    @Nested
    class Inner {

      @Test
      void inner(TestGateway gateway) {
        assertThat(gateway).isSameAs(SEEN.get(0));
        assertThat(gateway.shards()).isEqualTo(3);
      }
    }

    @Nested
    @LocalGatewayTest(shards = 5)
    class Other {

      @Test
      void other(TestGateway gateway) {
        assertThat(gateway).isNotSameAs(SEEN.get(0));
        assertThat(gateway.shards()).isEqualTo(5);
      }

      @Test
      @LocalGatewayTest(shards = 7)
      void method(TestGateway gateway) {
        assertThat(gateway.shards()).isEqualTo(7);
      }
    }
  }

  @Test
  void aGatewayThatIsAskedForBeforeAllTestsIsTheirs() {
    run(SharedByAll.class).testEvents().assertStatistics(events -> events.succeeded(4));

    assertThatIllegalStateException().isThrownBy(SEEN.get(0)::stats);
  }

  @LocalGatewayTest
  static class ByConstructor {

    private final TestGateway gateway;

    ByConstructor(TestGateway gateway) {
      this.gateway = gateway;
      SEEN.add(gateway);
    }

    @Test
    void one(TestGateway same) {
      assertThat(same).isSameAs(gateway);
    }

    @Test
    void two(TestGateway same) {
      assertThat(same).isSameAs(gateway);
    }
  }

  @LocalGatewayTest
  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  static class ByTheConstructorOfAll extends ByConstructor {

    ByTheConstructorOfAll(TestGateway gateway) {
      super(gateway);
    }
  }

  @Test
  void aConstructorGetsTheGatewayOfItsTests() {
    run(ByConstructor.class).testEvents().assertStatistics(events -> events.succeeded(2));
    assertThat(SEEN).hasSize(2).doesNotHaveDuplicates();

    SEEN.clear();
    run(ByTheConstructorOfAll.class).testEvents().assertStatistics(events -> events.succeeded(2));
    assertThat(SEEN).hasSize(1);
  }

  abstract static class Base {

    @Test
    void inherited(TestGateway gateway) {
      assertThat(gateway.shards()).isEqualTo(2);
    }
  }

  @LocalGatewayTest(shards = 2)
  static class Derived extends Base {}

  static class DerivedAgain extends Derived {}

  @Test
  void theAnnotationIsInherited() {
    run(Derived.class).testEvents().assertStatistics(events -> events.succeeded(1));
    run(DerivedAgain.class).testEvents().assertStatistics(events -> events.succeeded(1));
  }

  @LocalGatewayTest
  static class SideBySide {

    private static final CyclicBarrier BOTH = new CyclicBarrier(2);

    @Test
    void one(TestGateway gateway) throws Exception {
      meet(gateway);
    }

    @Test
    void two(TestGateway gateway) throws Exception {
      meet(gateway);
    }

    private static void meet(TestGateway gateway)
        throws InterruptedException, BrokenBarrierException, TimeoutException {
      SEEN.add(gateway);
      try (RawBot bot = RawBot.connect(gateway)) {
        BOTH.await(30, TimeUnit.SECONDS);
        gateway.send(Events.messageCreate().content("side by side")).awaitReceived();
        assertThat(bot.contents()).hasSize(1);
        gateway.assertIdentifies(1);
        BOTH.await(30, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void testsRunInParallel() {
    EngineTestKit.engine("junit-jupiter")
        .selectors(selectClass(SideBySide.class))
        .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
        .configurationParameter("junit.jupiter.execution.parallel.mode.default", "concurrent")
        .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
        .configurationParameter("junit.jupiter.execution.parallel.config.fixed.parallelism", "2")
        .execute()
        .testEvents()
        .assertStatistics(events -> events.succeeded(2));

    assertThat(SEEN).hasSize(2).doesNotHaveDuplicates();
  }

  @LocalGatewayTest(timeoutSeconds = 1)
  static class LeavesItsBot {

    @Test
    void passes(TestGateway gateway) {
      RawBot.connect(gateway).awaitReady();
      gateway.awaitReady();
    }

    @Test
    @LocalGatewayTest(allowOpenConnections = true)
    void isAllowedTo(TestGateway gateway) {
      RawBot.connect(gateway).awaitReady();
      gateway.awaitReady();
    }
  }

  @Test
  void aConnectionThatIsLeftOpenFailsTheTest() {
    EngineExecutionResults results = run(LeavesItsBot.class);

    results.testEvents().assertStatistics(events -> events.succeeded(1).failed(1));
    assertThat(failureOf(results))
        .hasMessageStartingWith(
            "connections: [shard 0/1] still open at the end of the test (expected: none; close the"
                + " bot)\nwhat the gateway saw:\n");
  }

  @LocalGatewayTest(timeoutSeconds = 1)
  static class Fails {

    @Test
    void byItself(TestGateway gateway) {
      RawBot.connect(gateway).awaitReady();
      gateway.awaitReady();
      throw new IllegalStateException("the test's own");
    }
  }

  @Test
  void anotherFailureIsToldWhatTheGatewaySaw() {
    EngineExecutionResults results = run(Fails.class);

    Throwable failure = failureOf(results);
    assertThat(failure).isInstanceOf(IllegalStateException.class).hasMessage("the test's own");
    assertThat(failure.getSuppressed())
        .singleElement()
        .satisfies(
            saw ->
                assertThat(saw)
                    .hasMessageStartingWith("what the gateway saw:\n")
                    .hasMessageContaining("shard 0/1: identified")
                    .hasNoSuppressedExceptions());
  }

  @LocalGatewayTest(timeoutSeconds = 1)
  static class FailsByTheGateway {

    @Test
    void noCommand(TestGateway gateway) {
      gateway.awaitCommand();
    }
  }

  @Test
  void aFailureOfTheGatewaySaysItOnce() {
    Throwable failure = failureOf(run(FailsByTheGateway.class));

    assertThat(failure)
        .isInstanceOf(AssertionError.class)
        .hasMessageEndingWith("what the gateway saw:\n  nothing: no connection came")
        .hasNoSuppressedExceptions();
  }

  @LocalGatewayTest
  static class Aborts {

    @Test
    void byAnAssumption(TestGateway gateway) {
      Assumptions.assumeTrue(gateway.shards() > 1, "the test's own");
    }

    @Test
    void withoutAGateway() {
      throw new IllegalStateException("the test's own");
    }
  }

  @Test
  void aTestThatAskedForNoGatewayIsLeftAlone() {
    EngineExecutionResults results = run(Aborts.class);

    results.testEvents().assertStatistics(events -> events.aborted(1).failed(1));
    assertThat(failureOf(results)).hasNoSuppressedExceptions();
  }

  @LocalGatewayTest(token = "of the annotation", customizer = Customizer.class)
  static class Customized {

    @Test
    void isCustomized(TestGateway gateway) {
      assertThat(gateway.token()).isEqualTo("of the customizer");
    }
  }

  static final class Customizer implements LocalGatewayCustomizer {

    @Override
    public void customize(LocalGateway.Builder builder) {
      builder
          .token("of the customizer")
          .server(server -> server.reconnectGrace(Duration.ofMillis(1)));
    }
  }

  @Test
  void theGatewayCanBeChangedBeforeItStarts() {
    run(Customized.class).testEvents().assertStatistics(events -> events.succeeded(1));
  }

  static class BadSettings {

    @Test
    @LocalGatewayTest(shards = 0)
    void shards(TestGateway gateway) {}

    @Test
    @LocalGatewayTest(maxConcurrency = -1)
    void maxConcurrency(TestGateway gateway) {}

    @Test
    @LocalGatewayTest(timeoutSeconds = 0)
    void timeoutSeconds(TestGateway gateway) {}

    @Test
    @LocalGatewayTest(guildsPerShard = 0)
    void guildsPerShard(TestGateway gateway) {}

    @Test
    @LocalGatewayTest(identifyWindowMillis = 0)
    void identifyWindow(TestGateway gateway) {}

    @Test
    @LocalGatewayTest(sessionStarts = -1)
    void sessionStarts(TestGateway gateway) {}

    @Test
    @LocalGatewayTest(heartbeatIntervalMillis = 0)
    void heartbeatInterval(TestGateway gateway) {}

    @Test
    @LocalGatewayTest(token = "")
    void token(TestGateway gateway) {}
  }

  @Test
  void aSettingThatIsOutOfRangeIsTold() {
    EngineExecutionResults results = run(BadSettings.class);

    assertThat(failuresOf(results))
        .extracting(failure -> failure.getMessage().replaceFirst(".*]: ", ""))
        .containsExactlyInAnyOrder(
            "shards: 0 (expected: >= 1)",
            "maxConcurrency: -1 (expected: >= 0)",
            "timeoutSeconds: 0 (expected: >= 1)",
            "guildsPerShard: 0 (expected: 1..2500)",
            "identifyWindow: PT0S (expected: > 0, <= 36500 days)",
            "sessionStartTotal: -1 (expected: >= 0)",
            "heartbeatInterval: PT0S (expected: > 0, <= 36500 days)",
            "token: empty (expected: a bot token)");
  }

  private static EngineExecutionResults run(Class<?> tests) {
    return EngineTestKit.engine("junit-jupiter").selectors(selectClass(tests)).execute();
  }

  private static Throwable failureOf(EngineExecutionResults results) {
    List<Throwable> failures = failuresOf(results);
    assertThat(failures).hasSize(1);
    return failures.get(0);
  }

  private static List<Throwable> failuresOf(EngineExecutionResults results) {
    return results.testEvents().failed().stream()
        .map(event -> event.getRequiredPayload(TestExecutionResult.class))
        .map(result -> result.getThrowable().orElseThrow())
        .toList();
  }
}
