package dev.sluice.app;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Everything that a node can be told, in the order in which it is documented. */
enum Setting {
  APPLICATION(
      "application",
      "sluice",
      "The name of the bot: its topics begin with it, and the console shows it."),
  TOKEN_FILE(
      "token-file",
      null,
      "The file that holds the bot's token. Or put the token itself into the environment variable"
          + " `SLUICE_TOKEN`."),
  INTENTS(
      "intents",
      "non-privileged",
      "Which events Discord sends: names of intents, `non-privileged`, `all`, or their number."),
  SHARDS(
      "shards",
      null,
      "How many shards the bot has. Default: what Discord recommends. `static` needs it, and so does"
          + " a fleet on Kafka the first time; later a reshard changes it."),
  ASSIGNMENT(
      "assignment",
      "auto",
      "Who decides which shards run here: `single` (all do), `static` (a share by the number of this"
          + " node), `kafka` (Kafka moves them between the nodes). `auto`: `kafka` if a broker is"
          + " set, else `single`."),
  COMPRESSION("compression", "zlib-stream", "`zlib-stream`, `zstd-stream`, `payload` or `none`."),
  ENCODING("encoding", "json", "How Discord writes events: `json` or `etf`."),
  ON_STOP(
      "on-stop",
      "restart",
      "What a stop means: `restart` (sessions live on, to be resumed), `goodbye` (the bot goes"
          + " offline; not in a fleet), or `leave` (in a fleet: this node does not come back, so the"
          + " others take its shards at once)."),
  DRAIN_TIMEOUT(
      "drain-timeout", "5s", "How long a shard that stops may wait for events to be handled."),
  EVENT_LOOPS("event-loops", null, "Threads for shards. Default: one a processor."),
  PROXY(
      "proxy",
      null,
      "`http://host:port` or `socks5://host:port`, with `user:password@` if it wants them."),
  API_URI("api-uri", "https://discord.com/api/v10", "Where Discord's HTTP API is, or one like it."),

  NODE_INDEX(
      "node.index",
      null,
      "With `static`: which node this is, from 0. Default: the number at the end of `HOSTNAME`, as"
          + " of a pod of a StatefulSet."),
  NODE_COUNT("node.count", null, "With `static`: how many nodes there are."),

  PRESENCE_STATUS(
      "presence.status",
      null,
      "`online`, `dnd`, `idle` or `invisible`. Default: Discord's, online."),
  PRESENCE_ACTIVITY(
      "presence.activity",
      null,
      "What the bot does: `playing ...`, `listening to ...`, `watching ...`, `competing in ...`, or"
          + " any other text."),

  SESSIONS_DIRECTORY(
      "sessions.directory",
      null,
      "Where a node without Kafka keeps its sessions, so that a restart resumes them. Default:"
          + " `sluice-sessions` and the bot's id, in the working directory."),

  EVENTS_TO(
      "events.to",
      "auto",
      "Where events go: `stdout` (a line of JSON each), `kafka`, `nats` or `none`. `auto`: `nats`"
          + " if a server is set, else `kafka` if the assignment is, else `stdout`."),
  EVENTS_TYPES("events.types", null, "Which types of events. Default: all that Discord sends."),

  KAFKA_BOOTSTRAP_SERVERS(
      "kafka.bootstrap-servers", null, "Brokers to begin with: `host:port`, separated by commas."),
  KAFKA_INSTANCE_ID(
      "kafka.instance-id",
      null,
      "The lasting name of this node. A node that comes back under it within the session time-out"
          + " gets its shards back, and no other node's shards move. Default: none."),
  KAFKA_GUARANTEE(
      "kafka.guarantee",
      "at-least-once",
      "`at-least-once`, or `exactly-once`: events and sequence in one transaction."),
  KAFKA_EVENTS_TOPIC(
      "kafka.events-topic",
      null,
      "The topic of the events. Default: the application's name and" + " `.events`."),
  KAFKA_EVENTS_PARTITIONS(
      "kafka.events-partitions", "16", "Its partitions, when the fleet makes it."),
  KAFKA_REPLICATION_FACTOR(
      "kafka.replication-factor",
      null,
      "Copies of each topic that the fleet makes. Default: the broker's."),
  KAFKA_SESSION_TIMEOUT(
      "kafka.session-timeout",
      "10s",
      "How long a node may be silent before its shards move to others."),
  KAFKA_ON_BROKER_LOSS(
      "kafka.on-broker-loss",
      "keep-running",
      "What shards do while no broker answers: `keep-running` (events wait in place) or `stop`."),
  KAFKA_PROPERTIES_FILE(
      "kafka.properties-file",
      null,
      "A properties file of settings for Kafka's clients, such as those of TLS and SASL."),

  NATS_URL("nats.url", null, "The server: `nats://host:port`; several are separated by commas."),
  NATS_CREDENTIALS_FILE("nats.credentials-file", null, "A `.creds` file. Default: none."),
  NATS_STREAM(
      "nats.stream",
      null,
      "The JetStream stream. Default: the application's name and" + " `-events`."),
  NATS_BUCKETS(
      "nats.buckets", "16", "In how many buckets guilds are: how many workers can share them."),
  NATS_REPLICAS("nats.replicas", "1", "Copies of the stream, when the node makes it."),
  NATS_MAX_AGE("nats.max-age", "1d", "How long the stream keeps events, when the node makes it."),

  CONSOLE_ENABLED(
      "console.enabled", "true", "Whether there is a console: a page, metrics and health probes."),
  CONSOLE_PORT("console.port", "8077", "Its port; 0 takes any that is free."),
  CONSOLE_BIND_ADDRESS(
      "console.bind-address",
      "127.0.0.1",
      "The address that it listens on. Another than loopback needs a token."),
  CONSOLE_TOKEN_FILE(
      "console.token-file",
      null,
      "The file with the token that requests must carry, at least 16 characters. Or the environment"
          + " variable `SLUICE_CONSOLE_TOKEN`. The two health probes need none."),
  CONSOLE_CONTROL(
      "console.control", "false", "Whether shards can be reconnected and resharded from it."),
  CONSOLE_ALLOWED_HOSTS(
      "console.allowed-hosts", null, "Names that a proxy may pass on in the Host header."),

  LOG_LEVEL("log.level", "info", "`error`, `warn`, `info` or `debug`."),
  LOG_FORMAT("log.format", "text", "`text`, or `json`: an object a line. Logs go to stderr.");

  /** What a setting of Kafka's own clients begins with. */
  static final String KAFKA_PROPERTIES = "kafka.properties.";

  private static final String VARIABLE_PREFIX = "SLUICE_";

  final String key;
  final @Nullable String fallback;
  final String description;

  Setting(String key, @Nullable String fallback, String description) {
    this.key = key;
    this.fallback = fallback;
    this.description = description;
  }

  /** {@return the environment variable that sets it} */
  String variable() {
    return VARIABLE_PREFIX + key.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
  }

  static Optional<Setting> ofKey(String key) {
    return Arrays.stream(values()).filter(setting -> setting.key.equals(key)).findFirst();
  }

  static Optional<Setting> ofVariable(String variable) {
    return Arrays.stream(values())
        .filter(setting -> setting.variable().equals(variable))
        .findFirst();
  }
}
