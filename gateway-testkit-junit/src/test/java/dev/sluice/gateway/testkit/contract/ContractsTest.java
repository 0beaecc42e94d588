package dev.sluice.gateway.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.CommandSource;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.IdentifyLimiter;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardAssignment;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.testkit.engine.EngineTestKit;

/** The contracts find mistakes that implementations make. */
final class ContractsTest {

  /** Those of some tests that fail. What else would fail only waits longer for it. */
  private static List<String> failures(Class<?> tests, String... methods) {
    return EngineTestKit.engine("junit-jupiter")
        .selectors(
            Stream.of(methods)
                .map(method -> selectMethod(tests, method))
                .toArray(DiscoverySelector[]::new))
        .execute()
        .testEvents()
        .failed()
        .map(event -> event.getTestDescriptor().getDisplayName().replace("()", ""))
        .toList();
  }

  private static void assertFails(Class<?> tests, String... methods) {
    assertThat(failures(tests, methods)).containsExactlyInAnyOrder(methods);
  }

  @Test
  void aStoreThatDoesNotFence() {
    assertFails(
        Unfenced.class,
        "refusesAFormerOwner",
        "refusesAFormerOwnerThatIsRightBehindTheNewOne",
        "aRemovalFencesToo");
  }

  static final class Unfenced extends SessionStoreContract {

    private final SessionStore store = new MapStore();

    @Override
    protected SessionStore store() {
      return store;
    }

    @Override
    protected boolean durable() {
      return true;
    }
  }

  private static final class MapStore implements SessionStore {

    private final Map<ShardId, GatewaySession> sessions = new ConcurrentHashMap<>();

    @Override
    public CompletionStage<@Nullable GatewaySession> load(ShardId shard) {
      return CompletableFuture.completedStage(sessions.get(shard));
    }

    @Override
    public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
      sessions.put(session.shard(), session);
      return CompletableFuture.completedStage(true);
    }

    @Override
    public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
      sessions.remove(shard);
      return CompletableFuture.completedStage(true);
    }
  }

  @Test
  void assignmentsThatKnowNothingOfEachOther() {
    assertFails(
        Alone.class, "theOthersGetTheShardsOfOneThatStops", "epochsRiseFromOneOwnerToTheNext");
  }

  static final class Alone extends MovingAssignmentContract {

    @Override
    protected ShardAssignment assignment() {
      Coordinator alone = new Coordinator(plan());
      return alone.member();
    }
  }

  @Test
  void anAssignmentThatDoesNotWaitForTheOwner() {
    assertFails(Hasty.class, "aShardThatIsStoppedSlowlyGoesElsewhereOnlyThen");
  }

  static final class Hasty extends BalancingAssignmentContract {

    private final Coordinator coordinator = new Coordinator(plan(), Duration.ZERO);

    @Override
    protected ShardAssignment assignment() {
      return coordinator.member();
    }

    @Override
    protected void takeForDead(ShardAssignment assignment) {
      coordinator.takeForDead(assignment);
    }

    @Override
    protected void close() {
      coordinator.close();
    }
  }

  @Test
  void aLimiterThatDoesNotLimit() {
    assertFails(
        Unlimited.class,
        "oneOfABucketAtATimeAndBucketsApart",
        "permitsThatWereSentAreAWindowApart",
        "whatIsReleasedTwiceLetsOneGo");
  }

  static final class Unlimited extends IdentifyLimiterContract {

    @Override
    protected List<IdentifyLimiter> limiters() {
      return List.of(
          (bucket, shard) ->
              CompletableFuture.completedStage(
                  new IdentifyLimiter.Permit() {
                    @Override
                    public void sent() {}

                    @Override
                    public void release() {}
                  }));
    }
  }

  @Test
  void aSourceThatIsNotBoundedAndDoesNotExpectFailures() {
    assertFails(Reckless.class, "keepsABoundedNumberInFlight", "goesOnWhateverBecomesOfACommand");
  }

  static final class Reckless extends CommandSourceContract {

    private CommandSource.@Nullable Sink sink;

    @Override
    protected CommandSource source() {
      return new CommandSource() {
        @Override
        public void start(Sink started) {
          sink = started;
        }

        @Override
        public void stop() {}
      };
    }

    @Override
    protected void put(ShardId shard, GatewayCommand command) {
      sink.send(shard, command);
    }

    @Override
    protected int maxInFlight() {
      return 2;
    }
  }

  @Test
  void aSinkThatChangesTheOrder() {
    assertFails(Disorderly.class, "everyEventArrivesWholeInTheOrderOfItsShardAndIsAcknowledged");
  }

  static final class Disorderly extends EventSinkContract {

    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();

    @Override
    protected EventSink sink() {
      return new EventSink() {
        private @Nullable Arrival keptBack;

        @Override
        public synchronized boolean offer(Shard shard, Dispatch dispatch) {
          Arrival arrival =
              new Arrival(shard.id(), dispatch.sequence(), dispatch.name(), dispatch.copy().data());
          if (dispatch.sequence() == 10 && shard.id().id() == 0) {
            keptBack = arrival;
            return true;
          }
          arrivals.add(arrival);
          if (keptBack != null) {
            arrivals.add(keptBack);
            keptBack = null;
          }
          return true;
        }
      };
    }

    @Override
    protected BlockingQueue<Arrival> arrivals() {
      return arrivals;
    }

    @Override
    protected void stall() {}

    @Override
    protected void goOn() {}
  }
}
