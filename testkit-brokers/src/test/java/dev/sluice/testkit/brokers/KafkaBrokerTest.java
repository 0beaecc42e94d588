package dev.sluice.testkit.brokers;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("broker")
final class KafkaBrokerTest {

  private static final long TIMEOUT_SECONDS = 60;

  private static RecordMetadata send(KafkaProducer<byte[], byte[]> producer, String value)
      throws Exception {
    return producer
        .send(new ProducerRecord<>("events", value.getBytes(StandardCharsets.UTF_8)))
        .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  /** {@return ports of which the first was free only when it was looked at} */
  private static IntSupplier portsAfter(int taken) {
    AtomicBoolean asked = new AtomicBoolean();
    return () -> asked.getAndSet(true) ? Ports.free() : taken;
  }

  @Test
  void keepsItsPortAndDataWhenItIsKilledAndComesBack(@TempDir Path directory) throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        KafkaBroker broker =
            KafkaBroker.start(directory, Map.of(), portsAfter(other.getLocalPort()));
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
        KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
      admin
          .createTopics(List.of(new NewTopic("events", 1, (short) 1)))
          .all()
          .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      assertThat(send(producer, "before").offset()).isZero();

      long first = broker.process().pid();
      broker.kill();
      broker.restart();

      assertThat(broker.process().pid()).isNotEqualTo(first);
      assertThat(send(producer, "after").offset()).isEqualTo(1);
      assertThat(
              admin
                  .listOffsets(Map.of(new TopicPartition("events", 0), OffsetSpec.latest()))
                  .all()
                  .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                  .get(new TopicPartition("events", 0))
                  .offset())
          .isEqualTo(2);

      broker.freeze();
      Future<RecordMetadata> late = producer.send(new ProducerRecord<>("events", new byte[1]));
      broker.thaw();
      assertThat(late.get(TIMEOUT_SECONDS, TimeUnit.SECONDS).offset()).isEqualTo(2);
    }
  }
}
