package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.Frames.concat;
import static dev.sluice.gateway.netty.Frames.event;
import static dev.sluice.gateway.netty.Frames.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What becomes of an event between its shard and the application. */
@ExtendWith(LeakExtension.class)
final class EventDeliveryTest {

  private final EmbeddedShard shard = new EmbeddedShard();
  private final List<String> failures = new ArrayList<>();
  private final List<Dispatch> kept = new ArrayList<>();

  @AfterEach
  void close() {
    shard.channel.finishAndReleaseAll();
  }

  private long storedSequence() {
    CompletableFuture<Long> sequence =
        shard
            .shard
            .session()
            .thenApply(s -> Objects.requireNonNull(s).sequence())
            .toCompletableFuture();
    shard.run();
    return sequence.join();
  }

  private long figure(Figure figure) {
    return shard.context.figures.get(figure);
  }

  @Test
  void onlyEventsOfTheTypesWantedComeToTheSink() {
    shard.eventTypes = Set.of(EventType.TYPING_START, EventType.READY);
    shard.ready();

    shard.in(
        concat(
            text(event("MESSAGE_CREATE", 2, "{}")),
            text(event("TYPING_START", 3, "{}")),
            text(event("SOMETHING_NEW", 4, "{}"))));

    assertThat(shard.events()).containsExactly("READY", "TYPING_START");
    assertThat(figure(Figure.FILTERED_EVENTS)).isEqualTo(2);
    assertThat(storedSequence()).isEqualTo(4);
  }

  @Test
  void unknownStandsForEveryTypeWithoutAConstant() {
    shard.eventTypes = Set.of(EventType.UNKNOWN);
    shard.ready();

    shard.in(concat(text(event("TYPING_START", 2, "{}")), text(event("SOMETHING_NEW", 3, "{}"))));

    assertThat(shard.events()).containsExactly("SOMETHING_NEW");
  }

  @Test
  void filteredEventsAcknowledgeThemselvesEvenIfTheOthersAreAcknowledgedByHand() {
    shard.eventTypes = Set.of(EventType.TYPING_START);
    shard.acknowledgedByHand = true;
    shard.ready();

    shard.in(text(event("MESSAGE_CREATE", 2, "{}")));
    assertThat(storedSequence()).isEqualTo(2);
    shard.in(concat(text(event("TYPING_START", 3, "{}")), text(event("MESSAGE_CREATE", 4, "{}"))));
    assertThat(storedSequence()).isEqualTo(2);
  }

  @Test
  void acknowledgedByHandMeansByTheApplicationAlone() {
    shard.acknowledgedByHand = true;
    shard.sink =
        (from, dispatch) -> {
          kept.add(dispatch.copy());
          return true;
        };
    shard.ready();
    shard.in(concat(text(event("A", 2, "{}")), text(event("B", 3, "{}"))));
    assertThat(storedSequence()).isEqualTo(1);

    kept.get(2).acknowledge();
    assertThat(storedSequence()).isEqualTo(1);
    kept.get(1).acknowledge();
    assertThat(storedSequence()).isEqualTo(3);
  }

  private void failOn(String name, boolean acknowledge) {
    shard.exceptionHandler =
        (from, dispatch, cause) -> {
          failures.add(dispatch.name() + ": " + cause.getMessage());
          kept.add(dispatch.copy());
          return acknowledge;
        };
    shard.sink =
        (from, dispatch) -> {
          shard.recorder.offer(from, dispatch);
          if (dispatch.name().equals(name)) {
            throw new IOException("broken");
          }
          return true;
        };
  }

  @Test
  void whatTheHandlerThrowsGoesToTheExceptionHandler() {
    failOn("A", true);
    shard.ready();

    shard.in(concat(text(event("A", 2, "{}")), text(event("B", 3, "{}"))));

    assertThat(failures).containsExactly("A: broken");
    assertThat(figure(Figure.HANDLER_FAILURES)).isEqualTo(1);
    assertThat(shard.events()).containsExactly("READY", "A", "B");
    assertThat(storedSequence()).isEqualTo(3);
  }

  @Test
  void theExceptionHandlerMayLeaveTheEventUnacknowledged() {
    failOn("A", false);
    shard.ready();
    shard.in(concat(text(event("A", 2, "{}")), text(event("B", 3, "{}"))));
    assertThat(shard.events()).containsExactly("READY", "A", "B");
    assertThat(storedSequence()).isEqualTo(1);

    kept.get(0).acknowledge();

    assertThat(storedSequence()).isEqualTo(3);
  }

  @Test
  void anEventThatWasDeferredBeforeItsHandlerThrewIsAcknowledgedToo() {
    shard.acknowledgedByHand = true;
    failOn("A", true);
    shard.ready();

    shard.in(text(event("A", 2, "{}")));

    assertThat(storedSequence()).isEqualTo(1 + 1);
  }

  @Test
  void anExceptionHandlerThatThrowsHarmsNothing() {
    failOn("A", true);
    shard.exceptionHandler =
        (from, dispatch, cause) -> {
          throw new IllegalStateException("broken too");
        };
    shard.ready();

    shard.in(concat(text(event("A", 2, "{}")), text(event("B", 3, "{}"))));

    assertThat(figure(Figure.HANDLER_FAILURES)).isEqualTo(1);
    assertThat(shard.events()).containsExactly("READY", "A", "B");
    assertThat(storedSequence()).isEqualTo(3);
  }
}
