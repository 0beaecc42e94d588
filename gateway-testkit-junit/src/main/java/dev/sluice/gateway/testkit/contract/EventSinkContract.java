package dev.sluice.gateway.testkit.contract;

import static dev.sluice.gateway.testkit.contract.Waits.get;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link EventSink} has to do that takes events elsewhere: bring each there whole and in
 * the order of its shard, acknowledge it only then, and pause reading while the other side takes
 * nothing, so that no event is dropped, over a restart neither. The events are those of a local
 * gateway with two shards.
 */
public abstract class EventSinkContract {

  private static final int SHARDS = 2;
  private static final int EVENTS = 400; // at least, of each shard
  private static final Duration DRAIN = Duration.ofSeconds(10);

  private final SessionStore sessions = new DurableSessions();
  private final Gateway sent = new Gateway();
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  /** For the classes of implementations. */
  protected EventSinkContract() {}

  /**
   * {@return a new sink} Several of one test lead to the same place, as those of one process after
   * the other.
   *
   * @throws Exception if it cannot be made; the test fails
   */
  protected abstract EventSink sink() throws Exception;

  /** {@return what arrives where the sinks lead to, in the order in which it is found there} */
  protected abstract BlockingQueue<Arrival> arrivals();

  /**
   * Makes the place that the sinks lead to take nothing any more, without an error that would show.
   *
   * @throws Exception if that fails; the test fails
   */
  protected abstract void stall() throws Exception;

  /**
   * Lets it take events again.
   *
   * @throws Exception if that fails; the test fails
   */
  protected abstract void goOn() throws Exception;

  /**
   * Sets what the sink belongs with, if it is not for itself: the assignment of the two shards and
   * the session store of the manager that is made for the sink of the last {@link #sink()}. By
   * default both shards run there, and a store in memory is shared by all managers of a test.
   *
   * @param builder has everything else that the test needs
   * @throws Exception if that fails; the test fails
   */
  protected void configure(ShardManagerBuilder builder) throws Exception {
    builder.shards(SHARDS).sessionStore(sessions);
  }

  /** {@return the store that the managers keep sessions in; by default that in memory} */
  protected SessionStore sessions() {
    return sessions;
  }

  /**
   * One event where the sink brought it.
   *
   * @param shard which of how many
   * @param sequence its sequence in the session
   * @param type its name
   * @param data the bytes of {@code d}, between position and limit, which stay as they are
   */
  public record Arrival(ShardId shard, long sequence, String type, ByteBuffer data) {

    /** {@return what it is, without its bytes} */
    @Override
    public String toString() {
      return "shard "
          + shard
          + ": "
          + type
          + " #"
          + sequence
          + " of "
          + data.remaining()
          + " bytes";
    }
  }

  /**
   * Closes what the class of the implementation opened, after the test and after what it is tested
   * with was stopped. By default nothing.
   *
   * @throws Exception if that fails; the test fails
   */
  protected void close() throws Exception {}

  @AfterEach
  void closeAll() throws Exception {
    while (!opened.isEmpty()) {
      opened.pop().close();
    }
    close();
  }

