package dev.sluice.app;

import dev.sluice.gateway.Activity;
import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.console.ConsoleBuilder;
import dev.sluice.gateway.kafka.KafkaFleet;
import dev.sluice.gateway.kafka.KafkaFleetBuilder;
import dev.sluice.gateway.netty.ProxySettings;
import dev.sluice.gateway.sharding.ShardPlan;
import java.io.IOException;
import java.io.Reader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a node, checked. Immutable.
 *
 * @param application the name of the bot
 * @param token the bot's token; null if there is none, which only some commands allow
 * @param intents which events Discord sends
 * @param shards how many shards the bot has; null for what Discord recommends
 * @param assignment who decides which shards run here; never AUTO
 * @param plan with STATIC the shards of this node
 * @param compression how Discord compresses
 * @param encoding how Discord writes events
 * @param presence the presence of new sessions
 * @param sessionsDirectory where sessions are kept; null for the default
 * @param onStop what a stop means
 * @param drainTimeout how long a stop waits for events
 * @param eventLoops threads for shards; null for one a processor
 * @param proxy the proxy to all of Discord's hosts
 * @param apiUri where Discord's HTTP API is
 * @param eventsTo where events go; never AUTO
 * @param eventTypes which types of events; empty for all
 * @param kafka what concerns Kafka; null without
 * @param nats what concerns NATS; null without
 * @param console what concerns the console; null without
 */
