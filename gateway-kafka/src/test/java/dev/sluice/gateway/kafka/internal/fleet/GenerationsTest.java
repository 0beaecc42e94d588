package dev.sluice.gateway.kafka.internal.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.kafka.internal.fleet.Generations.Run;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Nodes that share a log and run generations that do nothing. */
final class GenerationsTest {

  private record Entry(String key, @Nullable ObjectNode value) {}

  private final List<Entry> entries = new ArrayList<>();
  private final List<Node> nodes = new ArrayList<>();
  private static final long STEP_NANOS = Duration.ofSeconds(1).toNanos();
  private static final Duration SESSION_TIMEOUT = Duration.ofSeconds(30);

  private long nowNanos;
  private boolean loses; // what is appended

  /** A generation on a node. */
  private static final class FakeRun implements Run {
    final BitSet ready = new BitSet();
    final BitSet caughtUp = new BitSet();
    final CompletableFuture<Void> retiring = new CompletableFuture<>();
    boolean open;
    boolean retires;
    boolean brokersAway;

    @Override
    public BitSet ready() {
      return (BitSet) ready.clone();
    }

    @Override
    public void open() {
      open = true;
    }

    @Override
    public BitSet caughtUp() {
      return (BitSet) caughtUp.clone();
    }

    @Override
    public boolean areBrokersAway() {
      return brokersAway;
    }

    @Override
    public CompletionStage<Void> retire() {
      retires = true;
      return retiring;
    }
  }

  private final class Node implements Generations.Runner {
    final Map<Integer, FakeRun> runs = new TreeMap<>();
    final List<Integer> discarded = new ArrayList<>();
    final List<Integer> opened = new ArrayList<>();
    final Generations generations;
    int position;
    int failing;
    int gone;

    Node(String name, int gone) {
      this.gone = gone;
      generations =
          new Generations(
              name,
              this,
              GenerationsTest.this::append,
              () -> nowNanos,
              Runnable::run,
              SESSION_TIMEOUT);
      read();
      generations.begin();
    }

    void read() {
      while (position < entries.size()) {
        Entry entry = entries.get(position++);
        generations.onRecord(entry.key, entry.value);
      }
    }

    @Override
    public @Nullable Run start(int generation, int shards, boolean open) {
      if (generation == failing) {
        throw new IllegalStateException("no topic");
      }
      if (generation == gone) {
        return null;
      }
      FakeRun run = new FakeRun();
      run.open = open;
      runs.put(generation, run);
      return run;
    }

    @Override
    public void opened(int generation) {
      opened.add(generation);
    }

    @Override
    public void discard(int generation) {
      runs.remove(generation);
      discarded.add(generation);
    }

    void ready(int generation, int first, int last) {
      runs.get(generation).ready.set(first, last + 1);
    }
  }

  private CompletionStage<Void> append(String key, @Nullable ObjectNode value) {
    if (loses) {
      return CompletableFuture.failedStage(new IllegalStateException("no broker"));
    }
    entries.add(new Entry(key, value));
    return CompletableFuture.completedStage(null);
  }

  private Node start() {
    return start(0);
  }

  private Node start(int gone) {
    if (entries.isEmpty()) {
      entries.add(new Entry(Generations.CURRENT, Generations.record(1, 4)));
    }
    Node node = new Node("node-" + nodes.size(), gone);
    nodes.add(node);
    settle();
    return node;
  }

  /** Everyone looks and reads until nobody has anything more to say. */
  private void settle() {
    int before;
    do {
      before = entries.size();
      nodes.forEach(node -> node.generations.tick());
      nodes.forEach(Node::read);
    } while (entries.size() > before);
  }

  /** Lets time pass, in which the nodes look now and again. */
  private void advance(Duration time) {
    long until = nowNanos + time.toNanos();
    while (nowNanos < until) {
      nowNanos = Math.min(until, nowNanos + STEP_NANOS);
      settle();
    }
  }

  private Map<String, String> log() {
    Map<String, String> log = new LinkedHashMap<>();
    for (Entry entry : entries) {
      log.remove(entry.key);
      if (entry.value != null) {
        log.put(entry.key, entry.value.toString());
      }
    }
    return log;
  }

