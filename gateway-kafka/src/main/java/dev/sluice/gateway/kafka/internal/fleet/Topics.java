package dev.sluice.gateway.kafka.internal.fleet;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.kafka.internal.events.SinkSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topics of a fleet: their names, and their creation. Of nodes that create one at the same
 * time, one wins; the others check what it made. Blocks; not for event loops. Thread-safe.
 */
public final class Topics {

  private static final Logger log = LoggerFactory.getLogger(Topics.class);

  private static final String LOG_APPEND_TIME = "LogAppendTime";
  private static final Duration COMMANDS_RETENTION = Duration.ofHours(1);
  private static final Duration IDENTIFY_RETENTION = Duration.ofDays(2);
  private static final Duration IDENTIFY_SEGMENT = Duration.ofHours(12);
  private static final int FLEET_SEGMENT_BYTES = 16 << 20;
  private static final Duration MIN_IDENTIFY_RETENTION = Duration.ofDays(1);
  private static final long VISIBLE_NANOS = Duration.ofSeconds(60).toNanos();

  private final Admin admin;
  private final String application;
  private final short replicationFactor;

  /**
   * Makes the topics' names.
   *
   * @param admin creates and checks; closed by the caller
   * @param application the first part of every name
   * @param replicationFactor of the topics that are created, -1 for the broker's default
   */
  public Topics(Admin admin, String application, short replicationFactor) {
    this.admin = admin;
    this.application = application;
    this.replicationFactor = replicationFactor;
  }

  /** {@return the topic whose partitions are the shards of a generation} */
  public static String shards(String application, int generation) {
    return application + ".shards." + generation;
  }

  /** {@return the topic that the nodes agree by on who identifies when} */
  public static String identify(String application) {
    return application + ".identify";
  }

  /** {@return the topic that says what the whole fleet is to know} */
  public static String fleet(String application) {
    return application + ".fleet";
  }

  /** {@return the topic of the events, unless another one is set} */
  public static String events(String application) {
    return application + ".events";
  }

  /**
   * Creates the topic of a generation, or checks the one that is there.
   *
   * @param generation from 1
   * @param shards its partitions
   * @return the topic
   * @throws IllegalStateException if it is there with another number of partitions
   */
  public String ensureShards(int generation, int shards) {
    String topic = shards(application, generation);
    ensure(
        topic,
        shards,
        Map.of(
            TopicConfig.CLEANUP_POLICY_CONFIG,
            TopicConfig.CLEANUP_POLICY_DELETE,
            TopicConfig.RETENTION_MS_CONFIG,
            Long.toString(COMMANDS_RETENTION.toMillis()),
            TopicConfig.SEGMENT_MS_CONFIG, // retention takes whole segments
            Long.toString(COMMANDS_RETENTION.toMillis()),
            TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
            LOG_APPEND_TIME),
        "the shard count of generation " + generation);
    return topic;
  }

  /**
   * Creates the log of identifies, or checks the one that is there.
   *
   * @return the topic
   * @throws IllegalStateException if it is there with several partitions, its timestamps are not
   *     the broker's, or it does not keep a day
   */
  public String ensureIdentify() {
    String topic = identify(application);
    ensure(
        topic,
        1,
        Map.of(
            TopicConfig.CLEANUP_POLICY_CONFIG,
            TopicConfig.CLEANUP_POLICY_DELETE,
            TopicConfig.RETENTION_MS_CONFIG,
            Long.toString(IDENTIFY_RETENTION.toMillis()),
            TopicConfig.RETENTION_BYTES_CONFIG, // whatever the brokers have
            "-1",
            TopicConfig.SEGMENT_MS_CONFIG,
            Long.toString(IDENTIFY_SEGMENT.toMillis()),
            TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
            LOG_APPEND_TIME),
        "one log");
    check(topic, TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, LOG_APPEND_TIME);
    check(topic, TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE);
    String retention = config(topic, TopicConfig.RETENTION_MS_CONFIG);
    long retentionMillis = retention == null ? -1 : Long.parseLong(retention);
    if (retentionMillis >= 0 && retentionMillis < MIN_IDENTIFY_RETENTION.toMillis()) {
      throw new IllegalStateException(
          TopicConfig.RETENTION_MS_CONFIG
              + " of "
              + topic
              + ": "
              + retention
              + " (expected: -1 or >= "
              + MIN_IDENTIFY_RETENTION.toMillis()
              + ", the period of the session starts)");
    }
    return topic;
  }

  /**
   * Creates the topic of the fleet, or checks the one that is there.
   *
   * @return the topic
   * @throws IllegalStateException if it is there with several partitions, or is not compacted
   */
  public String ensureFleet() {
    String topic = fleet(application);
    ensure(
        topic,
        1,
        Map.of(
            TopicConfig.CLEANUP_POLICY_CONFIG,
            TopicConfig.CLEANUP_POLICY_COMPACT,
            TopicConfig.SEGMENT_BYTES_CONFIG, // the newest segment is not compacted
            Integer.toString(FLEET_SEGMENT_BYTES)),
        "one log");
    check(topic, TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT);
    return topic;
  }

