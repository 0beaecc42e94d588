package dev.sluice.gateway.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.IdentifyLimiter.Permit;
import dev.sluice.testkit.brokers.KafkaBroker;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes that know of one another by the log alone, on a broker. */
@Tag("broker")
@Timeout(120)
final class KafkaIdentifyLimiterBrokerTest {

  private static final String TOPIC = "bot.identify";
  private static final int SHARDS = 6;
  private static final int MAX_CONCURRENCY = 3;

  @Test
  void nodesIdentifyAtThePaceOfTheGatewayTogether(@TempDir Path directory) throws Exception {
    FleetCounters counters = new FleetCounters();
    List<KafkaIdentifyLimiter> nodes = new ArrayList<>();
    try (KafkaBroker broker = KafkaBroker.start(directory)) {
      Map<String, Object> client = Map.of("bootstrap.servers", broker.bootstrapServers());
      try (Admin admin = Admin.create(client)) {
        admin
            .createTopics(
                List.of(
                    new NewTopic(TOPIC, 1, (short) 1)
                        .configs(Map.of("message.timestamp.type", "LogAppendTime"))))
            .all()
            .get(30, TimeUnit.SECONDS);
      }
      for (int node = 0; node < 3; node++) {
        KafkaIdentifyLimiter limiter = KafkaIdentifyLimiter.create(client, TOPIC, counters);
        nodes.add(limiter);
        limiter.open();
        limiter.start(() -> {});
        limiter.update(
            new GatewayBot(
                URI.create("wss://a.test"),
                SHARDS,
                1_000,
                1_000,
                Duration.ofHours(1),
                MAX_CONCURRENCY),
            MAX_CONCURRENCY,
            Duration.ZERO);
      }
      List<CompletableFuture<Long>> sent = new ArrayList<>();
      for (int shard = 0; shard < SHARDS; shard++) {
        // The two shards of a bucket are on different nodes.
        KafkaIdentifyLimiter node = nodes.get((shard + shard / MAX_CONCURRENCY) % 3);
        CompletableFuture<Permit> acquired =
            node.acquire(shard % MAX_CONCURRENCY, new ShardId(shard, SHARDS)).toCompletableFuture();
        sent.add(
            acquired.thenApply(
                permit -> {
                  assertThat(permit.expiryNanos()).isPositive();
                  long now = System.nanoTime();
                  permit.sent();
                  permit.answered();
                  return now;
                }));
      }

      for (int bucket = 0; bucket < MAX_CONCURRENCY; bucket++) {
        long one = sent.get(bucket).get(60, TimeUnit.SECONDS);
        long other = sent.get(bucket + MAX_CONCURRENCY).get(60, TimeUnit.SECONDS);
        assertThat(Math.abs(one - other)).isGreaterThanOrEqualTo(TimeUnit.SECONDS.toNanos(5));
      }
      assertThat(counters.grants.sum()).isEqualTo(SHARDS);
      nodes.forEach(KafkaIdentifyLimiter::close);
    }
  }
}