  /** Two nodes with two of four shards each; generation 2 of 8 shards starts. */
  private CompletableFuture<Void> twoNodesChange() {
    Node a = start();
    a.runs.get(1).caughtUp.set(0, 2);
    start().runs.get(1).caughtUp.set(2, 4);
    CompletableFuture<Void> done = a.generations.change(2, 8).toCompletableFuture();
    settle();
    return done;
  }

  @Test
  void oneGenerationIsOpenFromTheStart() {
    Node node = start();

    assertThat(node.runs).containsOnlyKeys(1);
    assertThat(node.runs.get(1).open).isTrue();
    assertThat(node.generations.isChanging()).isFalse();
    assertThat(node.generations.currentShards()).isEqualTo(4);
    assertThat(log()).containsOnlyKeys("current");
  }

  @Test
  void theNextGenerationStartsEverywhereWithItsGateClosed() {
    twoNodesChange();

    for (Node node : nodes) {
      assertThat(node.runs).containsOnlyKeys(1, 2);
      assertThat(node.runs.get(2).open).isFalse();
      assertThat(node.generations.isChanging()).isTrue();
      assertThat(node.generations.currentGeneration()).isEqualTo(1);
    }
  }

  @Test
  void itTakesOverWhenAllOfItsShardsAreReadySomewhere() {
    twoNodesChange();
    nodes.get(0).ready(2, 0, 4);
    nodes.get(1).ready(2, 5, 6);
    settle();
    assertThat(nodes.get(0).runs.get(2).open).isFalse();

    nodes.get(1).ready(2, 7, 7);
    settle();

    for (Node node : nodes) {
      assertThat(node.runs.get(2).open).isTrue();
      assertThat(node.opened).containsExactly(2);
      assertThat(node.runs.get(1).retires).isFalse();
      assertThat(node.generations.currentGeneration()).isEqualTo(2);
    }
  }

  @Test
  void theFormerOneGoesAfterTheOverlap() {
    CompletableFuture<Void> done = twoNodesChange();
    nodes.get(0).ready(2, 0, 4);
    nodes.get(1).ready(2, 5, 7);
    settle();

    advance(Generations.OVERLAP.minusMillis(1));
    assertThat(nodes.get(0).runs.get(1).retires).isFalse();
    advance(Duration.ofMillis(1));
    assertThat(nodes.get(0).runs.get(1).retires).isTrue();
    assertThat(nodes.get(1).runs.get(1).retires).isTrue();
    assertThat(done).isNotDone();
    nodes.get(0).runs.get(1).retiring.complete(null);
    settle();
    assertThat(done).isCompleted();
    nodes.get(1).runs.get(1).retiring.complete(null);
    settle();

    assertThat(nodes.get(0).discarded).containsExactly(1);
    assertThat(nodes.get(1).discarded).containsExactly(1);
    assertThat(nodes.get(1).runs).containsOnlyKeys(2);
    assertThat(log())
        .containsOnlyKeys("current", "next")
        .containsEntry("current", "{\"generation\":2,\"shards\":8}");
  }

  @Test
  void theFormerOneStaysWhileAShardOfTheNewOneIsNotOpen() {
    twoNodesChange();
    nodes.get(0).ready(2, 0, 4);
    nodes.get(1).ready(2, 5, 7);
    nodes.get(0).generations.tick(); // the two report
    nodes.get(1).generations.tick();
    nodes.get(0).runs.get(2).ready.clear(3); // and one is gone before it was opened
    settle();
    advance(Duration.ofMinutes(5));
    assertThat(nodes.get(0).runs.get(2).open).isTrue();
    assertThat(nodes.get(0).runs.get(1).retires).isFalse();

    nodes.get(1).ready(2, 3, 3);
    settle();
    advance(Generations.OVERLAP.plusSeconds(1));

    assertThat(nodes.get(0).runs.get(1).retires).isTrue();
  }

  @Test
  void aShardThatDoesNotReadIsWaitedForSomeTime() {
    twoNodesChange();
    nodes.get(0).ready(2, 0, 7);
    nodes.get(1).runs.get(1).caughtUp.clear(3);
    nodes.get(1).runs.get(1).brokersAway = true;
    settle();

    advance(Generations.MAX_BEHIND.plus(SESSION_TIMEOUT).minusMillis(1));
    assertThat(nodes.get(0).runs.get(1).retires).isFalse();
    advance(Duration.ofMillis(1));
    assertThat(nodes.get(0).runs.get(1).retires).isTrue();
    assertThat(nodes.get(1).runs.get(1).retires).isFalse();
    nodes.get(1).runs.get(1).brokersAway = false;
    settle();
    assertThat(nodes.get(1).runs.get(1).retires).isTrue();
  }

