package dev.sluice.gateway;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.internal.ZstdLibrary;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What all shards of a bot have in common. Immutable; share one among all connections.
 *
 * <p>Only the token and the intents must be given; the defaults of the rest are right for one shard
 * and for thousands.
 */
public final class GatewayConfig {

  /** The version of the gateway API that this library speaks. */
  public static final int API_VERSION = 10;

  /** Where connections start when no other URL is configured. */
  public static final URI DEFAULT_GATEWAY_URI = URI.create("wss://gateway.discord.gg");

  /** So that no sum of them with a time overflows. */
  private static final Duration MAX_DURATION = Duration.ofDays(1);

  private static final ObjectMapper DEFAULT_MAPPER = new JsonMapper();

  private final String token;
  private final Intents intents;
  private final URI gatewayUri;
  private final Encoding encoding;
  private final Compression compression;
  private final @Nullable FrameType expectedFrames;
  private final @Nullable Presence presence;
  private final int largeThreshold;
  private final String clientName;
  private final boolean identifyPermitsGranted;
  private final Duration connectTimeout;
  private final Duration helloTimeout;
  private final Duration sessionTimeout;
  private final Duration closeTimeout;
  private final Duration maxBackoff;
  private final Duration stableAfter;
  private final int maxMessageBytes;
  private final int maxQueuedCommands;
  private final int maxUnacknowledged;
  private final ObjectMapper objectMapper;
  private final InstantSource instantSource;

  private GatewayConfig(Builder builder) {
    this.token = builder.token;
    this.intents = builder.intents;
    this.gatewayUri = builder.gatewayUri;
    this.encoding = builder.encoding;
    this.compression = builder.compression;
    this.expectedFrames =
        switch (compression) {
          case NONE -> encoding.frameType();
          case PAYLOAD -> null; // plain or compressed, as the gateway likes
          case ZLIB_STREAM, ZSTD_STREAM -> FrameType.BINARY;
        };
    this.presence = builder.presence;
    this.largeThreshold = builder.largeThreshold;
    this.clientName = builder.clientName;
    this.identifyPermitsGranted = builder.identifyPermitsGranted;
    this.connectTimeout = builder.connectTimeout;
    this.helloTimeout = builder.helloTimeout;
    this.sessionTimeout = builder.sessionTimeout;
    this.closeTimeout = builder.closeTimeout;
    this.maxBackoff = builder.maxBackoff;
    this.stableAfter = builder.stableAfter;
    this.maxMessageBytes = builder.maxMessageBytes;
    this.maxQueuedCommands = builder.maxQueuedCommands;
    this.maxUnacknowledged = builder.maxUnacknowledged;
    this.objectMapper = builder.objectMapper;
    this.instantSource = builder.instantSource;
  }

  /**
   * Starts a configuration.
   *
   * @param token the bot's token, without {@code "Bot "} before it; it appears in no log, exception
   *     or {@code toString}
   * @param intents the events that the sessions ask for
   * @return a builder with the defaults for everything else
   * @throws IllegalArgumentException if the token is empty, has white space in it or starts with
   *     {@code "Bot "}
   */
  public static Builder builder(String token, Intents intents) {
    return new Builder(token, intents);
  }

  /** For IDENTIFY and RESUME alone. */
  String token() {
    return token;
  }

  /** {@return the events that the sessions ask for} */
  public Intents intents() {
    return intents;
  }

  /** {@return where new sessions start, without a query} */
  public URI gatewayUri() {
    return gatewayUri;
  }

  /** {@return the encoding of payloads} */
  public Encoding encoding() {
    return encoding;
  }

  /** {@return how the gateway compresses} */
  public Compression compression() {
    return compression;
  }

  /** {@return the only kind of message that may arrive, null if both may} */
  @Nullable FrameType expectedFrames() {
    return expectedFrames;
  }

  /** {@return the presence that IDENTIFY carries, or null for none} */
  public @Nullable Presence presence() {
    return presence;
  }

  /**
   * {@return above how many members a guild's offline ones are left out of GUILD_CREATE: 50 to 250}
   */
  public int largeThreshold() {
    return largeThreshold;
  }

