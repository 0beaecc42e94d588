package dev.sluice.app;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.kafka.GatewayEvent;
import dev.sluice.gateway.kafka.GatewayEvents;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Prints what a fleet publishes. */
@Command(
    name = "events",
    description = {
      "Prints the events that the fleet publishes to Kafka, from now on and until Ctrl-C.",
      "It joins no group, so it takes nothing away from workers.",
      ""
    },
    mixinStandardHelpOptions = true)
final class EventsCommand implements Callable<Integer> {

  private static final Duration POLL = Duration.ofMillis(250);
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");
  private static final int SECONDS = 10;

  @ParentCommand private SluiceNode program;
  @Mixin private ConfigOptions options;

  @Option(names = "--from-beginning", description = "Begins with the oldest event that is kept.")
  private boolean fromBeginning;

  @Option(names = "--count", paramLabel = "N", description = "Ends after so many events.")
  private long count = Long.MAX_VALUE;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      split = ",",
      description = "Only these types, such as MESSAGE_CREATE.")
  private Set<String> types = Set.of();

  @Option(names = "--guild", paramLabel = "ID", description = "Only those of this guild.")
  private @Nullable String guild;

  @Option(names = "--short", description = "A line of figures each, in place of JSON.")
  private boolean brief;

  EventsCommand() {}

  @Override
  public Integer call() throws ConfigurationException, CommandFailedException {
    NodeConfig config = NodeConfig.of(options.read(program.context()));
    NodeConfig.Kafka kafka = config.withKafka();
    Logging.quiet();
    program.context().stoppable().complete(null);
    Map<String, Object> properties =
        GatewayEvents.consumerProperties(KafkaClients.impatient(kafka, SECONDS));
    properties.remove(ConsumerConfig.GROUP_ID_CONFIG);
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties)) {
      return print(consumer, kafka.eventsTopic());
    } catch (KafkaException e) {
      throw new CommandFailedException(
          kafka.properties().get(NodeConfig.BOOTSTRAP) + ": " + Checks.reason(e));
    } catch (IOException e) {
      return End.OK; // whoever read has gone, as head does
    }
  }

  private int print(KafkaConsumer<byte[], byte[]> consumer, String topic)
      throws IOException, CommandFailedException {
    List<TopicPartition> partitions =
        consumer.partitionsFor(topic).stream()
            .map(partition -> new TopicPartition(topic, partition.partition()))
            .toList();
    if (partitions.isEmpty()) {
      throw new CommandFailedException(
          "topic " + topic + ": there is none; was the fleet started?");
    }
    consumer.assign(partitions);
    if (fromBeginning) {
      consumer.seekToBeginning(partitions);
    } else {
      consumer.seekToEnd(partitions);
      partitions.forEach(consumer::position); // now, not at the first poll
    }
    Context context = program.context();
    context
        .err()
        .printf(
            Locale.ROOT, "Events of %s (%d partitions), until Ctrl-C.%n", topic, partitions.size());
    GatewayEvents events = GatewayEvents.create();
    OutputStream out = new BufferedOutputStream(context.out());
    EventLine line = new EventLine();
    long left = count;
    long printed = 0;
    while (left > 0 && !context.stop().isDone()) {
      ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
      for (ConsumerRecord<byte[], byte[]> record : records) {
        GatewayEvent event = events.of(record);
        if (event != null && isWanted(event) && left > 0) {
          print(event, line, out);
          left--;
          printed++;
        }
      }
      out.flush();
    }
    context
        .err()
        .printf(
            Locale.ROOT, "%,d events, %,d repeated ones left out.%n", printed, events.duplicates());
    return End.OK;
  }

  private boolean isWanted(GatewayEvent event) {
    return (types.isEmpty() || types.contains(event.name()))
        && (guild == null || guild.equals(Long.toUnsignedString(event.guildId())));
  }

  private void print(GatewayEvent event, EventLine line, OutputStream out) throws IOException {
    if (brief) {
      out.write(EventLine.data(text(event)).array());
      return;
    }
    line.write(
        event.name(),
        event.shard().id(),
        event.shard().count(),
        event.sequence(),
        event.session(),
        event.guildId(),
        event.encoding() == Encoding.JSON ? ByteBuffer.wrap(event.data()) : json(event),
        out);
  }

  private static ByteBuffer json(GatewayEvent event) throws IOException {
    JsonNode tree = event.readTree();
    return EventLine.data(tree.toString());
  }

  private static String text(GatewayEvent event) {
    Instant time = Instant.ofEpochMilli(event.record().timestamp());
    return String.format(
        Locale.ROOT,
        "%s  %-28s shard %-9s #%-9d guild %-20s %,8d bytes%n",
        TIME.format(time.atZone(ZoneId.systemDefault())),
        event.name(),
        event.shard().id() + "/" + event.shard().count(),
        event.sequence(),
        event.guildId() == 0 ? "-" : Long.toUnsignedString(event.guildId()),
        event.data().length);
  }
}
