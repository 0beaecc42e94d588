package dev.sluice.examples.fleet;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.common.TopicPartition;

/** Asks Kafka which node has which shard: the group of the shards knows. Not thread-safe. */
final class Owners implements AutoCloseable {

  private static final Pattern NODE = Pattern.compile("node-(\\d).*");

  private final Admin admin;
  private final String group;
  private final int[] nodes;

  /**
   * @param group the group, which has the name of the topic of the shards
   */
  Owners(String bootstrapServers, String group, int shards) {
    this.admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers));
    this.group = group;
    this.nodes = new int[shards];
  }

  /** {@return the number of the node of each shard, 0 for none; as it was while it changes} */
  int[] read() throws InterruptedException {
    try {
      for (MemberDescription member :
          admin
              .describeConsumerGroups(List.of(group))
              .describedGroups()
              .get(group)
              .get()
              .members()) {
        Matcher node = NODE.matcher(member.clientId());
        for (TopicPartition shard : member.assignment().topicPartitions()) {
          nodes[shard.partition()] = node.matches() ? Integer.parseInt(node.group(1)) : 0;
        }
      }
    } catch (ExecutionException e) {
      return nodes.clone(); // a group that is not there yet, or has no coordinator for a moment
    }
    return nodes.clone();
  }

  /** {@return whether a topic is there} */
  boolean hasTopic(String name) throws InterruptedException {
    try {
      return admin.listTopics().names().get().contains(name);
    } catch (ExecutionException e) {
      return false;
    }
  }

  @Override
  public void close() {
    admin.close();
  }
}