  /** {@return the library's name in the properties of IDENTIFY} */
  public String clientName() {
    return clientName;
  }

  /** {@return whether identify permits come from the driver, or the connection grants its own} */
  public boolean identifyPermitsGranted() {
    return identifyPermitsGranted;
  }

  /** The {@code properties} of IDENTIFY, in the order that they are written. */
  Map<String, String> identifyProperties() {
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("os", System.getProperty("os.name", "unknown").toLowerCase(Locale.ROOT));
    properties.put("browser", clientName);
    properties.put("device", clientName);
    return properties;
  }

  /** {@return how long a dial, with TLS and upgrade, may take} */
  public Duration connectTimeout() {
    return connectTimeout;
  }

  /** {@return how long HELLO may take} */
  public Duration helloTimeout() {
    return helloTimeout;
  }

  /** {@return how long READY and RESUMED may take while nothing at all is received} */
  public Duration sessionTimeout() {
    return sessionTimeout;
  }

  /** {@return how long the peer may take to answer our close frame} */
  public Duration closeTimeout() {
    return closeTimeout;
  }

  /** {@return the cap of the backoff between attempts} */
  public Duration maxBackoff() {
    return maxBackoff;
  }

  /** {@return how long a session must be live before the backoff starts over} */
  public Duration stableAfter() {
    return stableAfter;
  }

  /** {@return the most bytes that a payload may have, inflated} */
  public int maxMessageBytes() {
    return maxMessageBytes;
  }

  /** {@return how many commands may wait on a connection} */
  public int maxQueuedCommands() {
    return maxQueuedCommands;
  }

  /** {@return how many dispatches may be unacknowledged before reading should pause} */
  public int maxUnacknowledged() {
    return maxUnacknowledged;
  }

  /** {@return what reads {@code d} for {@link Dispatch#readTree} and {@link Dispatch#readValue}} */
  public ObjectMapper objectMapper() {
    return objectMapper;
  }

  /** {@return the wall clock that dates sessions; no protocol timer looks at it} */
  public InstantSource instantSource() {
    return instantSource;
  }

  /** {@return the configuration without the token} */
  @Override
  public String toString() {
    return "GatewayConfig[intents="
        + intents
        + ", gatewayUri="
        + gatewayUri
        + ", encoding="
        + encoding
        + ", compression="
        + compression
        + ']';
  }

  /** Collects a {@link GatewayConfig}. Not thread-safe. Every setting can be set once. */
  public static final class Builder {

    private static final int MAX_NAME_LENGTH = 100;

    private final String token;
    private final Intents intents;
    private final Set<String> set = new TreeSet<>();
    private URI gatewayUri = DEFAULT_GATEWAY_URI;
    private Encoding encoding = Encoding.JSON;
    private Compression compression = Compression.ZLIB_STREAM;
    private @Nullable Presence presence;
    private int largeThreshold = 50;
    private String clientName = "sluice";
    private boolean identifyPermitsGranted;
    private Duration connectTimeout = Duration.ofSeconds(10);
    private Duration helloTimeout = Duration.ofSeconds(20);
    private Duration sessionTimeout = Duration.ofSeconds(60);
    private Duration closeTimeout = Duration.ofSeconds(5);
    private Duration maxBackoff = Duration.ofSeconds(60);
    private Duration stableAfter = Duration.ofSeconds(30);
    private int maxMessageBytes = 64 << 20;
    private int maxQueuedCommands = 1024;
    private int maxUnacknowledged = 65_536;
    private ObjectMapper objectMapper = DEFAULT_MAPPER;
    private InstantSource instantSource = InstantSource.system();

    private Builder(String token, Intents intents) {
      this.token = checkToken(requireNonNull(token, "token"));
      this.intents = requireNonNull(intents, "intents");
    }

    /**
     * Sets where new sessions start: the {@code url} of GET /gateway or GET /gateway/bot.
     *
     * @param gatewayUri a {@code ws} or {@code wss} URI; a trailing slash and a query are dropped
     * @return this
     * @throws IllegalArgumentException if it is another kind of URI
     */
    public Builder gatewayUri(URI gatewayUri) {
      URI base = GatewayUris.checkBase(requireNonNull(gatewayUri, "gatewayUri"));
      once("gatewayUri");
      this.gatewayUri = base;
      return this;
    }

