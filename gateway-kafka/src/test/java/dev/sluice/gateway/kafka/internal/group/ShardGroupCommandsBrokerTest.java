package dev.sluice.gateway.kafka.internal.group;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.SharedBroker;
import dev.sluice.gateway.kafka.internal.node.ClientProperties;
import dev.sluice.gateway.netty.CommandSource;
import dev.sluice.gateway.testkit.contract.CommandSourceContract;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What every source of commands has to do, by the partitions of a group on a broker. */
@Tag("broker")
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
final class ShardGroupCommandsBrokerTest extends CommandSourceContract {

  private BrokerGroups groups;
  private KafkaProducer<byte[], byte[]> producer;
  private CommandSource source;

  @BeforeEach
  void open() throws Exception {
    groups = new BrokerGroups(2);
    producer =
        new KafkaProducer<>(
            new ClientProperties(SharedBroker.properties("commands")).producer("test"));
    ShardGroup group = groups.member();
    source = group.commandSource();
    group.start(new BrokerGroups.Runner());
  }

  @Override
  protected CommandSource source() {
    return source;
  }

  @Override
  protected void put(ShardId shard, GatewayCommand command) throws Exception {
    producer
        .send(
            new ProducerRecord<>(groups.topic, shard.id(), null, command.toJson().getBytes(UTF_8)))
        .get(60, TimeUnit.SECONDS);
  }

  @Override
  protected int maxInFlight() {
    return CommandLane.MAX_IN_FLIGHT;
  }

  @Override
  protected void close() throws Exception {
    producer.close();
    groups.close();
  }
}