  @Test
  void everyEventArrivesWholeInTheOrderOfItsShardAndIsAcknowledged() throws Exception {
    LocalGateway gateway = gateway();
    Gate sink = start(gateway, DRAIN);
    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 1, 2_000)));
    sent.awaitSent(EVENTS);
    get(gateway.stopTraffic());
    get(gateway.whenSent());

    List<Arrival> arrived = arrivals(1);

    for (ShardId shard : ids()) {
      assertSame(sent.of(shard), of(shard, arrived));
    }
    get(sink.manager().stop(StopMode.RESTART));
    for (ShardId shard : ids()) {
      assertEquals(sent.last(shard), storedSequence(shard));
    }
  }

  @Test
  void readingPausesWhileNothingIsTaken() throws Exception {
    LocalGateway gateway = gateway();
    Gate sink = start(gateway, DRAIN);
    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 2, 1_000)));
    sent.awaitSent(EVENTS / 4);

    stall();
    flood(gateway);
    sink.awaitPause();
    get(gateway.stopTraffic());
    goOn();
    get(gateway.whenSent());

    List<Arrival> arrived = arrivals(1);
    for (ShardId shard : ids()) {
      assertSame(sent.of(shard), of(shard, arrived));
    }
    assertEquals(SHARDS, sent.sessions());
  }

  @Test
  void aRestartLosesNothing() throws Exception {
    LocalGateway gateway = gateway();
    Gate first = start(gateway, DRAIN);
    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 3, 2_000)));
    sent.awaitSent(EVENTS / 2);

    get(first.manager().stop(StopMode.RESTART));
    start(gateway, DRAIN);

    sent.awaitSent(EVENTS);
    get(gateway.stopTraffic());
    get(gateway.whenSent());
    assertNothingIsMissing();
  }

  @Test
  void aStopWhileNothingIsTakenLosesNothing() throws Exception {
    LocalGateway gateway = gateway();
    Gate first = start(gateway, Duration.ofMillis(100));
    get(gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 4, 1_000)));
    sent.awaitSent(EVENTS / 4);
    stall();
    flood(gateway);
    first.awaitPause();
    get(gateway.stopTraffic());

    CompletionStage<Void> stopped = first.manager().stop(StopMode.RESTART);
    goOn();
    get(stopped);
    start(gateway, DRAIN);

    get(gateway.whenSent());
    assertNothingIsMissing();
  }

  /** More than a sink should keep in memory, in a second or two. */
  private static void flood(LocalGateway gateway) throws Exception {
    get(gateway.stopTraffic());
    get(
        gateway.startTraffic(
            Traffic.of(TrafficMix.NO_PRESENCES, 5, 2_000).withLargeEventEvery(50)));
  }

  /** Sequences that were not acknowledged come again, so some may have arrived twice. */
  private void assertNothingIsMissing() throws Exception {
    List<Arrival> arrived = arrivals(Integer.MAX_VALUE);
    for (ShardId shard : ids()) {
      assertSame(sent.of(shard), of(shard, arrived).stream().distinct().toList());
    }
  }

  /** Waits until every event that was sent has arrived; fails when one came too often. */
  private List<Arrival> arrivals(int times) throws InterruptedException {
    Set<Arrival> missing = sent.all();
    List<Arrival> arrived = new ArrayList<>();
    while (!missing.isEmpty()) {
      Arrival arrival = arrivals().poll(Waits.TIMEOUT_SECONDS, TimeUnit.SECONDS);
      assertNotNull(arrival, () -> missing.size() + " events did not arrive, one " + one(missing));
      if (arrival.type.equals("READY") || arrival.type.equals("RESUMED")) {
        continue; // the gateway does not count them as dispatched
      }
      assertTrue(missing.remove(arrival) || times > 1, () -> "one too many: " + arrival);
      arrived.add(arrival);
    }
    return arrived;
  }

  /** Tells the first difference, for the lists are long. */
  private static void assertSame(List<Arrival> sent, List<Arrival> arrived) {
    for (int i = 0; i < Math.min(sent.size(), arrived.size()); i++) {
      int index = i;
      assertEquals(sent.get(i), arrived.get(i), () -> "event " + index + " of the shard");
    }
    assertEquals(sent.size(), arrived.size(), "events of the shard");
  }

  private static Arrival one(Set<Arrival> some) {
    return some.iterator().next();
  }

  private static List<Arrival> of(ShardId shard, List<Arrival> arrived) {
    return arrived.stream().filter(arrival -> arrival.shard.equals(shard)).toList();
  }

  private static List<ShardId> ids() {
    return List.of(new ShardId(0, SHARDS), new ShardId(1, SHARDS));
  }

  private long storedSequence(ShardId shard) throws Exception {
    GatewaySession session = get(sessions().load(shard));
    assertNotNull(session, () -> "no session of shard " + shard);
    return session.sequence();
  }

  private LocalGateway gateway() {
    LocalGateway gateway =
        LocalGateway.builder()
            .listener(sent)
            .server(
                server ->
                    server
                        .shards(SHARDS)
                        .maxConcurrency(SHARDS)
                        .replayCapacity(100_000)
                        .replayMaxBytes(256 << 20))
            .start();
    opened.push(gateway);
    return gateway;
  }

  private Gate start(LocalGateway gateway, Duration drainTimeout) throws Exception {
    Gate gate = new Gate(sink());
    ShardManagerBuilder builder =
        ShardManager.builder(gateway.token(), Intents.all())
            .apiUri(gateway.apiUri())
            .drainTimeout(drainTimeout)
            .eventSink(gate);
    configure(builder);
    ShardManager manager = builder.build();
    opened.push(manager);
    gate.manager = manager;
    get(manager.start());
    return gate;
  }

  /** Stands before the sink and tells when it wants a pause. */
  private static final class Gate implements EventSink {

    private final EventSink sink;
    private boolean paused;
    private @Nullable ShardManager manager;

    Gate(EventSink sink) {
      this.sink = sink;
    }

    ShardManager manager() {
      return requireNonNull(manager);
    }

    @Override
    public boolean offer(Shard shard, Dispatch dispatch) throws Exception {
      boolean goOn = sink.offer(shard, dispatch);
      if (!goOn) {
        synchronized (this) {
          paused = true;
          notifyAll();
        }
      }
      return goOn;
    }

    synchronized void awaitPause() throws InterruptedException {
      Waits.await(this, () -> paused, () -> "the sink asked for no pause");
    }

    @Override
    public void stopped() {
      sink.stopped();
    }
  }

  /** What the gateway sent. */
  private static final class Gateway implements GatewayServerListener {

    private final List<Arrival> events = new ArrayList<>();
    private int sessions;

    @Override
    public synchronized void identified(ServerSession session) {
      sessions++;
      notifyAll();
    }

    @Override
    public synchronized void dispatched(
        ServerSession session, long sequence, String type, ByteBuffer d) {
      byte[] data = new byte[d.remaining()];
      d.duplicate().get(data);
      events.add(new Arrival(session.shard(), sequence, type, ByteBuffer.wrap(data)));
      notifyAll();
    }

    synchronized int sessions() {
      return sessions;
    }

    synchronized List<Arrival> of(ShardId shard) {
      return EventSinkContract.of(shard, events);
    }

    synchronized long last(ShardId shard) {
      List<Arrival> all = of(shard);
      return all.get(all.size() - 1).sequence;
    }

    synchronized Set<Arrival> all() {
      return new HashSet<>(events);
    }

    synchronized void awaitSent(int each) throws InterruptedException {
      Waits.await(
          this,
          () -> ids().stream().allMatch(shard -> of(shard).size() >= each),
          () -> events.size() + " events were sent, " + each + " of each shard were expected");
    }
  }
}
