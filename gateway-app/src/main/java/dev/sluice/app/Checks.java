package dev.sluice.app;

import dev.sluice.gateway.GatewayBot;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/** Looks whether what a node needs is there. Changes nothing. */
final class Checks {

  private static final int SECONDS = 10;
  private static final int UNAUTHORIZED = 401;
  private static final int OK = 200;

  private Checks() {}

  /** Runs all that the settings call for. */
  static List<Finding> of(NodeConfig config) {
    List<Finding> findings = new ArrayList<>();
    findings.add(discord(config));
    if (config.kafka() != null) {
      findings.addAll(kafka(config, config.kafka()));
    }
    if (config.nats() != null) {
      findings.add(NatsClients.check(config.nats()));
    }
    if (config.assignment() != NodeConfig.Assignment.KAFKA) {
      findings.add(sessions(config.sessionsDirectory()));
    }
    if (config.console() != null) {
      findings.add(console(config.console()));
    }
    return findings;
  }

  private static Finding discord(NodeConfig config) {
    if (config.proxy() != null) {
      return Finding.note("discord", "not asked, for a proxy is set");
    }
    URI uri = URI.create(config.apiUri() + "/gateway/bot");
    Secret token = config.token();
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .timeout(Duration.ofSeconds(SECONDS))
            .header("Authorization", "Bot " + (token == null ? "" : token.value()))
            .header("User-Agent", "DiscordBot (https://github.com/sluice-gateway/sluice, check)")
            .build();
    try {
      HttpResponse<byte[]> response =
          HttpClient.newBuilder()
              .connectTimeout(Duration.ofSeconds(SECONDS))
              .build()
              .send(request, HttpResponse.BodyHandlers.ofByteArray());
      if (response.statusCode() != OK) {
        return Finding.failed(
            "discord",
            "GET "
                + uri
                + " answered "
                + response.statusCode()
                + " (expected: 200)"
                + (response.statusCode() == UNAUTHORIZED ? ": the token was refused" : ""));
      }
      return gatewayBot(config, GatewayBot.parse(response.body()));
    } catch (IOException e) {
      return Finding.failed("discord", "GET " + uri + " failed: " + reason(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Finding.failed("discord", "interrupted");
    }
  }

  private static Finding gatewayBot(NodeConfig config, GatewayBot answer) {
    Integer set = config.shards();
    String shards =
        set == null
            ? answer.shards() + " shards"
            : set + " shards (" + answer.shards() + " are recommended)";
    int needed = set == null ? answer.shards() : set;
    String text =
        "the token is good; "
            + shards
            + ", "
            + answer.remaining()
            + " of "
            + answer.total()
            + " session starts left, max_concurrency "
            + answer.maxConcurrency();
    return answer.remaining() < needed
        ? Finding.note("discord", text + ": too few to start all shards anew")
        : Finding.ok("discord", text);
  }

  private static List<Finding> kafka(NodeConfig config, NodeConfig.Kafka kafka) {
    String servers = String.valueOf(kafka.properties().get(NodeConfig.BOOTSTRAP));
    List<Finding> findings = new ArrayList<>();
    try (Admin admin = Admin.create(KafkaClients.impatient(kafka, SECONDS))) {
      int brokers = get(admin.describeCluster().nodes()).size();
      findings.add(Finding.ok("kafka", servers + " answers, brokers: " + brokers));
      if (config.assignment() == NodeConfig.Assignment.KAFKA) {
        findings.add(topic(admin, config.application() + ".fleet", 1));
        findings.add(topic(admin, config.application() + ".identify", 1));
      }
      if (config.eventsTo() == NodeConfig.EventsTo.KAFKA) {
        findings.add(topic(admin, kafka.eventsTopic(), kafka.eventsPartitions()));
      }
    } catch (KafkaException | ExecutionException | TimeoutException e) {
      findings.add(Finding.failed("kafka", servers + ": " + reason(e)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return findings;
  }

  private static Finding topic(Admin admin, String name, int partitions)
      throws InterruptedException, ExecutionException, TimeoutException {
    DescribeTopicsResult topics = admin.describeTopics(List.of(name));
    Map<String, KafkaFuture<TopicDescription>> found = topics.topicNameValues();
    try {
      TopicDescription topic = get(found.get(name));
      return Finding.ok(
          "kafka", "topic " + name + ": there, partitions: " + topic.partitions().size());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return Finding.ok(
            "kafka", "topic " + name + ": the fleet will make it, partitions: " + partitions);
      }
      throw e;
    }
  }

  private static <T> T get(@Nullable KafkaFuture<T> future)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (future == null) {
      throw new IllegalStateException("no answer about what was asked for");
    }
    return future.get(SECONDS, TimeUnit.SECONDS);
  }

  private static Finding sessions(@Nullable Path set) {
    Path directory = set == null ? Path.of("sluice-sessions") : set;
    Path there = directory.toAbsolutePath();
    while (there.getParent() != null && !Files.exists(there)) {
      there = there.getParent();
    }
    return Files.isDirectory(there) && Files.isWritable(there)
        ? Finding.ok("sessions", directory + " can be written")
        : Finding.failed("sessions", directory + " cannot be written");
  }

  private static Finding console(NodeConfig.ConsoleConfig console) {
    String where = console.bindAddress() + ':' + console.port();
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(
          new InetSocketAddress(InetAddress.getByName(console.bindAddress()), console.port()));
      return Finding.ok("console", console.port() == 0 ? "any free port" : where + " is free");
    } catch (IOException e) {
      return Finding.note(
          "console", where + " is taken, perhaps by a node that runs: " + reason(e));
    }
  }

  private static boolean isWrapper(Throwable failure) {
    return failure instanceof ExecutionException
        || failure instanceof CompletionException
        || failure.getClass().equals(KafkaException.class); // "Failed to create new ..."
  }

  /** {@return what failed, without passwords of URIs} */
  static String reason(Throwable failure) {
    Throwable cause = failure;
    while (isWrapper(cause) && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof TimeoutException) {
      return "no answer within " + SECONDS + " s";
    }
    while (cause.getMessage() == null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage() == null
        ? cause.getClass().getSimpleName()
        : Values.shown(cause.getMessage());
  }
}