  @Test
  void whatADeadNodeHadIsWaitedForUntilOthersHaveIt() {
    twoNodesChange();
    nodes.get(0).ready(2, 0, 4);
    nodes.get(1).ready(2, 5, 7);
    settle();
    assertThat(nodes.get(0).runs.get(2).open).isTrue();

    advance(Duration.ofSeconds(2));
    nodes.remove(1); // dead, having said that all is open and caught up
    advance(Duration.ofSeconds(12));
    assertThat(nodes.get(0).runs.get(1).retires).isFalse();
    nodes.get(0).ready(2, 5, 7);
    advance(Duration.ofSeconds(2));
    assertThat(nodes.get(0).runs.get(1).retires).isFalse();
    nodes.get(0).runs.get(1).caughtUp.set(2, 4);
    advance(Duration.ofSeconds(2));

    assertThat(nodes.get(0).runs.get(1).retires).isTrue();
  }

  @Test
  void aNodeThatStartsInTheMidstRunsBoth() {
    twoNodesChange();
    Node late = start();
    assertThat(late.runs).containsOnlyKeys(1, 2);
    assertThat(late.runs.get(1).open).isTrue();
    assertThat(late.runs.get(2).open).isFalse();

    late.ready(2, 0, 7);
    settle();
    assertThat(late.runs.get(2).open).isTrue();
    Node later = start();

    assertThat(later.runs).containsOnlyKeys(1, 2);
    assertThat(later.runs.get(1).open).isTrue();
    assertThat(later.runs.get(2).open).isTrue();
  }

  @Test
  void aNodeThatStartsAfterwardsRunsTheNewOneAlone() {
    theFormerOneGoesAfterTheOverlap();

    Node late = start();

    assertThat(late.runs).containsOnlyKeys(2);
    assertThat(late.runs.get(2).open).isTrue();
  }

  @Test
  void aNodeThatWasSlowRetiresWhatTheOthersHaveRetired() {
    twoNodesChange();
    nodes.get(0).ready(2, 0, 7);
    Node slow = nodes.remove(1);
    settle();
    advance(Generations.OVERLAP);
    nodes.get(0).runs.get(1).retiring.complete(null);
    settle();
    assertThat(slow.runs.get(1).retires).isFalse();

    nodes.add(slow);
    settle();

    assertThat(slow.runs.get(2).open).isTrue();
    assertThat(slow.runs.get(1).retires).isTrue();
  }

  @Test
  void whatASlowNodeSaysOfARetiredGenerationIsTakenBack() {
    theFormerOneGoesAfterTheOverlap();

    entries.add(new Entry(Generations.CURRENT, both()));
    settle();

    assertThat(log().get("current")).isEqualTo("{\"generation\":2,\"shards\":8}");
    assertThat(nodes.get(0).runs).containsOnlyKeys(2);
  }

  @Test
  void aChangeCanBeCancelledUntilItTakesOver() {
    CompletableFuture<Void> done = twoNodesChange();
    nodes.get(0).ready(2, 0, 6);
    settle();

    nodes.get(1).generations.cancel();
    settle();

    assertThat(nodes.get(0).runs.get(2).retires).isTrue();
    assertThatThrownBy(done::join).hasRootCauseInstanceOf(IllegalStateException.class);
    nodes.get(0).runs.get(2).retiring.complete(null);
    settle();
    assertThat(nodes.get(0).runs).containsOnlyKeys(1);
    assertThat(nodes.get(0).runs.get(1).open).isTrue();
    assertThat(nodes.get(0).generations.isChanging()).isFalse();
    assertThat(log()).doesNotContainKey("ready/2/node-0");
  }

  @Test
  void anotherChangeTakesThePlaceOfOneThatIsUnderWay() {
    CompletableFuture<Void> done = twoNodesChange();
    nodes.get(1).generations.change(3, 16);
    settle();

    assertThat(done).isCompletedExceptionally();
    assertThat(nodes.get(0).runs.get(2).retires).isTrue();
    assertThat(nodes.get(0).runs.get(3).open).isFalse();
    assertThat(nodes.get(0).generations.highestGeneration()).isEqualTo(3);
  }