    /**
     * Sets the encoding of payloads. Default: {@link Encoding#JSON}.
     *
     * @param encoding the encoding
     * @return this
     */
    public Builder encoding(Encoding encoding) {
      requireNonNull(encoding, "encoding");
      once("encoding");
      this.encoding = encoding;
      return this;
    }

    /**
     * Sets how the gateway compresses. Default: {@link Compression#ZLIB_STREAM}.
     *
     * @param compression the compression
     * @return this
     */
    public Builder compression(Compression compression) {
      requireNonNull(compression, "compression");
      once("compression");
      this.compression = compression;
      return this;
    }

    /**
     * Sets the presence that IDENTIFY carries. Default: none.
     *
     * @param presence the presence
     * @return this
     */
    public Builder presence(Presence presence) {
      requireNonNull(presence, "presence");
      once("presence");
      this.presence = presence;
      return this;
    }

    /**
     * Sets above how many members a guild's offline ones are left out of GUILD_CREATE. Default: 50.
     *
     * @param largeThreshold 50 to 250
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder largeThreshold(int largeThreshold) {
      between("largeThreshold", largeThreshold, 50, 250);
      once("largeThreshold");
      this.largeThreshold = largeThreshold;
      return this;
    }

    /**
     * Sets the library's name in the properties of IDENTIFY. Default: {@code sluice}.
     *
     * @param clientName 1 to 100 characters
     * @return this
     * @throws IllegalArgumentException if it is empty or longer
     */
    public Builder clientName(String clientName) {
      int length = requireNonNull(clientName, "clientName").length();
      if (length < 1 || length > MAX_NAME_LENGTH) {
        throw new IllegalArgumentException(
            "clientName: " + length + " characters (expected: 1.." + MAX_NAME_LENGTH + ')');
      }
      once("clientName");
      this.clientName = clientName;
      return this;
    }

    /**
     * Leaves identify permits to the driver, which shares them among the shards of a bot: the
     * connection then sends IDENTIFY only after {@code identifyPermitted()}. Default: a connection
     * grants its own, one in 5 s.
     *
     * @return this
     */
    public Builder identifyPermitsGranted() {
      once("identifyPermitsGranted");
      this.identifyPermitsGranted = true;
      return this;
    }

