package dev.sluice.gateway.kafka.internal.group;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** Reads what was committed for shards, by whichever node. Thread-safe. */
@FunctionalInterface
interface CommittedOffsets {

  /**
   * Reads the committed offsets, once no transaction that would change them is open any more.
   *
   * @param partitions of one topic
   * @return completes, on any thread, with the offset and metadata of each that has any;
   *     exceptionally when they cannot be read, and then it may be tried again
   */
  CompletionStage<Map<TopicPartition, OffsetAndMetadata>> read(
      Collection<TopicPartition> partitions);
}
