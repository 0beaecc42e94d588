package dev.sluice.gateway.kafka.internal.identify;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.kafka.SharedBroker;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.IdentifyLimiter;
import dev.sluice.gateway.testkit.contract.IdentifyLimiterContract;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What every limiter has to do, by two nodes that share a log on a broker. */
@Tag("broker")
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT) // each waits for the window of silence of a new log
final class KafkaIdentifyLimiterContractTest extends IdentifyLimiterContract {

  private final List<KafkaIdentifyLimiter> nodes = new ArrayList<>();

  @BeforeEach
  void open() throws Exception {
    String topic = "identify-" + UUID.randomUUID();
    Map<String, Object> properties = SharedBroker.properties("limiter");
    try (Admin admin = Admin.create(properties)) {
      NewTopic log = new NewTopic(topic, 1, (short) 1);
      log.configs(Map.of("message.timestamp.type", "LogAppendTime"));
      admin.createTopics(List.of(log)).all().get(60, TimeUnit.SECONDS);
    }
    for (int node = 0; node < 2; node++) {
      KafkaIdentifyLimiter limiter =
          KafkaIdentifyLimiter.create(properties, topic, new FleetCounters());
      nodes.add(limiter);
      limiter.open();
      limiter.start(() -> {});
      limiter.update(
          new GatewayBot(URI.create("wss://a.test"), 16, 1_000, 1_000, Duration.ofHours(1), 2),
          2,
          Duration.ZERO);
    }
  }

  @AfterEach
  void close() {
    nodes.forEach(KafkaIdentifyLimiter::close);
  }

  @Override
  protected List<? extends IdentifyLimiter> limiters() {
    return nodes;
  }
}
