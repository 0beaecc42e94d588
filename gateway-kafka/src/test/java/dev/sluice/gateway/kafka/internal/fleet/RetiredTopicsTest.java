package dev.sluice.gateway.kafka.internal.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

final class RetiredTopicsTest {

  private final List<String> tried = new ArrayList<>();
  private final Map<String, BooleanSupplier> outcomes = new HashMap<>();
  private long nowNanos;
  private final RetiredTopics retired =
      new RetiredTopics(this::delete, "bot", Runnable::run, Runnable::run, () -> nowNanos);

  private boolean delete(String topic) {
    tried.add(topic);
    return outcomes.getOrDefault(topic, () -> true).getAsBoolean();
  }

  private List<String> tick() {
    tried.clear();
    retired.tick();
    nowNanos += Duration.ofSeconds(5).toNanos();
    return tried;
  }

  @Test
  void aTopicIsDeletedOnce() {
    retired.add(3);

    assertThat(tick()).containsExactly("bot.shards.3");
    assertThat(tick()).isEmpty();
  }

  @Test
  void aTopicWithMembersIsTriedAgainLater() {
    outcomes.put("bot.shards.3", () -> false);
    retired.add(3);
    assertThat(tick()).hasSize(1);
    nowNanos--;
    assertThat(tick()).isEmpty();

    outcomes.clear();
    assertThat(tick()).containsExactly("bot.shards.3");
    assertThat(tick()).isEmpty();
  }

  @Test
  void aTopicWhoseGenerationRunsAgainIsKept() {
    retired.add(3);
    retired.keep(3);

    assertThat(tick()).isEmpty();
  }

  @Test
  void aFailureDoesNotKeepOthers() {
    outcomes.put(
        "bot.shards.3",
        () -> {
          throw new TimeoutException("no broker");
        });
    retired.add(3);
    retired.add(4);
    assertThat(tick()).containsExactly("bot.shards.3", "bot.shards.4");

    outcomes.clear();
    assertThat(tick()).containsExactly("bot.shards.3");
  }

  @Test
  void withoutThePermissionItIsGivenUp() {
    outcomes.put(
        "bot.shards.3",
        () -> {
          throw new TopicAuthorizationException("bot.shards.3");
        });
    retired.add(3);

    assertThat(tick()).hasSize(1);
    assertThat(tick()).isEmpty();
  }
}
