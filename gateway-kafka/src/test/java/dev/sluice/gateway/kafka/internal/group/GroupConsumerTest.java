package dev.sluice.gateway.kafka.internal.group;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.kafka.internal.node.ClientProperties;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class GroupConsumerTest {

  @Test
  void theGroupsConsumerIsAsTheFleetNeedsIt() {
    GroupSettings settings =
        new GroupSettings(
            "bot.shards.1",
            2,
            Duration.ofSeconds(6),
            Duration.ofSeconds(30),
            Duration.ofMinutes(5),
            false);
    ClientProperties clients = new ClientProperties(Map.of("bootstrap.servers", "127.0.0.1:1"));

    assertThat(GroupConsumer.properties(settings, "pod-0", clients.consumer("shards-1")))
        .containsEntry("group.id", "bot.shards.1")
        .containsEntry("group.protocol", "classic")
        .containsEntry("group.instance.id", "pod-0")
        .containsEntry("session.timeout.ms", 6_000)
        .containsEntry("heartbeat.interval.ms", 300)
        .containsEntry("max.poll.interval.ms", 90_000)
        .containsEntry("auto.offset.reset", "earliest");
  }
}