  /**
   * Creates the topic of the events, for events as large as they get, or checks the one that is
   * there.
   *
   * @param topic its name
   * @param partitions how many it has if it is created; one that is there may have any number
   */
  public void ensureEvents(String topic, int partitions) {
    int there =
        ensurePartitions(
            topic,
            partitions,
            Map.of(
                TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                Integer.toString(SinkSettings.MAX_EVENT_BYTES)));
    if (there != partitions) {
      log.info(
          "{} has {} partitions; the {} that are set are for its creation",
          topic,
          there,
          partitions);
    }
  }

  /**
   * {@return how many partitions a topic has, 0 if there is none}
   *
   * @param topic its name
   */
  public int partitions(String topic) {
    try {
      return describe(topic).partitions().size();
    } catch (UnknownTopicOrPartitionException e) {
      return 0;
    }
  }

  /** {@return the numbers of the generations that have a topic} */
  public List<Integer> generations() {
    String prefix = application + ".shards.";
    return get(admin.listTopics().names()).stream()
        .filter(topic -> topic.startsWith(prefix))
        .map(topic -> topic.substring(prefix.length()))
        .filter(number -> number.matches("[1-9][0-9]{0,8}"))
        .map(Integer::valueOf)
        .toList();
  }

  /**
   * {@return a number of a generation that has no topic}
   *
   * @param from the least that it may be
   */
  public int unusedGeneration(int from) {
    int number = from;
    while (partitions(shards(application, number)) > 0) { // such as of one that was cancelled
      number++;
    }
    return number;
  }

  /**
   * Deletes the topic of a generation and the group of the same name, if that has no member.
   *
   * @param topic its name
   * @return whether both are gone
   */
  public boolean deleteUnused(String topic) {
    try {
      ConsumerGroupDescription group =
          get(admin.describeConsumerGroups(List.of(topic)).describedGroups().get(topic));
      if (!group.members().isEmpty()) {
        return false;
      }
      allowed("Delete on the group " + topic, admin.deleteConsumerGroups(List.of(topic)).all());
    } catch (GroupIdNotFoundException e) {
      log.debug("the group {} is gone already", topic, e);
    } catch (GroupNotEmptyException e) {
      log.debug("the group {} has members again", topic, e);
      return false;
    }
    delete(topic);
    log.info("deleted {}", topic);
    return true;
  }

  /**
   * Deletes a topic; one that is not there is as well.
   *
   * @param topic its name
   */
  public void delete(String topic) {
    try {
      allowed("Delete on the topic " + topic, admin.deleteTopics(List.of(topic)).all());
    } catch (UnknownTopicOrPartitionException e) {
      log.debug("{} was deleted already", topic, e);
    }
  }

  private void ensure(String topic, int partitions, Map<String, String> configs, String what) {
    int there = ensurePartitions(topic, partitions, configs);
    if (there != partitions) {
      throw new IllegalStateException(
          "partitions of "
              + topic
              + ": "
              + there
              + " (expected: "
              + partitions
              + ", "
              + what
              + ')');
    }
  }

  private int ensurePartitions(String topic, int partitions, Map<String, String> configs) {
    int there = partitions(topic);
    if (there > 0) {
      return there;
    }
    NewTopic wanted =
        new NewTopic(
                topic,
                Optional.of(partitions),
                replicationFactor < 0 ? Optional.empty() : Optional.of(replicationFactor))
            .configs(new HashMap<>(configs));
    try {
      allowed("Create on the topic " + topic, admin.createTopics(List.of(wanted)).all());
      log.info("created {} with {} partitions", topic, partitions);
    } catch (TopicExistsException e) {
      log.debug("{} was created by another node", topic, e);
    }
    return awaitVisible(topic);
  }

  /** A broker learns of a topic some time after the controller has created it. */
  private int awaitVisible(String topic) {
    long startNanos = System.nanoTime();
    while (true) {
      try {
        return describe(topic).partitions().size();
      } catch (RetriableException e) { // each call takes a round trip, and that is pause enough
        if (System.nanoTime() - startNanos > VISIBLE_NANOS) {
          throw e;
        }
      }
    }
  }

  private TopicDescription describe(String topic) {
    return allowed(
        "Describe on the topic " + topic,
        admin.describeTopics(List.of(topic)).topicNameValues().get(topic));
  }

  private void check(String topic, String name, String expected) {
    String value = config(topic, name);
    if (!expected.equals(value)) {
      throw new IllegalStateException(
          name + " of " + topic + ": " + value + " (expected: " + expected + ')');
    }
  }

  private @Nullable String config(String topic, String name) {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    Config config =
        allowed(
            "DescribeConfigs on the topic " + topic,
            admin.describeConfigs(List.of(resource)).values().get(resource));
    ConfigEntry entry = config.get(name);
    return entry == null ? null : entry.value();
  }

  /** Says what is not allowed, for the broker's own message names neither that nor the topic. */
  private static <T> T allowed(String what, @Nullable KafkaFuture<T> future) {
    try {
      return get(future);
    } catch (AuthorizationException e) {
      throw new AuthorizationException(
          what + ": not allowed (expected: an ACL that allows it to this node)", e);
    }
  }

  private static <T> T get(@Nullable KafkaFuture<T> future) {
    try {
      return requireNonNull(future).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new KafkaException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptException(e);
    }
  }
}
