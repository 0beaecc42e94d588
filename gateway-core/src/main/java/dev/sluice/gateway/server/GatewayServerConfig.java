package dev.sluice.gateway.server;

import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link GatewayServer} behaves: what its application is, and which limits it holds clients
 * to. Immutable; made by {@link #builder}.
 */
public final class GatewayServerConfig {

  private static final int MAX_DAYS = 36_500;

  private final String token;
  private final String gatewayUrl;
  private final String resumeGatewayUrl;
  private final long applicationId;
  private final Function<ShardId, long[]> guilds;
  private final Duration heartbeatInterval;
  private final Duration identifyTimeout;
  private final int maxConcurrency;
  private final Duration identifyWindow;
  private final int sessionStartTotal;
  private final int sessionStartRemaining;
  private final int shards;
  private final int shardMultiple;
  private final Intents allowedPrivilegedIntents;
  private final boolean filterByIntents;
  private final boolean tokenResetWhenExhausted;
  private final boolean closeRefusedResumes;
  private final Duration reconnectGrace;
  private final Duration sessionLifetime;
  private final int maxDetachedSessions;
  private final int replayCapacity;
  private final int replayMaxBytes;
  private final int sendLimit;
  private final Duration sendWindow;
  private final int maxPayloadBytes;
  private final int compressionLevel;
  private final int payloadCompressionThreshold;
  private final boolean zstdFramePerMessage;

  private GatewayServerConfig(Builder builder) {
    this.token = builder.token;
    this.gatewayUrl = builder.gatewayUrl;
    this.resumeGatewayUrl =
        builder.resumeGatewayUrl == null ? gatewayUrl : builder.resumeGatewayUrl;
    this.applicationId = builder.applicationId;
    this.guilds = builder.guilds;
    this.heartbeatInterval = builder.heartbeatInterval;
    this.identifyTimeout = builder.identifyTimeout;
    this.maxConcurrency = builder.maxConcurrency;
    this.identifyWindow = builder.identifyWindow;
    this.sessionStartTotal = builder.sessionStartTotal;
    this.sessionStartRemaining =
        builder.sessionStartRemaining == null ? sessionStartTotal : builder.sessionStartRemaining;
    this.shards = builder.shards;
    this.shardMultiple = builder.shardMultiple;
    this.allowedPrivilegedIntents = builder.allowedPrivilegedIntents;
    this.filterByIntents = builder.filterByIntents;
    this.tokenResetWhenExhausted = builder.tokenResetWhenExhausted;
    this.closeRefusedResumes = builder.closeRefusedResumes;
    this.reconnectGrace = builder.reconnectGrace;
    this.sessionLifetime = builder.sessionLifetime;
    this.maxDetachedSessions = builder.maxDetachedSessions;
    this.replayCapacity = builder.replayCapacity;
    this.replayMaxBytes = builder.replayMaxBytes;
    this.sendLimit = builder.sendLimit;
    this.sendWindow = builder.sendWindow;
    this.maxPayloadBytes = builder.maxPayloadBytes;
    this.compressionLevel = builder.compressionLevel;
    this.payloadCompressionThreshold = builder.payloadCompressionThreshold;
    this.zstdFramePerMessage = builder.zstdFramePerMessage;
    requirePositive("heartbeatInterval", heartbeatInterval);
    if (heartbeatInterval.toMillis() == 0) {
      throw new IllegalArgumentException(
          "heartbeatInterval: " + heartbeatInterval + " (expected: >= 1 ms)");
    }
    requirePositive("identifyTimeout", identifyTimeout);
    requireInRange("maxConcurrency", maxConcurrency, 1, Integer.MAX_VALUE);
    requirePositive("identifyWindow", identifyWindow);
    requireInRange("sessionStartTotal", sessionStartTotal, 0, Integer.MAX_VALUE);
    requireInRange("sessionStartRemaining", sessionStartRemaining, 0, sessionStartTotal);
    requireInRange("shards", shards, 1, Integer.MAX_VALUE);
    requireInRange("shardMultiple", shardMultiple, 1, Integer.MAX_VALUE);
    if (shards % shardMultiple != 0) {
      throw new IllegalArgumentException(
          "shards: " + shards + " (expected: a multiple of " + shardMultiple + ')');
    }
    if ((allowedPrivilegedIntents.value() & ~privileged().value()) != 0) {
      throw new IllegalArgumentException(
          "allowedPrivilegedIntents: "
              + allowedPrivilegedIntents
              + " (expected: among "
              + privileged()
              + ')');
    }
    requirePositive("reconnectGrace", reconnectGrace);
    requirePositive("sessionLifetime", sessionLifetime);
    requireInRange("maxDetachedSessions", maxDetachedSessions, 0, Integer.MAX_VALUE);
    requireInRange("replayCapacity", replayCapacity, 1, 1 << 30);
    requireInRange("replayMaxBytes", replayMaxBytes, 1, Integer.MAX_VALUE);
    requireInRange("sendLimit", sendLimit, 1, 1 << 20);
    requirePositive("sendWindow", sendWindow);
    requireInRange("maxPayloadBytes", maxPayloadBytes, 1, Integer.MAX_VALUE);
    requireInRange("compressionLevel", compressionLevel, 0, 9);
    requireInRange(
        "payloadCompressionThreshold", payloadCompressionThreshold, 0, Integer.MAX_VALUE);
  }

  /**
   * Starts a configuration.
   *
   * @param token the bare bot token that clients must send
   * @return a builder with the values of Discord where they are known
   * @throws IllegalArgumentException if the token is empty
   */
  public static Builder builder(String token) {
    return new Builder(token);
  }

  /**
   * {@return the bare bot token that IDENTIFY and RESUME must carry; never in {@link #toString}}
   */
  public String token() {
    return token;
  }

  /** {@return the base URL that {@code GET /gateway/bot} gives} */
  public String gatewayUrl() {
    return gatewayUrl;
  }

  /** {@return the URL that READY gives for resuming} */
  public String resumeGatewayUrl() {
    return resumeGatewayUrl;
  }

  /** {@return the id of the application and of its bot user} */
  public long applicationId() {
    return applicationId;
  }

  /** {@return what gives the guilds of a shard, the {@code guilds} of READY} */
  public Function<ShardId, long[]> guilds() {
    return guilds;
  }

  /** {@return the interval of HELLO} */
  public Duration heartbeatInterval() {
    return heartbeatInterval;
  }

  /** {@return how long a connection may stay open without a session} */
  public Duration identifyTimeout() {
    return identifyTimeout;
  }

  /** {@return the number of identify buckets, at least 1} */
  public int maxConcurrency() {
    return maxConcurrency;
  }

  /** {@return the time in which a bucket admits one IDENTIFY} */
  public Duration identifyWindow() {
    return identifyWindow;
  }

  /** {@return how many identifies are admitted in 24 h} */
  public int sessionStartTotal() {
    return sessionStartTotal;
  }

  /** {@return how many identifies are left at the start} */
  public int sessionStartRemaining() {
    return sessionStartRemaining;
  }

  /** {@return the recommended number of shards, at least 1} */
  public int shards() {
    return shards;
  }

  /** {@return the number that shard counts must be a multiple of, at least 1} */
  public int shardMultiple() {
    return shardMultiple;
  }

  /** {@return the privileged intents that clients may ask for} */
  public Intents allowedPrivilegedIntents() {
    return allowedPrivilegedIntents;
  }

  /** {@return every intent that clients may ask for} */
  Intents allowedIntents() {
    return new Intents(Intents.nonPrivileged().value() | allowedPrivilegedIntents.value());
  }

  /** {@return whether a session gets only the events that its intents cover} */
  public boolean filterByIntents() {
    return filterByIntents;
  }

  /** {@return whether an IDENTIFY over the budget resets the token} */
  public boolean tokenResetWhenExhausted() {
    return tokenResetWhenExhausted;
  }

  /** {@return whether a RESUME that is refused closes with 4009} */
  public boolean closeRefusedResumes() {
    return closeRefusedResumes;
  }

  /** {@return how long a connection stays open after RECONNECT} */
  public Duration reconnectGrace() {
    return reconnectGrace;
  }

  /** {@return how long a session without a connection may be resumed} */
  public Duration sessionLifetime() {
    return sessionLifetime;
  }

  /** {@return how many sessions without a connection are kept} */
  public int maxDetachedSessions() {
    return maxDetachedSessions;
  }

  /** {@return how many events a session keeps for replay, at least 1} */
  public int replayCapacity() {
    return replayCapacity;
  }

  /** {@return how many bytes of events a session keeps for replay, at least 1} */
  public int replayMaxBytes() {
    return replayMaxBytes;
  }

  /** {@return how many messages a client may send in a window, at least 1} */
  public int sendLimit() {
    return sendLimit;
  }

  /** {@return the sliding window of {@link #sendLimit}} */
  public Duration sendWindow() {
    return sendWindow;
  }

  /** {@return the largest message that a client may send, in bytes} */
  public int maxPayloadBytes() {
    return maxPayloadBytes;
  }

  /** {@return the level of zlib and zstd, 0 to 9} */
  public int compressionLevel() {
    return compressionLevel;
  }

  /** {@return from how many bytes on payload compression compresses a payload} */
  public int payloadCompressionThreshold() {
    return payloadCompressionThreshold;
  }

  /** {@return whether each message of a zstd-stream is a frame of its own} */
  public boolean zstdFramePerMessage() {
    return zstdFramePerMessage;
  }

  /** {@return the URLs and the limits, without the token} */
  @Override
  public String toString() {
    return "GatewayServerConfig[gatewayUrl="
        + gatewayUrl
        + ", resumeGatewayUrl="
        + resumeGatewayUrl
        + ", heartbeatInterval="
        + heartbeatInterval
        + ", maxConcurrency="
        + maxConcurrency
        + ", identifyWindow="
        + identifyWindow
        + ", sessionStartTotal="
        + sessionStartTotal
        + ", shards="
        + shards
        + ", sessionLifetime="
        + sessionLifetime
        + ", replayCapacity="
        + replayCapacity
        + ']';
  }

  private static Intents privileged() {
    return new Intents(Intents.all().value() & ~Intents.nonPrivileged().value());
  }

  private static void requirePositive(String name, Duration value) {
    Objects.requireNonNull(value, name);
    // toNanos() overflows above 292 years; what is compared on a NanoClock must fit.
    if (value.isNegative() || value.isZero() || value.toDays() > MAX_DAYS) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: > 0, <= " + MAX_DAYS + " days)");
    }
  }

  private static void requireInRange(String name, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          name
              + ": "
              + value
              + " (expected: "
              + (max == Integer.MAX_VALUE ? ">= " + min : min + ".." + max)
              + ')');
    }
  }

  /** Collects the values of a configuration. Each may be set once. Not thread-safe. */
  public static final class Builder {

    private final Set<String> given = new HashSet<>();
    private final String token;
    private String gatewayUrl = "ws://127.0.0.1";
    private @Nullable String resumeGatewayUrl;
    private long applicationId = 849_437_156_969_951_983L;
    private Function<ShardId, long[]> guilds = shard -> new long[0];
    private Duration heartbeatInterval = Duration.ofMillis(41_250);
    private Duration identifyTimeout = Duration.ofMinutes(3);
    private int maxConcurrency = 1;
    private Duration identifyWindow = Duration.ofSeconds(5);
    private int sessionStartTotal = 1000;
    private @Nullable Integer sessionStartRemaining;
    private int shards = 1;
    private int shardMultiple = 1;
    private Intents allowedPrivilegedIntents = privileged();
    private boolean filterByIntents = true;
    private boolean tokenResetWhenExhausted;
    private boolean closeRefusedResumes;
    private Duration reconnectGrace = Duration.ofSeconds(5);
    private Duration sessionLifetime = Duration.ofMinutes(3);
    private int maxDetachedSessions = 1 << 16;
    private int replayCapacity = 10_000;
    private int replayMaxBytes = 16 << 20;
    private int sendLimit = 120;
    private Duration sendWindow = Duration.ofSeconds(60);
    private int maxPayloadBytes = 4096;
    private int compressionLevel = 6;
    private int payloadCompressionThreshold = 1024;
    private boolean zstdFramePerMessage;

    private Builder(String token) {
      this.token = Objects.requireNonNull(token, "token");
      if (token.isEmpty()) {
        throw new IllegalArgumentException("token: empty (expected: a bot token)");
      }
    }

    /**
     * Sets the base URL; {@code ws://127.0.0.1} by default.
     *
     * @param gatewayUrl the URL, with or without a trailing slash
     * @return this
     */
    public Builder gatewayUrl(String gatewayUrl) {
      once("gatewayUrl");
      this.gatewayUrl = Objects.requireNonNull(gatewayUrl, "gatewayUrl");
      return this;
    }

    /**
     * Sets the URL for resuming; the base URL by default.
     *
     * @param resumeGatewayUrl the URL, with or without a trailing slash
     * @return this
     */
    public Builder resumeGatewayUrl(String resumeGatewayUrl) {
      once("resumeGatewayUrl");
      this.resumeGatewayUrl = Objects.requireNonNull(resumeGatewayUrl, "resumeGatewayUrl");
      return this;
    }

    /**
     * Sets the id of the application and of its bot user.
     *
     * @param applicationId a snowflake
     * @return this
     */
    public Builder applicationId(long applicationId) {
      once("applicationId");
      this.applicationId = applicationId;
      return this;
    }

    /**
     * Sets the guilds of each shard; none by default. Over 2500 close with 4011.
     *
     * @param guilds gives the ids of a shard's guilds; called once for each IDENTIFY
     * @return this
     */
    public Builder guilds(Function<ShardId, long[]> guilds) {
      once("guilds");
      this.guilds = Objects.requireNonNull(guilds, "guilds");
      return this;
    }

    /**
     * Sets the heartbeat interval; 41.25 s by default. A client is closed with 4000 when 1.5 of
     * them have passed without a heartbeat.
     *
     * @param heartbeatInterval above zero, used in whole milliseconds
     * @return this
     */
    public Builder heartbeatInterval(Duration heartbeatInterval) {
      once("heartbeatInterval");
      this.heartbeatInterval = Objects.requireNonNull(heartbeatInterval, "heartbeatInterval");
      return this;
    }

    /**
     * Sets how long a connection may stay without a session; 3 minutes by default, for clients wait
     * for their identify permits on open connections. Discord's value is not known.
     *
     * @param identifyTimeout above zero
     * @return this
     */
    public Builder identifyTimeout(Duration identifyTimeout) {
      once("identifyTimeout");
      this.identifyTimeout = Objects.requireNonNull(identifyTimeout, "identifyTimeout");
      return this;
    }

    /**
     * Sets the number of identify buckets; 1 by default.
     *
     * @param maxConcurrency at least 1
     * @return this
     */
    public Builder maxConcurrency(int maxConcurrency) {
      once("maxConcurrency");
      this.maxConcurrency = maxConcurrency;
      return this;
    }

    /**
     * Sets the time in which a bucket admits one IDENTIFY; 5 s by default.
     *
     * @param identifyWindow above zero
     * @return this
     */
    public Builder identifyWindow(Duration identifyWindow) {
      once("identifyWindow");
      this.identifyWindow = Objects.requireNonNull(identifyWindow, "identifyWindow");
      return this;
    }

    /**
     * Sets how many identifies are admitted in 24 h; 1000 by default.
     *
     * @param sessionStartTotal at least 0
     * @return this
     */
    public Builder sessionStartTotal(int sessionStartTotal) {
      once("sessionStartTotal");
      this.sessionStartTotal = sessionStartTotal;
      return this;
    }

    /**
     * Sets how many identifies are left at the start; all by default.
     *
     * @param sessionStartRemaining from 0 to the total
     * @return this
     */
    public Builder sessionStartRemaining(int sessionStartRemaining) {
      once("sessionStartRemaining");
      this.sessionStartRemaining = sessionStartRemaining;
      return this;
    }

    /**
     * Sets the recommended number of shards; 1 by default.
     *
     * @param shards at least 1
     * @return this
     */
    public Builder shards(int shards) {
      once("shards");
      this.shards = shards;
      return this;
    }

    /**
     * Sets the number that shard counts must be a multiple of, as for large bots; 1 by default.
     * Another count closes with 4010.
     *
     * @param shardMultiple at least 1; divides the recommended number of shards
     * @return this
     * @see <a
     *     href="https://discord.com/developers/docs/events/gateway#sharding-for-large-bots">Sharding
     *     for large bots</a>
     */
    public Builder shardMultiple(int shardMultiple) {
      once("shardMultiple");
      this.shardMultiple = shardMultiple;
      return this;
    }

    /**
     * Sets the privileged intents that are switched on for the application; all by default. An
     * IDENTIFY with another privileged intent closes with 4014.
     *
     * @param allowedPrivilegedIntents a set of privileged intents
     * @return this
     * @see <a
     *     href="https://discord.com/developers/docs/events/gateway#privileged-intents">Privileged
     *     intents</a>
     */
    public Builder allowedPrivilegedIntents(Intent... allowedPrivilegedIntents) {
      once("allowedPrivilegedIntents");
      this.allowedPrivilegedIntents = Intents.of(allowedPrivilegedIntents);
      return this;
    }

    /**
     * Sets whether a session gets only the events that its intents cover; true by default.
     *
     * @param filterByIntents false to deliver every event
     * @return this
     */
    public Builder filterByIntents(boolean filterByIntents) {
      once("filterByIntents");
      this.filterByIntents = filterByIntents;
      return this;
    }

    /**
     * Sets what an IDENTIFY does that finds no session start left: {@linkplain
     * GatewayServer#resetToken reset the token}, as Discord does, or get INVALID_SESSION; the
     * latter by default.
     *
     * @param tokenResetWhenExhausted whether it resets the token
     * @return this
     */
    public Builder tokenResetWhenExhausted(boolean tokenResetWhenExhausted) {
      once("tokenResetWhenExhausted");
      this.tokenResetWhenExhausted = tokenResetWhenExhausted;
      return this;
    }

    /**
     * Sets what a RESUME gets of which the session is not known any more or cannot be replayed in
     * full: INVALID_SESSION {@code false}, or a close with 4009; the former by default.
     *
     * @param closeRefusedResumes whether it is closed
     * @return this
     */
    public Builder closeRefusedResumes(boolean closeRefusedResumes) {
      once("closeRefusedResumes");
      this.closeRefusedResumes = closeRefusedResumes;
      return this;
    }

    /**
     * Sets how long a connection stays open after RECONNECT before the server closes it with 1001
     * by itself; 5 s by default, where Discord speaks of a few seconds.
     *
     * @param reconnectGrace above zero
     * @return this
     */
    public Builder reconnectGrace(Duration reconnectGrace) {
      once("reconnectGrace");
      this.reconnectGrace = Objects.requireNonNull(reconnectGrace, "reconnectGrace");
      return this;
    }

    /**
     * Sets how long a session without a connection may be resumed; 3 minutes by default.
     *
     * @param sessionLifetime above zero
     * @return this
     */
    public Builder sessionLifetime(Duration sessionLifetime) {
      once("sessionLifetime");
      this.sessionLifetime = Objects.requireNonNull(sessionLifetime, "sessionLifetime");
      return this;
    }

    /**
     * Sets how many sessions without a connection are kept; 65,536 by default. One more ends the
     * one that lost its connection first.
     *
     * @param maxDetachedSessions at least 0
     * @return this
     */
    public Builder maxDetachedSessions(int maxDetachedSessions) {
      once("maxDetachedSessions");
      this.maxDetachedSessions = maxDetachedSessions;
      return this;
    }

    /**
     * Sets how many events a session keeps for replay; 10,000 by default.
     *
     * @param replayCapacity at least 1
     * @return this
     */
    public Builder replayCapacity(int replayCapacity) {
      once("replayCapacity");
      this.replayCapacity = replayCapacity;
      return this;
    }

    /**
     * Sets how many bytes of events a session keeps for replay; 16 MiB by default. The newest event
     * is kept in any case.
     *
     * @param replayMaxBytes at least 1
     * @return this
     */
    public Builder replayMaxBytes(int replayMaxBytes) {
      once("replayMaxBytes");
      this.replayMaxBytes = replayMaxBytes;
      return this;
    }

    /**
     * Sets how many messages a client may send; 120 in 60 s by default.
     *
     * @param sendLimit at least 1
     * @param sendWindow above zero
     * @return this
     */
    public Builder sendLimit(int sendLimit, Duration sendWindow) {
      once("sendLimit");
      this.sendLimit = sendLimit;
      this.sendWindow = Objects.requireNonNull(sendWindow, "sendWindow");
      return this;
    }

    /**
     * Sets the largest message that a client may send; 4096 bytes by default.
     *
     * @param maxPayloadBytes at least 1
     * @return this
     */
    public Builder maxPayloadBytes(int maxPayloadBytes) {
      once("maxPayloadBytes");
      this.maxPayloadBytes = maxPayloadBytes;
      return this;
    }

    /**
     * Sets the level of zlib and zstd; 6 by default. A connection with zlib-stream takes about 270
     * kB of native memory, one with zstd-stream about 3 MB.
     *
     * @param compressionLevel 0 (none; zstd takes it for 1) to 9 (smallest)
     * @return this
     */
    public Builder compressionLevel(int compressionLevel) {
      once("compressionLevel");
      this.compressionLevel = compressionLevel;
      return this;
    }

    /**
     * Sets from how many bytes on a payload is compressed if IDENTIFY asked for payload
     * compression; 1024 by default. Discord's value is not known.
     *
     * @param payloadCompressionThreshold at least 0, which compresses all
     * @return this
     */
    public Builder payloadCompressionThreshold(int payloadCompressionThreshold) {
      once("payloadCompressionThreshold");
      this.payloadCompressionThreshold = payloadCompressionThreshold;
      return this;
    }

    /**
     * Makes each message of a zstd-stream a frame of its own. By default the frame of the first
     * message never ends, as Discord's does not; clients should stand both.
     *
     * @return this
     */
    public Builder zstdFramePerMessage() {
      once("zstdFramePerMessage");
      this.zstdFramePerMessage = true;
      return this;
    }

    /**
     * {@return the configuration}
     *
     * @throws IllegalArgumentException if a value is out of its range
     */
    public GatewayServerConfig build() {
      return new GatewayServerConfig(this);
    }

    private void once(String name) {
      if (!given.add(name)) {
        throw new IllegalStateException(name + ": set already (expected: once)");
      }
    }
  }
}