record NodeConfig(
    String application,
    @Nullable Secret token,
    Intents intents,
    @Nullable Integer shards,
    Assignment assignment,
    @Nullable ShardPlan plan,
    Compression compression,
    Encoding encoding,
    @Nullable Presence presence,
    @Nullable Path sessionsDirectory,
    OnStop onStop,
    Duration drainTimeout,
    @Nullable Integer eventLoops,
    @Nullable ProxySettings proxy,
    URI apiUri,
    EventsTo eventsTo,
    Set<EventType> eventTypes,
    @Nullable Kafka kafka,
    @Nullable Nats nats,
    @Nullable ConsoleConfig console) {

  /** Who decides which shards run here. */
  enum Assignment {
    AUTO,
    SINGLE,
    STATIC,
    KAFKA
  }

  /** Where events go. */
  enum EventsTo {
    AUTO,
    STDOUT,
    KAFKA,
    NATS,
    NONE
  }

  /** How events get into Kafka. */
  enum Guarantee {
    AT_LEAST_ONCE,
    EXACTLY_ONCE
  }

  /** What shards do while no broker answers. */
  enum OnBrokerLoss {
    KEEP_RUNNING,
    STOP
  }

  /** What a stop means. */
  enum OnStop {
    RESTART,
    GOODBYE,
    LEAVE
  }

  private enum Status {
    ONLINE,
    DND,
    IDLE,
    INVISIBLE
  }

  /**
   * What concerns Kafka.
   *
   * @param properties of its clients, with the brokers
   * @param instanceId the lasting name of this node
   * @param guarantee how events get in
   * @param eventsTopic the topic of the events
   * @param eventsPartitions its partitions, if it is made
   * @param replicationFactor copies of topics that are made; null for the broker's default
   * @param sessionTimeout how long a node may be silent
   * @param onBrokerLoss what shards do while no broker answers
   */
  record Kafka(
      Map<String, String> properties,
      @Nullable String instanceId,
      Guarantee guarantee,
      String eventsTopic,
      int eventsPartitions,
      @Nullable Integer replicationFactor,
      Duration sessionTimeout,
      OnBrokerLoss onBrokerLoss) {

    /** {@return the brokers to begin with; the other properties may hold secrets} */
    @Override
    public String toString() {
      return "Kafka[" + properties.get(BOOTSTRAP) + ']';
    }
  }

  /**
   * What concerns NATS.
   *
   * @param url the servers
   * @param credentialsFile the file with the credentials
   * @param stream the stream; null for the default
   * @param buckets in how many buckets guilds are
   * @param replicas copies of the stream, if it is made
   * @param maxAge how long the stream keeps events, if it is made
   */
  record Nats(
      String url,
      @Nullable Path credentialsFile,
      @Nullable String stream,
      int buckets,
      int replicas,
      Duration maxAge) {

    /** {@return the servers, without passwords} */
    @Override
    public String toString() {
      return "Nats[" + Values.shown(url) + ']';
    }
  }

  /**
   * What concerns the console.
   *
   * @param port its port
   * @param bindAddress the address that it listens on
   * @param token what requests must carry
   * @param control whether shards can be reconnected from it
   * @param allowedHosts other names in the Host header
   */
  record ConsoleConfig(
      int port,
      String bindAddress,
      @Nullable Secret token,
      boolean control,
      List<String> allowedHosts) {}

  /** The property of Kafka's clients that names the brokers. */
  static final String BOOTSTRAP = "bootstrap.servers";

  private static final int MAX_PORT = 65_535;
  private static final int MAX_SHARDS = 1 << 20;
  private static final Duration MAX_DRAIN = Duration.ofMinutes(10);
  private static final Duration MIN_SESSION_TIMEOUT = Duration.ofSeconds(6); // the broker's limits
  private static final Duration MAX_AGE = Duration.ofDays(3_650);
  private static final Duration MAX_SESSION_TIMEOUT = Duration.ofMinutes(30);

  /** What topics and subjects allow, with room for what is appended. */
  private static final Pattern APPLICATION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,99}");

  private static final Map<String, Function<String, Activity>> ACTIVITIES =
      Map.of(
          "playing ", Activity::playing,
          "listening to ", Activity::listening,
          "watching ", Activity::watching,
          "competing in ", Activity::competing);

  /**
   * Checks the settings.
   *
   * @throws ConfigurationException if some are wrong; it names all of them
   */
  static NodeConfig of(Settings settings) throws ConfigurationException {
    Values values = new Values(settings);
    String application = values.required(Setting.APPLICATION, "the name of the bot");
    if (!APPLICATION.matcher(application).matches()) {
      values.problem(Setting.APPLICATION, application, "up to 100 of A-Z, a-z, 0-9, - and _");
    }
    Kafka kafka = kafka(values, application);
    Nats nats = nats(values);
    Assignment assignment = assignment(values, kafka);
    Integer shards = values.number(Setting.SHARDS, 1, MAX_SHARDS);
    if (assignment == Assignment.STATIC && values.text(Setting.SHARDS) == null) {
      values.problem("shards: not set (expected: a number, for the assignment is static)");
    }
    NodeConfig config =
        new NodeConfig(
            application,
            values.secret(Settings.TOKEN_VARIABLE, Setting.TOKEN_FILE),
            intents(values),
            shards,
            assignment,
            assignment == Assignment.STATIC && shards != null
                ? plan(values, settings, shards)
                : null,
            or(values.constant(Setting.COMPRESSION, Compression.class), Compression.ZLIB_STREAM),
            or(values.constant(Setting.ENCODING, Encoding.class), Encoding.JSON),
            presence(values),
            path(values.text(Setting.SESSIONS_DIRECTORY)),
            onStop(values, assignment),
            values.duration(Setting.DRAIN_TIMEOUT, Duration.ZERO, MAX_DRAIN),
            values.number(Setting.EVENT_LOOPS, 1, 1_024),
            proxy(values),
            or(values.uri(Setting.API_URI, "https", "http"), URI.create("https://discord.com")),
            eventsTo(values, assignment, kafka, nats),
            eventTypes(values),
            kafka,
            nats,
            console(values));
    values.constant(Setting.LOG_LEVEL, Logging.Level.class);
    values.constant(Setting.LOG_FORMAT, Logging.Format.class);
    if (config.encoding == Encoding.ETF && config.compression == Compression.PAYLOAD) {
      values.problem("compression: payload (expected: another one, for the encoding is etf)");
    }
    if (config.encoding == Encoding.ETF && config.eventsTo == EventsTo.STDOUT) {
      values.problem("encoding: etf (expected: json, for events go to stdout)");
    }
    if (kafka != null
        && kafka.guarantee == Guarantee.EXACTLY_ONCE
        && config.eventsTo != EventsTo.KAFKA) {
      values.problem(
          Setting.KAFKA_GUARANTEE,
          "exactly-once",
          "at-least-once, for events go to " + Values.name(config.eventsTo));
    }
    values.check();
    return config;
  }

  /**
   * {@return this}
   *
   * @throws ConfigurationException if there is no token
   */
  NodeConfig withToken() throws ConfigurationException {
    if (token == null) {
      throw new ConfigurationException(
          List.of("token: not set (expected: SLUICE_TOKEN in the environment, or token-file)"));
    }
    return this;
  }

  /**
   * {@return what concerns Kafka}
   *
   * @throws ConfigurationException if that is not set
   */
  Kafka withKafka() throws ConfigurationException {
    if (kafka == null) {
      throw new ConfigurationException(
          List.of("kafka.bootstrap-servers: not set (expected: the brokers of the fleet)"));
    }
    return kafka;
  }

  /** {@return in a line what the node is going to do} */
  String summary() {
    String which =
        switch (assignment) {
          case STATIC ->
              plan == null
                  ? ""
                  : "shards " + plan.first() + ".." + plan.last() + " of " + plan.count();
          case KAFKA -> "shards by Kafka";
          case SINGLE, AUTO -> shards == null ? "all shards" : "all " + shards + " shards";
        };
    return application + ", " + which + ", events to " + Values.name(eventsTo);
  }

  private static Assignment assignment(Values values, @Nullable Kafka kafka) {
    Assignment assignment =
        or(values.constant(Setting.ASSIGNMENT, Assignment.class), Assignment.AUTO);
    if (assignment == Assignment.AUTO) {
      return kafka == null ? Assignment.SINGLE : Assignment.KAFKA;
    }
    if (assignment == Assignment.KAFKA && kafka == null) {
      values.problem(Setting.ASSIGNMENT, "kafka", "kafka.bootstrap-servers is set too");
    }
    return assignment;
  }

  private static OnStop onStop(Values values, Assignment assignment) {
    OnStop onStop = or(values.constant(Setting.ON_STOP, OnStop.class), OnStop.RESTART);
    boolean fleet = assignment == Assignment.KAFKA;
    if (onStop == (fleet ? OnStop.GOODBYE : OnStop.LEAVE)) {
      values.problem(
          Setting.ON_STOP,
          Values.name(onStop),
          fleet ? "restart or leave, in a fleet" : "restart or goodbye, without a fleet");
    }
    return onStop;
  }

  private static EventsTo eventsTo(
      Values values, Assignment assignment, @Nullable Kafka kafka, @Nullable Nats nats) {
    EventsTo to = or(values.constant(Setting.EVENTS_TO, EventsTo.class), EventsTo.AUTO);
    if (to == EventsTo.AUTO) {
      return nats != null
          ? EventsTo.NATS
          : assignment == Assignment.KAFKA ? EventsTo.KAFKA : EventsTo.STDOUT;
    }
    if (to == EventsTo.NATS && nats == null) {
      values.problem(Setting.EVENTS_TO, "nats", "nats.url is set too");
    }
    if (to == EventsTo.KAFKA && assignment != Assignment.KAFKA) {
      values.problem(Setting.EVENTS_TO, "kafka", "kafka, only if the assignment is kafka too");
    }
    return to;
  }

  private static Intents intents(Values values) {
    Intents intents =
        values.parse(
            Setting.INTENTS,
            "names of intents, non-privileged, all, or a number",
            NodeConfig::parseIntents);
    return intents == null ? Intents.nonPrivileged() : intents;
  }

  private static Intents parseIntents(String text) {
    if (text.matches("\\d+")) {
      return new Intents(Integer.parseInt(text));
    }
    int value = 0;
    for (String part : text.split(",")) {
      String name = part.strip().toUpperCase(Locale.ROOT).replace('-', '_');
      value |=
          switch (name) {
            case "ALL" -> Intents.all().value();
            case "NON_PRIVILEGED" -> Intents.nonPrivileged().value();
            default -> constant(Intent.class, name, "an intent").value();
          };
    }
    return new Intents(value);
  }

  private static Set<EventType> eventTypes(Values values) {
    Set<EventType> types =
        values.parse(
            Setting.EVENTS_TYPES,
            "names of events",
            text -> {
              Set<EventType> found = EnumSet.noneOf(EventType.class);
              for (String part : text.split(",")) {
                found.add(
                    constant(
                        EventType.class,
                        part.strip().toUpperCase(Locale.ROOT).replace('-', '_'),
                        "a type of events"));
              }
              return found;
            });
    return types == null ? Set.of() : Set.copyOf(types);
  }

  private static <E extends Enum<E>> E constant(Class<E> type, String name, String what) {
    try {
      return Enum.valueOf(type, name);
    } catch (IllegalArgumentException e) {
      List<String> names = new ArrayList<>();
      for (E constant : type.getEnumConstants()) {
        names.add(constant.name());
      }
      String meant = Similar.to(name, names).map(near -> ", perhaps " + near).orElse("");
      throw new IllegalArgumentException(name + " (expected: " + what + meant + ')', e);
    }
  }

  private static @Nullable Presence presence(Values values) {
    Status status = values.constant(Setting.PRESENCE_STATUS, Status.class);
    Activity activity =
        values.parse(Setting.PRESENCE_ACTIVITY, "a text", NodeConfig::parseActivity);
    if (status == null && activity == null) {
      return null;
    }
    Activity[] activities = activity == null ? new Activity[0] : new Activity[] {activity};
    return switch (status == null ? Status.ONLINE : status) {
      case ONLINE -> Presence.online(activities);
      case DND -> Presence.doNotDisturb(activities);
      case IDLE -> Presence.idle(Instant.now(), activities);
      case INVISIBLE -> Presence.invisible();
    };
  }

  private static Activity parseActivity(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    for (Map.Entry<String, Function<String, Activity>> verb : ACTIVITIES.entrySet()) {
      if (lower.startsWith(verb.getKey())) {
        return verb.getValue().apply(text.substring(verb.getKey().length()).strip());
      }
    }
    return Activity.custom(text);
  }

  /** The number of this node, from the settings as the library reads it from the environment. */
  private static @Nullable ShardPlan plan(Values values, Settings settings, int shards) {
    Map<String, String> environment = new HashMap<>();
    settings.environment("HOSTNAME").ifPresent(name -> environment.put("HOSTNAME", name));
    environment.put(Setting.SHARDS.variable(), String.valueOf(shards));
    for (Setting setting : List.of(Setting.NODE_COUNT, Setting.NODE_INDEX)) {
      settings.value(setting).ifPresent(set -> environment.put(setting.variable(), set.text()));
    }
    try {
      return ShardPlan.fromEnvironment(environment);
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      for (Setting setting : List.of(Setting.NODE_COUNT, Setting.NODE_INDEX)) {
        message = message.replace(setting.variable(), setting.key);
      }
      values.problem(message);
      return null;
    }
  }

  private static @Nullable ProxySettings proxy(Values values) {
    URI uri = values.uri(Setting.PROXY, "http", "socks5");
    if (uri == null) {
      return null;
    }
    if (uri.getPort() < 1) {
      values.problem(Setting.PROXY, uri.getScheme() + "://" + uri.getHost(), "a port too");
      return null;
    }
    ProxySettings proxy =
        uri.getScheme().equals("http")
            ? ProxySettings.httpConnect(uri.getHost(), uri.getPort())
            : ProxySettings.socks5(uri.getHost(), uri.getPort());
    String[] user = String.valueOf(uri.getUserInfo()).split(":", 2);
    return user.length == 2 ? proxy.credentials(user[0], user[1]) : proxy;
  }

  private static @Nullable Kafka kafka(Values values, String application) {
    Map<String, String> properties = new TreeMap<>();
    String file = values.text(Setting.KAFKA_PROPERTIES_FILE);
    if (file != null) {
      Properties read = new Properties();
      try (Reader reader = Files.newBufferedReader(Path.of(file), StandardCharsets.UTF_8)) {
        read.load(reader);
        read.forEach((key, value) -> properties.put((String) key, (String) value));
      } catch (IOException | IllegalArgumentException e) {
        values.problem(Setting.KAFKA_PROPERTIES_FILE, file, "a properties file that can be read");
      }
    }
    values.kafkaProperties().forEach((name, value) -> properties.put(name, value.text()));
    String servers = values.text(Setting.KAFKA_BOOTSTRAP_SERVERS);
    if (servers != null) {
      properties.put(BOOTSTRAP, servers);
    }
    if (!properties.containsKey(BOOTSTRAP)) {
      return null;
    }
    checkClients(values, properties);
    return new Kafka(
        Map.copyOf(properties),
        values.text(Setting.KAFKA_INSTANCE_ID),
        or(values.constant(Setting.KAFKA_GUARANTEE, Guarantee.class), Guarantee.AT_LEAST_ONCE),
        or(values.text(Setting.KAFKA_EVENTS_TOPIC), application + ".events"),
        values.number(Setting.KAFKA_EVENTS_PARTITIONS, 1, 10_000, 1),
        values.number(Setting.KAFKA_REPLICATION_FACTOR, 1, Short.MAX_VALUE),
        values.duration(Setting.KAFKA_SESSION_TIMEOUT, MIN_SESSION_TIMEOUT, MAX_SESSION_TIMEOUT),
        or(
            values.constant(Setting.KAFKA_ON_BROKER_LOSS, OnBrokerLoss.class),
            OnBrokerLoss.KEEP_RUNNING));
  }

  /** Some of the properties are the fleet's, and the instance id is part of names in Kafka. */
  private static void checkClients(Values values, Map<String, String> properties) {
    try {
      KafkaFleetBuilder fleet =
          KafkaFleet.builder(String.valueOf(Setting.APPLICATION.fallback), properties);
      String instanceId = values.text(Setting.KAFKA_INSTANCE_ID);
      if (instanceId != null) {
        fleet.instanceId(instanceId);
      }
    } catch (IllegalArgumentException e) {
      values.problem(
          "kafka: " + String.valueOf(e.getMessage()).replace("instanceId:", "instance-id:"));
    }
  }

  private static @Nullable Nats nats(Values values) {
    Path credentials = path(values.text(Setting.NATS_CREDENTIALS_FILE));
    int buckets = values.number(Setting.NATS_BUCKETS, 1, 65_536, 1);
    int replicas = values.number(Setting.NATS_REPLICAS, 1, 5, 1);
    Duration maxAge = values.duration(Setting.NATS_MAX_AGE, Duration.ofMinutes(2), MAX_AGE);
    String url = values.text(Setting.NATS_URL);
    return url == null
        ? null
        : new Nats(url, credentials, values.text(Setting.NATS_STREAM), buckets, replicas, maxAge);
  }

  private static @Nullable ConsoleConfig console(Values values) {
    Secret token = values.secret(Settings.CONSOLE_TOKEN_VARIABLE, Setting.CONSOLE_TOKEN_FILE);
    int port = values.number(Setting.CONSOLE_PORT, 0, MAX_PORT, 0);
    String bindAddress = values.required(Setting.CONSOLE_BIND_ADDRESS, "an address");
    boolean control = values.flag(Setting.CONSOLE_CONTROL);
    if (!values.flag(Setting.CONSOLE_ENABLED)) {
      return null;
    }
    if (token != null && token.value().length() < ConsoleBuilder.MIN_TOKEN_LENGTH) {
      values.problem(
          "console token: "
              + token.value().length()
              + " characters (expected: >= "
              + ConsoleBuilder.MIN_TOKEN_LENGTH
              + ") ["
              + token.origin()
              + ']');
    }
    boolean loopback =
        bindAddress.equals("localhost")
            || bindAddress.equals("::1")
            || bindAddress.startsWith("127.");
    if (token == null && !loopback) {
      values.problem(
          Setting.CONSOLE_BIND_ADDRESS,
          bindAddress,
          "a loopback address, or a token too: SLUICE_CONSOLE_TOKEN or console.token-file");
    }
    return new ConsoleConfig(
        port, bindAddress, token, control, values.list(Setting.CONSOLE_ALLOWED_HOSTS));
  }

  private static @Nullable Path path(@Nullable String text) {
    return text == null ? null : Path.of(text);
  }

  private static <T> T or(@Nullable T value, T otherwise) {
    return value == null ? otherwise : value;
  }
}
