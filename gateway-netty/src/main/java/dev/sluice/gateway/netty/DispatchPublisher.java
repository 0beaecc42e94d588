package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.Dispatch;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jctools.queues.MpscUnboundedArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes the events of all shards as a reactive stream, whose demand reaches the gateway: while
 * the subscriber requests nothing, events wait here up to a bound, then the shards stop reading and
 * the gateway keeps them.
 *
 * <pre>{@code
 * DispatchPublisher publisher = DispatchPublisher.create();
 * publisher.subscribe(subscriber);
 * ShardManager manager = ShardManager.builder(token, intents).eventSink(publisher).build();
 * }</pre>
 *
 * <p>It has one subscriber at a time; another is refused with an {@link IllegalStateException}
 * until the first has cancelled, and then gets what the first left. Without a subscriber there is
 * no demand. The stream completes when the manager has stopped; events that are not delivered by
 * then were not acknowledged, and a resumed session brings them again.
 *
 * <p>Signals come one at a time, on an event loop or on the thread that requests, so a subscriber
 * does not block. The events are copies to keep. One is acknowledged when {@code onNext} returns,
 * unless it was deferred: by {@link Dispatch#defer()} within {@code onNext}, or beforehand by
 * {@link ShardManagerBuilder#acknowledgeByHand()}, which suits streams that go on asynchronously.
 *
 * <p>A subscriber that throws breaks the rules of reactive streams: that is logged, it counts as
 * cancelled, and an event that it threw at is acknowledged.
 *
 * <p>Thread-safe.
 */
public final class DispatchPublisher implements EventSink, Flow.Publisher<Dispatch> {

  /*
   * All signals are given by drain(), which one thread at a time runs: whoever has something to
   * tell it counts up `work`, and the one that found it at zero goes round until it is zero again.
   * Other event loops can keep it going for ever, so after some signals it hands its turn, not the
   * work, to the event loop of the shard that offered last, behind what that has to do.
   */

  private static final Logger log = LoggerFactory.getLogger(DispatchPublisher.class);
  private static final int DEFAULT_BUFFER = 256;
  private static final int SIGNALS_OF_A_TURN = 256;

  private final int bufferSize;
  private final MpscUnboundedArrayQueue<Dispatch> events;
  private final Queue<Shard> paused = new ConcurrentLinkedQueue<>();
  private final AtomicReference<@Nullable Subscription> current = new AtomicReference<>();
  private final AtomicInteger work = new AtomicInteger();
  private final NextTurn nextTurn = new NextTurn();
  private @Nullable Shard offeredLast; // told by counting up work; any of those that race will do
  private volatile boolean stopped;

  /** Goes on with the signals, on an event loop unless that has ended. */
  private final class NextTurn implements LoopContext.Task {

    @Override
    public void run() {
      takeTurn();
    }

    @Override
    public void refuse() {
      takeTurn();
    }
  }

  private DispatchPublisher(int bufferSize) {
    this.bufferSize = bufferSize;
    this.events = new MpscUnboundedArrayQueue<>(Math.max(2, Math.min(bufferSize, DEFAULT_BUFFER)));
  }

  /** {@return a publisher that lets 256 events wait for demand} */
  public static DispatchPublisher create() {
    return create(DEFAULT_BUFFER);
  }

  /**
   * {@return a publisher without a subscriber}
   *
   * @param bufferSize how many events may wait for demand before the shards stop reading, each at
   *     its next event; they read on at half of it. At least 1
   * @throws IllegalArgumentException if it is below 1
   */
  public static DispatchPublisher create(int bufferSize) {
    if (bufferSize < 1) {
      throw new IllegalArgumentException("bufferSize: " + bufferSize + " (expected: >= 1)");
    }
    return new DispatchPublisher(bufferSize);
  }

  /**
   * Lets a subscriber have the events from now on. Never throws but for null.
   *
   * @param subscriber the subscriber
   */
  @Override
  public void subscribe(Flow.Subscriber<? super Dispatch> subscriber) {
    Subscription subscription = new Subscription(requireNonNull(subscriber, "subscriber"));
    if (current.compareAndSet(null, subscription)) {
      drain();
    } else {
      subscription.refuse();
    }
  }

  @Override
  public boolean offer(Shard shard, Dispatch dispatch) {
    Dispatch copy = dispatch.copy();
    if (dispatch.isDeferred()) {
      copy.defer(); // to be acknowledged by hand
    } else {
      dispatch.defer();
    }
    events.offer(copy);
    offeredLast = shard;
    boolean full = events.size() >= bufferSize;
    if (full) {
      paused.add(shard);
    }
    drain();
    return !full; // if there is room again already, the order to read on comes behind this
  }

  @Override
  public void stopped() {
    stopped = true;
    drain();
  }

  private void drain() {
    if (work.getAndIncrement() == 0) {
      takeTurn();
    }
  }

  private void takeTurn() {
    int left = SIGNALS_OF_A_TURN;
    while (true) {
      int done = work.get();
      Subscription subscription = current.get();
      if (subscription != null) {
        left -= subscription.drain(left);
      }
      if (events.size() <= bufferSize / 2) {
        for (Shard shard = paused.poll(); shard != null; shard = paused.poll()) {
          shard.resumeReading();
        }
      }
      if (left <= 0) {
        Shard shard = offeredLast;
        if (shard != null && shard.context().offer(nextTurn)) {
          return;
        }
        left = SIGNALS_OF_A_TURN;
      } else if (work.addAndGet(-done) == 0) {
        return;
      }
    }
  }

  /** One subscriber's; its signals are given within {@link DispatchPublisher#drain()}. */
  private final class Subscription implements Flow.Subscription {

    private final Flow.Subscriber<? super Dispatch> subscriber;
    private final AtomicLong demand = new AtomicLong();
    private volatile @Nullable IllegalArgumentException misuse;
    private boolean begun;

    Subscription(Flow.Subscriber<? super Dispatch> subscriber) {
      this.subscriber = subscriber;
    }

    @Override
    public void request(long n) {
      if (n < 1) {
        misuse = new IllegalArgumentException("request: " + n + " (expected: >= 1)");
      } else {
        demand.accumulateAndGet(n, (had, more) -> had + more < 0 ? Long.MAX_VALUE : had + more);
      }
      DispatchPublisher.this.drain();
    }

    @Override
    public void cancel() {
      current.compareAndSet(this, null);
    }

    private boolean isCurrent() {
      return current.get() == this;
    }

    /** Tells that there is a subscriber already; nobody else signals this one. */
    void refuse() {
      try {
        subscriber.onSubscribe(this);
        subscriber.onError(
            new IllegalStateException(
                "subscribers: 1 already (expected: one at a time, until it cancels)"));
      } catch (RuntimeException e) {
        log.error("a subscriber that was refused failed", e);
      }
    }

    /** Gives the signals that are due, at most so many events of them; returns how many. */
    int drain(int most) {
      int signals = 0;
      try {
        if (!begun) {
          begun = true;
          subscriber.onSubscribe(this);
        }
        while (signals < most && isCurrent() && misuse == null && demand.get() > 0) {
          Dispatch next = events.poll();
          if (next == null) {
            break;
          }
          demand.updateAndGet(had -> had == Long.MAX_VALUE ? had : had - 1);
          signals++;
          signal(next);
        }
        IllegalArgumentException failure = misuse;
        if (failure != null && current.compareAndSet(this, null)) {
          subscriber.onError(failure);
        } else if (stopped && signals < most && current.compareAndSet(this, null)) {
          subscriber.onComplete();
        }
      } catch (Throwable e) {
        cancel();
        log.error("a subscriber failed: it counts as cancelled, and events wait for another", e);
      }
      return signals;
    }

    private void signal(Dispatch dispatch) {
      try {
        subscriber.onNext(dispatch);
      } catch (Throwable e) {
        dispatch.acknowledge(); // left open for ever it would one day stop its shard
        throw e;
      }
      if (!dispatch.isDeferred()) {
        dispatch.acknowledge();
      }
    }
  }
}