  @Test
  void twoChangesAtTheSameTimeCancelEachOther() {
    CompletableFuture<Void> first = twoNodesChange();
    nodes.get(0).ready(2, 0, 6);
    CompletableFuture<Void> second = nodes.get(1).generations.change(2, 16).toCompletableFuture();
    settle();

    assertThat(first).isCompletedExceptionally();
    assertThat(second).isCompletedExceptionally();
    for (Node node : nodes) {
      assertThat(node.runs.get(2).retires).isTrue();
      node.runs.get(2).retiring.complete(null);
      assertThat(node.generations.isChanging()).isFalse();
    }
    assertThat(start().runs).containsOnlyKeys(1);
    assertThat(log().get("next")).isEqualTo("{\"generation\":2,\"shards\":0}");
    assertThat(nodes.get(0).generations.highestGeneration()).isEqualTo(2);
  }

  @Test
  void anotherLifeUnderTheSameNameTakesBackWhatTheFirstSaid() {
    twoNodesChange();
    nodes.get(0).ready(2, 0, 3);
    settle();
    nodes.clear();
    Node again = start(); // node-0 once more
    assertThat(log()).containsKey("ready/2/node-0");

    again.generations.cancel();
    settle();
    again.runs.get(2).retiring.complete(null);
    settle();

    assertThat(log()).containsOnlyKeys("current", "next");
  }

  @Test
  void theNumberOfACancelledGenerationIsNotGivenAgain() {
    twoNodesChange();
    nodes.get(1).generations.cancel();
    settle();

    assertThat(nodes.get(0).generations.highestGeneration()).isEqualTo(2);
    assertThat(start().generations.highestGeneration()).isEqualTo(2);
    assertThat(nodes.get(2).runs).containsOnlyKeys(1);
  }

  @Test
  void aGenerationThatTakesOverAtTheMomentWhenItIsCancelledRunsAgain() {
    twoNodesChange();
    Node node = nodes.get(0);
    FakeRun first = node.runs.get(2);
    entries.add(new Entry(Generations.NEXT, Generations.cancelled(2)));
    entries.add(new Entry(Generations.CURRENT, both()));
    settle();
    assertThat(first.retires).isTrue();

    first.retiring.complete(null);
    settle();

    assertThat(node.runs.get(2)).isNotSameAs(first);
    assertThat(node.runs.get(2).open).isTrue();
    assertThat(node.discarded).isEmpty();
    advance(Duration.ofMinutes(10));
    assertThat(node.runs.get(1).retires).isFalse();
  }

  private static ObjectNode both() {
    return Generations.record(2, 8)
        .put(Generations.PREVIOUS, 1)
        .put(Generations.PREVIOUS_SHARDS, 4);
  }

  @Test
  void whatASlowNodeSaysOfAFormerGenerationIsTakenBack() {
    theFormerOneGoesAfterTheOverlap();

    entries.add(new Entry(Generations.CURRENT, Generations.record(1, 4)));
    settle();

    assertThat(log().get("current")).isEqualTo("{\"generation\":2,\"shards\":8}");
    assertThat(start().runs).containsOnlyKeys(2);
  }

  @Test
  void whatDidNotReachTheLogIsSaidAgain() {
    twoNodesChange();
    loses = true;
    nodes.get(0).ready(2, 0, 7);
    advance(Duration.ofSeconds(5));
    loses = false;
    advance(Duration.ofSeconds(10));
    assertThat(nodes.get(0).runs.get(2).open).isTrue();

    advance(Duration.ofSeconds(4));
    loses = true;
    advance(Duration.ofMinutes(2));
    nodes.get(0).runs.get(1).retiring.complete(null);
    nodes.get(1).runs.get(1).retiring.complete(null);
    settle();
    assertThat(nodes.get(0).generations.isChanging()).isTrue();
    loses = false;
    advance(Duration.ofSeconds(10));

    assertThat(log().get("current")).isEqualTo("{\"generation\":2,\"shards\":8}");
    assertThat(nodes.get(0).generations.isChanging()).isFalse();
  }

  @Test
  void aChangeThatDoesNotReachTheLogFails() {
    Node node = start();
    loses = true;

    CompletableFuture<Void> done = node.generations.change(2, 8).toCompletableFuture();

    assertThatThrownBy(done::join).hasMessageContaining("no broker");
  }

