package dev.sluice.gateway.kafka.internal.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

final class ReshardRequestTest {

  private final List<String> appended = new ArrayList<>();
  private CompletionStage<Void> answer = CompletableFuture.completedStage(null);

  private CompletionStage<Void> append(String key, ObjectNode value) {
    appended.add(key + ' ' + value);
    return answer;
  }

  private ReshardRequest change(int shards) {
    return ReshardRequest.change(shards, from -> from + 1, this::append); // one has a topic
  }

  private static ObjectNode both(int generation, int shards) {
    return Generations.record(generation, shards)
        .put(Generations.PREVIOUS, 1)
        .put(Generations.PREVIOUS_SHARDS, 8);
  }

  private static void assertFails(ReshardRequest request, Class<?> type, String message) {
    assertThatThrownBy(() -> request.done().toCompletableFuture().join())
        .hasCauseInstanceOf(type.asSubclass(Throwable.class))
        .hasMessageContaining(message);
  }

  @Test
  void aChangeIsDoneWhenTheFormerShardsAreGone() {
    ReshardRequest request = change(16);
    request.onRecord(Generations.CURRENT, Generations.record(1, 8));
    request.begin();
    assertThat(appended).containsExactly("next {\"generation\":3,\"shards\":16}");

    request.onRecord(Generations.NEXT, Generations.record(3, 16));
    request.onRecord("ready/3/a", Generations.record(1, 1));
    request.onRecord(Generations.CURRENT, both(3, 16));
    assertThat(request.done().toCompletableFuture()).isNotDone();
    request.onRecord(Generations.CURRENT, Generations.record(3, 16));

    assertThat(request.done().toCompletableFuture()).isCompleted();
  }

  @Test
  void aChangeFailsWhenItIsCancelledOrReplaced() {
    ReshardRequest request = change(16);
    request.onRecord(Generations.CURRENT, Generations.record(1, 8));
    request.begin();
    request.onRecord(Generations.NEXT, Generations.record(3, 16));

    request.onRecord(Generations.NEXT, null);

    assertFails(request, IllegalStateException.class, "generation 3: cancelled");
  }

  @Test
  void aChangeNeedsAFleetAndAnotherNumberAndNoOtherChange() {
    ReshardRequest none = change(16);
    none.begin();
    assertFails(none, IllegalStateException.class, "the fleet: none");

    ReshardRequest same = change(8);
    same.onRecord(Generations.CURRENT, Generations.record(1, 8));
    same.begin();
    assertFails(same, IllegalArgumentException.class, "shards: 8 (expected: not 8");

    ReshardRequest second = change(16);
    second.onRecord(Generations.CURRENT, Generations.record(1, 8));
    second.onRecord(Generations.NEXT, Generations.record(2, 9));
    second.begin();
    assertFails(second, IllegalStateException.class, "the number of shards changes");

    ReshardRequest early = change(16);
    early.onRecord(Generations.CURRENT, both(2, 9));
    early.begin();
    assertFails(early, IllegalStateException.class, "the number of shards changes");
    assertThat(appended).isEmpty();
  }

  @Test
  void aChangeFailsWhenItCannotBeAppended() {
    answer = CompletableFuture.failedStage(new IllegalStateException("no broker"));
    ReshardRequest request = change(16);
    request.onRecord(Generations.CURRENT, Generations.record(1, 8));
    request.begin();

    assertFails(request, IllegalStateException.class, "no broker");
  }

  @Test
  void aChangeThatIsUnderWayIsGivenUp() {
    ReshardRequest request = ReshardRequest.cancel(this::append);
    request.onRecord(Generations.CURRENT, Generations.record(1, 8));
    request.onRecord(Generations.NEXT, Generations.record(2, 16));
    request.begin();

    assertThat(appended).containsExactly("next {\"generation\":2,\"shards\":0}");
    assertThat(request.done().toCompletableFuture()).isCompleted();
  }

  @Test
  void theNumberOfACancelledChangeIsNotGivenAgain() {
    ReshardRequest request = change(16);
    request.onRecord(Generations.CURRENT, Generations.record(1, 8));
    request.onRecord(Generations.NEXT, Generations.cancelled(6));
    request.begin();

    assertThat(appended).containsExactly("next {\"generation\":8,\"shards\":16}");

    request.onRecord(Generations.NEXT, Generations.record(8, 16));
    request.onRecord(Generations.NEXT, Generations.cancelled(8));
    assertFails(request, IllegalStateException.class, "generation 8: cancelled");
  }

  @Test
  void thereHasToBeAChangeToGiveUp() {
    ReshardRequest none = ReshardRequest.cancel(this::append);
    none.onRecord(Generations.CURRENT, Generations.record(1, 8));
    none.begin();
    assertFails(none, IllegalStateException.class, "the number of shards does not change");

    ReshardRequest late = ReshardRequest.cancel(this::append);
    late.onRecord(Generations.CURRENT, both(2, 16));
    late.onRecord(Generations.NEXT, Generations.record(2, 16));
    late.begin();
    assertFails(late, IllegalStateException.class, "taken over already");
    assertThat(appended).isEmpty();
  }
}
