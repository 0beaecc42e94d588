package dev.sluice.gateway.kafka.internal.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.kafka.SharedBroker;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The topics of a fleet on a broker. */
@Tag("broker")
@Timeout(120)
final class TopicsBrokerTest {

  private final String application = "bot-" + UUID.randomUUID();
  private Admin admin;
  private Topics topics;

  @BeforeEach
  void open() throws Exception {
    admin = Admin.create(SharedBroker.properties("topics"));
    topics = new Topics(admin, application, (short) 1);
  }

  @AfterEach
  void close() {
    admin.close();
  }

  private Map<String, String> configs(String topic) throws Exception {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    Map<String, String> configs = new HashMap<>();
    admin
        .describeConfigs(List.of(resource))
        .all()
        .get(30, TimeUnit.SECONDS)
        .get(resource)
        .entries()
        .forEach(entry -> configs.put(entry.name(), entry.value()));
    return configs;
  }

  @Test
  void noLogGrowsForEver() throws Exception {
    assertThat(configs(topics.ensureFleet()))
        .containsEntry("cleanup.policy", "compact")
        .containsEntry("segment.bytes", "16777216");
    assertThat(configs(topics.ensureIdentify()))
        .containsEntry("cleanup.policy", "delete")
        .containsEntry("message.timestamp.type", "LogAppendTime")
        .containsEntry("retention.ms", "172800000")
        .containsEntry("retention.bytes", "-1")
        .containsEntry("segment.ms", "43200000");
    assertThat(configs(topics.ensureShards(1, 2)))
        .containsEntry("cleanup.policy", "delete")
        .containsEntry("message.timestamp.type", "LogAppendTime")
        .containsEntry("retention.ms", "3600000")
        .containsEntry("segment.ms", "3600000");
  }

  @Test
  void theGenerationsThatHaveATopicAreFoundAndOnesWithoutMembersDeleted() {
    topics.ensureShards(2, 1);
    topics.ensureShards(13, 1);
    topics.ensureFleet();
    assertThat(topics.generations()).containsExactlyInAnyOrder(2, 13);
    assertThat(topics.unusedGeneration(2)).isEqualTo(3);

    assertThat(topics.deleteUnused(Topics.shards(application, 13))).isTrue();
    assertThat(topics.deleteUnused(Topics.shards(application, 14))).isTrue();

    assertThat(topics.partitions(Topics.shards(application, 2))).isEqualTo(1);
  }
}