  @Test
  void theFirstGenerationIsWrittenUntilTheLogHasIt() {
    entries.add(new Entry("presence", null));
    Node node = start();
    assertThat(node.runs).isEmpty();
    loses = true;

    node.generations.first(1, 4);
    advance(Duration.ofSeconds(3));
    assertThat(node.runs).containsOnlyKeys(1);
    loses = false;
    advance(Duration.ofSeconds(10));

    assertThat(log().get("current")).isEqualTo("{\"generation\":1,\"shards\":4}");
  }

  @Test
  void aFormerGenerationThatIsGoneWasRetired() {
    entries.add(new Entry(Generations.CURRENT, both())); // whose writers have all ended since

    Node node = start(1);

    assertThat(node.runs).containsOnlyKeys(2);
    assertThat(log().get("current")).isEqualTo("{\"generation\":2,\"shards\":8}");
    assertThat(node.generations.isChanging()).isFalse();
  }

  @Test
  void aGenerationThatFailsIsStartedAgainAndNotGivenUp() {
    twoNodesChange();
    nodes.get(1).ready(2, 0, 7);
    settle();
    Node node = nodes.get(0);
    FakeRun present = node.runs.get(2);
    FakeRun former = node.runs.get(1);

    node.generations.failed(2);
    node.generations.failed(1);
    node.generations.failed(3);
    assertThat(present.retires).isTrue();
    assertThat(former.retires).isTrue();
    present.retiring.complete(null);
    former.retiring.complete(null);
    advance(Duration.ofSeconds(10));

    assertThat(node.runs.get(1)).isNotSameAs(former);
    assertThat(node.runs.get(2)).isNotSameAs(present);
    assertThat(node.runs.get(2).open).isTrue();
    assertThat(node.discarded).isEmpty();
    assertThat(node.generations.isChanging()).isTrue();
  }

  @Test
  void nothingIsSaidThatWouldComeLate() {
    twoNodesChange();
    nodes.get(0).ready(2, 0, 3);
    nodes.get(1).ready(2, 4, 7);
    settle();
    nodes.forEach(node -> node.runs.get(2).brokersAway = true);
    int before = entries.size();

    advance(Duration.ofMinutes(1));

    assertThat(entries).hasSize(before);
  }

  @Test
  void aGenerationThatCannotRunHereIsTriedAgain() {
    Node node = start();
    node.failing = 2;
    node.generations.change(2, 8);
    settle();
    assertThat(node.runs).containsOnlyKeys(1);

    node.failing = 0;
    advance(Duration.ofSeconds(9));
    assertThat(node.runs).containsOnlyKeys(1);
    advance(Duration.ofSeconds(1));
    assertThat(node.runs).containsOnlyKeys(1, 2);
  }

  @Test
  void aNodeWhosePresentGenerationCannotRunDoesNotStart() {
    Generations.Runner runner =
        new Generations.Runner() {
          @Override
          public Run start(int generation, int shards, boolean open) {
            throw new IllegalStateException("no topic");
          }

          @Override
          public void opened(int generation) {}

          @Override
          public void discard(int generation) {}
        };
    Generations generations =
        new Generations("a", runner, this::append, () -> nowNanos, Runnable::run, SESSION_TIMEOUT);
    generations.onRecord(Generations.CURRENT, Generations.record(1, 4));

    assertThatIllegalStateException().isThrownBy(generations::begin).withMessage("no topic");
  }

  @Test
  void aStoppedNodeDoesAndSaysNothing() {
    CompletableFuture<Void> done = twoNodesChange();
    Node stopped = nodes.get(0);
    stopped.generations.stop();
    nodes.get(1).ready(2, 0, 7);
    settle();
    advance(Duration.ofHours(1));

    assertThat(done).isCompletedExceptionally();
    assertThat(stopped.runs.get(2).open).isFalse();
    assertThat(stopped.runs.get(1).retires).isFalse();
  }

  @Test
  void recordsOfOthersAreLeftAlone() {
    Node node = start();
    ObjectNode value = Generations.record(7, 7);
    node.generations.onRecord("presence", value);
    node.generations.onRecord("ready/x/y", value);
    node.generations.onRecord("open/", value);
    node.generations.onRecord(Generations.CURRENT, Generations.record(0, 0));

    assertThat(node.runs).containsOnlyKeys(1);
  }
}