    /**
     * Sets how long a dial, with TLS and upgrade, may take. Default: 10 s.
     *
     * @param connectTimeout above 0, at most a day
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder connectTimeout(Duration connectTimeout) {
      this.connectTimeout = onceWithinADay("connectTimeout", connectTimeout);
      return this;
    }

    /**
     * Sets how long HELLO may take. Default: 20 s.
     *
     * @param helloTimeout above 0, at most a day
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder helloTimeout(Duration helloTimeout) {
      this.helloTimeout = onceWithinADay("helloTimeout", helloTimeout);
      return this;
    }

    /**
     * Sets how long READY and RESUMED may take while nothing at all is received, not even the ACK
     * of a heartbeat. Default: 60 s; with heartbeats further apart an outage of the gateway costs
     * another attempt each time.
     *
     * @param sessionTimeout above 0, at most a day
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder sessionTimeout(Duration sessionTimeout) {
      this.sessionTimeout = onceWithinADay("sessionTimeout", sessionTimeout);
      return this;
    }

    /**
     * Sets how long the peer may take to answer our close frame. Default: 5 s.
     *
     * @param closeTimeout above 0, at most a day
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder closeTimeout(Duration closeTimeout) {
      this.closeTimeout = onceWithinADay("closeTimeout", closeTimeout);
      return this;
    }

    /**
     * Sets the cap of the backoff between attempts. Default: 60 s.
     *
     * @param maxBackoff above 0, at most a day
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder maxBackoff(Duration maxBackoff) {
      this.maxBackoff = onceWithinADay("maxBackoff", maxBackoff);
      return this;
    }

    /**
     * Sets how long a session must be live before the backoff starts over. Default: 30 s.
     *
     * @param stableAfter above 0, at most a day
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder stableAfter(Duration stableAfter) {
      this.stableAfter = onceWithinADay("stableAfter", stableAfter);
      return this;
    }

    /**
     * Sets the most bytes that a payload may have, inflated. Default: 64 MiB.
     *
     * @param maxMessageBytes at least 64 KiB
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder maxMessageBytes(int maxMessageBytes) {
      between("maxMessageBytes", maxMessageBytes, 64 << 10, Integer.MAX_VALUE - 8);
      once("maxMessageBytes");
      this.maxMessageBytes = maxMessageBytes;
      return this;
    }

    /**
     * Sets how many commands may wait on a connection. Default: 1024.
     *
     * @param maxQueuedCommands at least 1
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder maxQueuedCommands(int maxQueuedCommands) {
      between("maxQueuedCommands", maxQueuedCommands, 1, 1 << 20);
      once("maxQueuedCommands");
      this.maxQueuedCommands = maxQueuedCommands;
      return this;
    }

    /**
     * Sets how many dispatches may be unacknowledged before reading should pause. Default: 65536.
     *
     * @param maxUnacknowledged at least 1
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder maxUnacknowledged(int maxUnacknowledged) {
      between("maxUnacknowledged", maxUnacknowledged, 1, 1 << 24);
      once("maxUnacknowledged");
      this.maxUnacknowledged = maxUnacknowledged;
      return this;
    }

    /**
     * Sets what reads {@code d}. Default: a plain {@link JsonMapper}.
     *
     * @param objectMapper a mapper that is configured already and not changed any more
     * @return this
     */
    public Builder objectMapper(ObjectMapper objectMapper) {
      requireNonNull(objectMapper, "objectMapper");
      once("objectMapper");
      this.objectMapper = objectMapper;
      return this;
    }

    /**
     * Sets the wall clock that dates sessions. Default: the system's.
     *
     * @param instantSource the clock
     * @return this
     */
    public Builder instantSource(InstantSource instantSource) {
      requireNonNull(instantSource, "instantSource");
      once("instantSource");
      this.instantSource = instantSource;
      return this;
    }

    /**
     * {@return the configuration}
     *
     * @throws IllegalArgumentException if the compression is {@link Compression#PAYLOAD} and the
     *     encoding not {@link Encoding#JSON}
     * @throws IllegalStateException if the compression is {@link Compression#ZSTD_STREAM} and its
     *     library is missing or cannot be loaded
     */
    public GatewayConfig build() {
      if (compression == Compression.PAYLOAD && encoding != Encoding.JSON) {
        throw new IllegalArgumentException(
            "compression: " + compression + " with encoding " + encoding + " (expected: JSON)");
      }
      if (compression == Compression.ZSTD_STREAM) {
        ZstdLibrary.require();
      }
      return new GatewayConfig(this);
    }

    private void once(String setting) {
      if (!set.add(setting)) {
        throw new IllegalStateException(setting + ": set already (expected: once)");
      }
    }

    private Duration onceWithinADay(String setting, Duration value) {
      requireNonNull(value, setting);
      if (value.isNegative() || value.isZero() || value.compareTo(MAX_DURATION) > 0) {
        throw new IllegalArgumentException(
            setting + ": " + value + " (expected: above 0, at most " + MAX_DURATION + ')');
      }
      once(setting);
      return value;
    }

    private static void between(String setting, int value, int min, int max) {
      if (value < min || value > max) {
        throw new IllegalArgumentException(
            setting + ": " + value + " (expected: " + min + ".." + max + ')');
      }
    }

    private static String checkToken(String token) {
      if (token.isEmpty()) {
        throw new IllegalArgumentException("token: empty (expected: the bot's token)");
      }
      if (token.toLowerCase(Locale.ROOT).startsWith("bot ")) {
        throw new IllegalArgumentException(
            "token: starts with \"Bot \" (expected: the bare token; the prefix belongs to HTTP)");
      }
      if (token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
        throw new IllegalArgumentException(
            "token: has white space or other unprintable characters (expected: none)");
      }
      return token;
    }
  }
}
