package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.Frames.concat;
import static dev.sluice.gateway.netty.Frames.event;
import static dev.sluice.gateway.netty.Frames.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.sluice.gateway.Dispatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class DispatchPublisherTest {

  private final EmbeddedShard shard = new EmbeddedShard();
  private final DispatchPublisher publisher = DispatchPublisher.create(4);
  private long sequence = 1; // READY's

  @AfterEach
  void close() {
    shard.channel.finishAndReleaseAll();
  }

  /** Writes down the signals. */
  private static final class Subscriber implements Flow.Subscriber<Dispatch> {

    final List<String> signals = new ArrayList<>();
    final List<Dispatch> dispatches = new ArrayList<>();
    Consumer<Dispatch> onNext = dispatch -> {};
    long initial;
    Flow.@Nullable Subscription subscription;

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      signals.add("subscribed");
      this.subscription = subscription;
      if (initial > 0) {
        subscription.request(initial);
        assertThat(dispatches).isEmpty(); // not before this has returned
      }
    }

    @Override
    public void onNext(Dispatch dispatch) {
      signals.add(dispatch.name());
      dispatches.add(dispatch);
      onNext.accept(dispatch);
    }

    @Override
    public void onError(Throwable failure) {
      signals.add(failure.getMessage());
    }

    @Override
    public void onComplete() {
      signals.add("complete");
    }

    Subscriber initially(long demand) {
      initial = demand;
      return this;
    }

    void request(long n) {
      Objects.requireNonNull(subscription).request(n);
    }

    void cancel() {
      Objects.requireNonNull(subscription).cancel();
    }
  }

  private void ready() {
    shard.sink = publisher;
    shard.ready();
  }

  private Subscriber subscribed(long demand) {
    Subscriber subscriber = new Subscriber().initially(demand);
    publisher.subscribe(subscriber);
    return subscriber;
  }

  private void in(String... names) {
    byte[][] events = new byte[names.length][];
    for (int i = 0; i < names.length; i++) {
      events[i] = text(event(names[i], ++sequence, "{}"));
    }
    shard.in(concat(events));
  }

  @Test
  void signalsNoMoreThanRequested() {
    ready();
    Subscriber subscriber = subscribed(2);
    in("A", "B", "C");
    assertThat(subscriber.signals).containsExactly("subscribed", "READY", "A");

    subscriber.request(1);
    assertThat(subscriber.signals).endsWith("A", "B");
    subscriber.request(Long.MAX_VALUE);
    subscriber.request(Long.MAX_VALUE);
    in("D", "E");

    assertThat(subscriber.signals).endsWith("B", "C", "D", "E");
    assertThat(shard.storedSequence()).isEqualTo(6);
  }

  @Test
  void demandOfARequestWithinOnNextIsServedWithoutRecursion() {
    ready();
    Subscriber subscriber = subscribed(0);
    int[] depth = {0};
    subscriber.onNext =
        dispatch -> {
          assertThat(++depth[0]).isEqualTo(1);
          subscriber.request(1);
          depth[0]--;
        };
    in("A", "B");

    subscriber.request(1);

    assertThat(subscriber.signals).containsExactly("subscribed", "READY", "A", "B");
  }

  @Test
  void withoutDemandTheShardStopsReadingAndReadsOnAtHalfOfTheBuffer() {
    ready();
    in("A", "B", "C", "D", "E", "F");
    assertThat(shard.channel.config().isAutoRead()).isFalse();
    assertThat(shard.storedSequence()).isEqualTo(1);

    Subscriber subscriber = subscribed(1);
    shard.run();
    assertThat(shard.channel.config().isAutoRead()).isFalse();
    subscriber.request(1);
    shard.run(); // two of four are left: two more are read
    assertThat(shard.channel.config().isAutoRead()).isFalse();
    subscriber.request(5);
    shard.run();

    assertThat(subscriber.signals)
        .containsExactly("subscribed", "READY", "A", "B", "C", "D", "E", "F");
    assertThat(shard.channel.config().isAutoRead()).isTrue();
    assertThat(shard.storedSequence()).isEqualTo(7);
  }

  @Test
  void aFloodFromOtherEventLoopsLeavesThisOneItsTurns() {
    ready();
    Subscriber subscriber = subscribed(Long.MAX_VALUE);
    int flood = 10_000;
    List<Integer> turns = new ArrayList<>();
    subscriber.onNext =
        dispatch -> {
          if (turns.isEmpty() && subscriber.dispatches.size() == 2) {
            shard.channel.eventLoop().execute(() -> turns.add(subscriber.dispatches.size()));
          }
          if (subscriber.dispatches.size() < flood) {
            publisher.offer(shard.shard, dispatch); // as others do meanwhile
          }
        };

    in("A");

    assertThat(turns).singleElement().satisfies(turn -> assertThat(turn).isLessThan(flood / 2));
    assertThat(subscriber.dispatches).hasSizeGreaterThanOrEqualTo(flood);
  }

  @Test
  void aDeferredEventWaitsForItsAcknowledgement() {
    ready();
    Subscriber subscriber = subscribed(Long.MAX_VALUE);
    subscriber.onNext = Dispatch::defer;
    in("A", "B");
    assertThat(shard.storedSequence()).isEqualTo(1);

    subscriber.dispatches.forEach(Dispatch::acknowledge);

    assertThat(shard.storedSequence()).isEqualTo(3);
  }

  @Test
  void acknowledgementsByHandAreTheSubscribers() {
    shard.acknowledgedByHand = true;
    ready();
    Subscriber subscriber = subscribed(Long.MAX_VALUE);
    in("A", "B");
    assertThat(subscriber.signals).endsWith("A", "B");
    assertThat(shard.storedSequence()).isEqualTo(1);

    subscriber.dispatches.forEach(Dispatch::acknowledge);

    assertThat(shard.storedSequence()).isEqualTo(3);
  }

  @Test
  void aSecondSubscriberIsRefused() {
    ready();
    Subscriber first = subscribed(1);
    Subscriber second = subscribed(1);
    in("A");

    assertThat(second.signals)
        .containsExactly(
            "subscribed", "subscribers: 1 already (expected: one at a time, until it cancels)");
    assertThat(first.signals).containsExactly("subscribed", "READY");
    first.request(1);
    assertThat(first.signals).endsWith("A");
  }

  @Test
  void afterACancelTheNextSubscriberGetsWhatIsLeft() {
    ready();
    Subscriber first = subscribed(Long.MAX_VALUE);
    first.onNext = dispatch -> first.cancel();
    in("A", "B", "C");
    assertThat(first.signals).containsExactly("subscribed", "READY", "A");
    first.request(1);
    assertThat(first.signals).hasSize(3);

    Subscriber second = subscribed(2);

    assertThat(second.signals).containsExactly("subscribed", "B", "C");
    assertThat(shard.storedSequence()).isEqualTo(4);
  }

  @Test
  void aRequestThatIsNotPositiveEndsTheSubscription() {
    ready();
    Subscriber subscriber = subscribed(0);

    subscriber.request(0);
    subscriber.request(1);
    in("A");

    assertThat(subscriber.signals).containsExactly("subscribed", "request: 0 (expected: >= 1)");
    assertThat(subscribed(2).signals).containsExactly("subscribed", "READY", "A");
  }

  @Test
  void aSubscriberThatThrowsCountsAsCancelled() {
    ready();
    Subscriber broken = subscribed(1);
    broken.onNext =
        dispatch -> {
          throw new IllegalStateException("broken subscriber");
        };
    in("A");
    broken.request(2);

    assertThat(broken.signals).containsExactly("subscribed", "READY", "A");
    assertThat(shard.storedSequence()).isEqualTo(2); // or the shard would stop reading one day
    in("B");
    assertThat(subscribed(9).signals).containsExactly("subscribed", "B");
    assertThat(shard.recorder.reconnects(0)).isEmpty();
  }

  @Test
  void completesWhenTheManagerHasStopped() {
    ready();
    Subscriber subscriber = subscribed(1);
    in("A");

    publisher.stopped();
    subscriber.request(1);

    assertThat(subscriber.signals).containsExactly("subscribed", "READY", "complete");
    assertThat(subscribed(1).signals).containsExactly("subscribed", "A", "complete");
  }

  @Test
  void refusesNullAndABufferOfNothing() {
    assertThatNullPointerException()
        .isThrownBy(() -> publisher.subscribe(null))
        .withMessage("subscriber");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DispatchPublisher.create(0))
        .withMessage("bufferSize: 0 (expected: >= 1)");
  }
}
