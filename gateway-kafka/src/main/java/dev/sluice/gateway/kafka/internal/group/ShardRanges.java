package dev.sluice.gateway.kafka.internal.group;

import java.util.Collection;
import org.apache.kafka.common.TopicPartition;

/** Names many shards in a log line. */
final class ShardRanges {

  private static final int MAX_RANGES = 16;

  private ShardRanges() {}

  /**
   * {@return how many and which: {@code 5 shards (0-2, 7, 9)}}
   *
   * @param partitions whose numbers are the shard ids, in any order
   */
  static String of(Collection<TopicPartition> partitions) {
    int[] ids = partitions.stream().mapToInt(TopicPartition::partition).sorted().toArray();
    if (ids.length == 0) {
      return "no shards";
    }
    StringBuilder text = new StringBuilder();
    text.append(ids.length).append(ids.length == 1 ? " shard (" : " shards (");
    int ranges = 0;
    for (int i = 0; i < ids.length; ) {
      int last = i;
      while (last + 1 < ids.length && ids[last + 1] == ids[last] + 1) {
        last++;
      }
      if (ranges == MAX_RANGES) {
        text.append(", ...");
        break;
      }
      text.append(ranges++ == 0 ? "" : ", ").append(ids[i]);
      if (last > i) {
        text.append('-').append(ids[last]);
      }
      i = last + 1;
    }
    return text.append(')').toString();
  }
}
