package dev.sluice.gateway.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.testkit.brokers.KafkaBroker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/**
 * A fleet on a broker that asks who may do what: the access that {@code docs/fleet.md} gives is
 * enough, and what is missing of it is named.
 */
@Tag("fleet")
@Timeout(180)
final class FleetAccessBrokerTest {

  private static final Path PAGE = Path.of("../docs/fleet.md");
  private static final Pattern LINE =
      Pattern.compile("(?m)^acl --allow-principal User:(\\w+) (.*)$");
  private static final Pattern RESOURCE =
      Pattern.compile("--(topic|group|transactional-id) (\\S+)");
  private static final Pattern OPERATION = Pattern.compile("--operation (\\w+)");

  private static KafkaBroker broker;

  private final Queue<AutoCloseable> opened = new ConcurrentLinkedQueue<>();
  private final LinkedBlockingQueue<String> log = new LinkedBlockingQueue<>();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
            IThrowableProxy thrown = event.getThrowableProxy();
            log.add(
                event.getFormattedMessage()
                    + (thrown instanceof ThrowableProxy proxy ? told(proxy.getThrowable()) : ""));
          }
        }
      };
  private String application;
  private LocalGateway gateway;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    StringBuilder users = new StringBuilder();
    for (String user : List.of("admin", "node", "worker", "sender")) {
      users.append(" user_").append(user).append("=\"").append(user).append("-secret\"");
    }
    broker =
        KafkaBroker.start(
            directory,
            Map.of(
                "listener.security.protocol.map", "PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
                "inter.broker.listener.name", "PLAINTEXT",
                "sasl.enabled.mechanisms", "PLAIN",
                "sasl.mechanism.inter.broker.protocol", "PLAIN",
                "listener.name.plaintext.plain.sasl.jaas.config", jaas("admin", users.toString()),
                "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                // The broker itself, by the listener of the controller.
                "super.users", "User:admin;User:ANONYMOUS",
                "broker.session.timeout.ms", "60000"));
  }

  @AfterAll
  static void stop() {
    broker.close();
  }

  private static String jaas(String user, String more) {
    return "org.apache.kafka.common.security.plain.PlainLoginModule required username=\""
        + user
        + "\" password=\""
        + user
        + "-secret\""
        + more
        + ';';
  }

  private static Map<String, Object> properties(String user) {
    return Map.of(
        "bootstrap.servers",
        broker.bootstrapServers(),
        "client.id",
        user,
        "security.protocol",
        "SASL_PLAINTEXT",
        "sasl.mechanism",
        "PLAIN",
        "sasl.jaas.config",
        jaas(user, ""));
  }

  @BeforeEach
  void open() {
    application = "bot-" + UUID.randomUUID();
    gateway =
        LocalGateway.builder()
            .guildCreates(false)
            .server(server -> server.maxConcurrency(8).identifyWindow(Duration.ofMillis(1)))
            .start();
    opened.add(gateway);
    appender.setContext(root().getLoggerContext());
    appender.start();
    root().addAppender(appender);
  }

  @AfterEach
  void close() throws Exception {
    root().detachAppender(appender);
    List<AutoCloseable> all = new ArrayList<>(opened);
    for (int i = all.size() - 1; i >= 0; i--) {
      all.get(i).close();
    }
  }

  private static Logger root() {
    return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  }

  /** Gives what the page gives, but for some of it. */
  private void allow(Predicate<AclBinding> but) throws Exception {
    List<AclBinding> bindings = new ArrayList<>();
    Matcher line = LINE.matcher(Files.readString(PAGE, UTF_8).replace("my-bot", application));
    while (line.find()) {
      Matcher resource = RESOURCE.matcher(line.group(2));
      assertThat(resource.find()).as(line.group()).isTrue();
      ResourceType type =
          ResourceType.valueOf(resource.group(1).toUpperCase(Locale.ROOT).replace('-', '_'));
      PatternType pattern =
          line.group(2).contains("--resource-pattern-type prefixed")
              ? PatternType.PREFIXED
              : PatternType.LITERAL;
      Matcher operation = OPERATION.matcher(line.group(2));
      while (operation.find()) {
        bindings.add(
            new AclBinding(
                new ResourcePattern(type, resource.group(2), pattern),
                new AccessControlEntry(
                    "User:" + line.group(1),
                    "*",
                    AclOperation.fromString(
                        operation.group(1).replaceAll("([a-z])([A-Z])", "$1_$2")),
                    AclPermissionType.ALLOW)));
      }
    }
    assertThat(bindings).hasSizeGreaterThan(8);
    List<AclBinding> allowed = bindings.stream().filter(but.negate()).toList();
    try (Admin admin = Admin.create(properties("admin"))) {
      admin.createAcls(allowed).all().get(30, TimeUnit.SECONDS);
    }
  }

  private CompletableFuture<Void> start(KafkaFleet node) {
    opened.add(node);
    return node.start(
            () ->
                ShardManager.builder(gateway.token(), Intents.all())
                    .apiUri(gateway.apiUri())
                    .eventLoopThreads(1))
        .toCompletableFuture();
  }

  private KafkaFleetBuilder node() {
    return KafkaFleet.builder(application, properties("node"))
        .shards(2)
        .events(application + ".events", 2)
        .sessionTimeout(Duration.ofSeconds(6))
        .guarantee(DeliveryGuarantee.EXACTLY_ONCE);
  }

  @Test
  void whatThePageGivesIsEnough() throws Exception {
    allow(binding -> false);
    KafkaFleet first = node().instanceId("node-1").build();
    KafkaFleet second = node().build();
    CompletableFuture.allOf(start(first), start(second)).get(60, TimeUnit.SECONDS);

    try (ShardCommands commands = ShardCommands.create(application, properties("sender"))) {
      commands.ready().toCompletableFuture().get(30, TimeUnit.SECONDS);
      commands.send(0, RequestGuildMembers.all(1)).toCompletableFuture().get(30, TimeUnit.SECONDS);
      commands.updatePresence(Presence.online()).toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
    awaitEvent("READY");
    KafkaFleet.reshard(application, properties("sender"), 4)
        .toCompletableFuture()
        .get(90, TimeUnit.SECONDS);
    try (Admin admin = Admin.create(properties("admin"))) {
      while (admin
          .listTopics()
          .names()
          .get(30, TimeUnit.SECONDS)
          .contains(application + ".shards.1")) {
        Thread.onSpinWait(); // each is a round trip
      }
    }

    assertThat(log).noneMatch(line -> line.matches("(?i).*(authoriz|denied).*"));
  }

  private void awaitEvent(String type) {
    Map<String, Object> properties = new HashMap<>(properties("worker"));
    properties.put("group.id", application + ".worker");
    properties.put("auto.offset.reset", "earliest");
    properties.put("isolation.level", "read_committed");
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(application + ".events"));
      GatewayEvents events = GatewayEvents.create();
      List<String> types = new ArrayList<>();
      while (!types.contains(type)) {
        events
            .of(consumer.poll(Duration.ofMillis(200)))
            .forEach(event -> types.add(event.type().name()));
      }
      consumer.commitSync();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "TOPIC,            READ,             'Not authorized to access topics: [my-bot.identify]'",
    "TOPIC,            WRITE,            'Not authorized to access topics: [my-bot.fleet]'",
    "TOPIC,            CREATE,           'Create on the topic my-bot.fleet: not allowed'",
    "TOPIC,            DESCRIBE_CONFIGS, 'DescribeConfigs on the topic my-bot.fleet: not allowed'",
    "GROUP,            READ,             'Not authorized to access group: my-bot.shards.1'",
    "TRANSACTIONAL_ID, WRITE,            'Transactional Id authorization failed'",
  })
  void whatIsMissingIsNamed(ResourceType type, AclOperation operation, String named)
      throws Exception {
    allow(
        binding ->
            binding.pattern().resourceType() == type && binding.entry().operation() == operation);

    start(node().build())
        .whenComplete((done, failure) -> log.add(failure == null ? "started" : told(failure)));

    List<String> lines = new ArrayList<>();
    String wanted = named.replace("my-bot", application);
    while (lines.stream().noneMatch(line -> line.contains(wanted))) {
      String line = log.poll(60, TimeUnit.SECONDS);
      assertThat(line).as("%s after %s", wanted, lines).isNotNull();
      lines.add(line);
    }
  }

  private static String told(Throwable failure) {
    StringBuilder told = new StringBuilder();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      told.append(" | ").append(cause.getMessage());
    }
    return told.toString();
  }
}
