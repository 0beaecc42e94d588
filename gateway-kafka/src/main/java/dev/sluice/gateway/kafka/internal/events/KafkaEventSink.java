package dev.sluice.gateway.kafka.internal.events;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.group.Checkpoints;
import dev.sluice.gateway.kafka.internal.group.ShardOwnership;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.InFlightEvents;
import dev.sluice.gateway.netty.Shard;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the events of the shards of one generation to a topic, and keeps their sessions in step
 * with it. Thread-safe.
 *
 * <p>An event loop copies the event and hands it to a thread of the sink, no more. How much waits
 * there is bounded by {@link InFlightEvents}: while the broker does not take events, the shards
 * stop reading and the gateway keeps what comes.
 */
public final class KafkaEventSink implements EventSink, Checkpoints, AutoCloseable {

  private final EventPublisher publisher;
  private final @Nullable Checkpoints groupCheckpoints; // null if the sink writes them
  private final InFlightEvents inFlight;
  private final FleetCounters counters;
  private final AtomicReferenceArray<@Nullable EventSource> sources; // by shard id
  private final AtomicReferenceArray<@Nullable SessionOrder> orders; // by shard id
  private volatile boolean open;

  KafkaEventSink(
      EventPublisher publisher,
      @Nullable Checkpoints groupCheckpoints,
      InFlightEvents inFlight,
      FleetCounters counters,
      int shards,
      boolean open) {
    this.publisher = publisher;
    this.groupCheckpoints = groupCheckpoints;
    this.inFlight = inFlight;
    this.counters = counters;
    this.sources = new AtomicReferenceArray<>(shards);
    this.orders = new AtomicReferenceArray<>(shards);
    this.open = open;
  }

  /**
   * Makes a sink and starts its thread. It needs no broker yet.
   *
   * @param settings how it publishes
   * @param properties the application's for Kafka's clients
   * @param shards how many shards the generation has
   * @param open whether events are published from the start; if not, {@link #open} begins that
   * @param ownership which shards are here
   * @param groupCheckpoints writes sessions when the guarantee is at least once
   * @param inFlight the bounds
   * @param counters counts what was published
   */
  public static KafkaEventSink start(
      SinkSettings settings,
      Map<String, ?> properties,
      int shards,
      boolean open,
      ShardOwnership ownership,
      Checkpoints groupCheckpoints,
      InFlightEvents inFlight,
      FleetCounters counters) {
    Map<String, Object> producerProperties = settings.producerProperties(properties);
    Supplier<Producer<byte[], byte[]>> producers = () -> new KafkaProducer<>(producerProperties);
    boolean transactional = settings.exactlyOnce();
    EventPublisher publisher =
        transactional
            ? new TransactionPublisher(
                settings, ownership, counters, producers, InstantSource.system())
            : new AtLeastOncePublisher(settings, ownership, counters, producers, System::nanoTime);
    publisher.start();
    return new KafkaEventSink(
        publisher, transactional ? null : groupCheckpoints, inFlight, counters, shards, open);
  }

  /** Publishes the events from now on. Until then they are acknowledged and go nowhere. */
  public void open() {
    open = true;
  }

  /** {@return whether events are published} */
  boolean isOpen() {
    return open;
  }

  /** {@return how many events wait for the broker} */
  public long events() {
    return inFlight.events();
  }

  /** {@return how many bytes these have} */
  public long bytes() {
    return inFlight.bytes();
  }

  /** The group has another membership, or gave or took shards: what was refused is tried again. */
  public void ownershipChanged() {
    publisher.wakeUp();
  }

  @Override
  public boolean offer(Shard shard, Dispatch dispatch) {
    if (!open) {
      counters.gatedEvents.increment();
      return true;
    }
    EventSource source = source(shard, dispatch.sessionEpoch());
    CompletableFuture<Void> ended = null;
    if (groupCheckpoints != null
        && (dispatch.type() == EventType.READY || dispatch.type() == EventType.RESUMED)) {
      ended = new CompletableFuture<>();
      order(shard.id()).await(ended);
    }
    publisher.offer(new PendingEvent(inFlight.take(shard, dispatch), source, ended));
    return inFlight.readsOn(shard);
  }

  private EventSource source(Shard shard, int sessionEpoch) {
    EventSource known = sources.getPlain(shard.id().id());
    if (known != null && known.isOf(shard, sessionEpoch)) {
      return known;
    }
    EventSource source = new EventSource(shard, sessionEpoch, shard.currentSession());
    sources.set(shard.id().id(), source);
    return source;
  }

  /**
   * Writes a session behind the events that were offered before. The core acknowledges READY and
   * RESUMED at once, so that its session can be ahead of the topic by one of these: it waits.
   */
  @Override
  public CompletionStage<Boolean> store(GatewaySession session, long epoch) {
    if (groupCheckpoints == null) {
      return write(session.shard(), session, epoch);
    }
    return order(session.shard()).write(() -> groupCheckpoints.store(session, epoch));
  }

  @Override
  public CompletionStage<Boolean> remove(ShardId shard, long epoch) {
    return groupCheckpoints == null
        ? write(shard, null, epoch)
        : order(shard).write(() -> groupCheckpoints.remove(shard, epoch));
  }

  private SessionOrder order(ShardId shard) {
    return orders.updateAndGet(shard.id(), known -> known == null ? new SessionOrder() : known);
  }

  private CompletionStage<Boolean> write(
      ShardId shard, @Nullable GatewaySession session, long epoch) {
    SessionWrite write = new SessionWrite(shard, epoch, session, new CompletableFuture<>());
    publisher.offer(write);
    return write.written();
  }

  /** Lets the thread end; the shards have stopped, and what is left comes again elsewhere. */
  @Override
  public void stopped() {
    publisher.stop();
  }

  /** Ends the sink and waits for it, 10 s at the most. */
  @Override
  public void close() {
    publisher.close();
  }
}
