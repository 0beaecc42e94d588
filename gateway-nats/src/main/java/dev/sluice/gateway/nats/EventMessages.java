package dev.sluice.gateway.nats;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.InFlightEvent;
import dev.sluice.gateway.netty.Shard;
import io.nats.client.impl.Headers;
import io.nats.client.support.NatsJetStreamConstants;
import java.lang.ref.WeakReference;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes messages of events, each on the event loop of its shard. Thread-safe. */
final class EventMessages {

  static final String TYPE = "type";
  static final String SHARD = "shard";
  static final String SEQUENCE = "sequence";
  static final String SESSION = "session";
  static final String EPOCH = "epoch";
  static final String ENCODING = "encoding";
  static final String OMITTED = "omitted";

  private static final Logger log = LoggerFactory.getLogger(EventMessages.class);

  private static final byte[] NOTHING = {};
  private static final int SESSION_BYTES = 8; // of a hash

  private final String prefix;
  private final int buckets;
  private final long maxBytes;
  private final Map<ShardId, SessionTag> sessions = new ConcurrentHashMap<>();
  private final LongAdder omitted = new LongAdder();

  /** What the messages of one session of a shard say of it. */
  private record SessionTag(WeakReference<Shard> shard, int sessionEpoch, String tag) {

    boolean isOf(InFlightEvent event) {
      return sessionEpoch == event.sessionEpoch() && shard.refersTo(event.shard());
    }
  }

  /**
   * Creates a maker of messages.
   *
   * @param prefix of the subjects
   * @param maxBytes of headers and data that the server and the stream take
   */
  EventMessages(String prefix, int buckets, long maxBytes) {
    this.prefix = prefix;
    this.buckets = buckets;
    this.maxBytes = maxBytes;
  }

  /** {@return how many events were too large} */
  long omitted() {
    return omitted.sum();
  }

  Publication of(InFlightEvent event) {
    ShardId shard = event.shard().id();
    String type = type(event.name());
    String sequence = Long.toString(event.sequence());
    String session = session(event);
    Headers headers =
        new Headers()
            .put(TYPE, type)
            .put(SHARD, shard.id() + "/" + shard.count())
            .put(SEQUENCE, sequence)
            .put(EPOCH, Long.toString(event.shard().assignmentEpoch()))
            .put(ENCODING, event.encoding().name().toLowerCase(Locale.ROOT));
    if (session != null) {
      headers
          .put(SESSION, session)
          .put(NatsJetStreamConstants.MSG_ID_HDR, session + ':' + sequence);
    }
    byte[] data = event.data();
    if (data.length + headers.serializedLength() > maxBytes) {
      headers.put(OMITTED, Integer.toString(data.length));
      omitted.increment();
      log.warn("shard {}: {} is published without its data: too large", shard, event);
      data = NOTHING;
    }
    String subject = prefix + '.' + bucket(event.guildId(), shard, buckets) + '.' + type;
    return new Publication(subject, headers, data, event::acknowledge);
  }

  static int bucket(long guildId, ShardId shard, int buckets) {
    return (int) ((guildId == 0 ? shard.id() : guildId >>> 22) % buckets);
  }

  /** {@return a name as a part of a subject} What is none of an event must not lead elsewhere. */
  static String type(String name) {
    return name.isEmpty() || !name.chars().allMatch(EventMessages::isOfNames) ? "UNKNOWN" : name;
  }

  private static boolean isOfNames(int c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }

  private @Nullable String session(InFlightEvent event) {
    Shard shard = event.shard();
    SessionTag known = sessions.get(shard.id());
    if (known != null && known.isOf(event)) {
      return known.tag;
    }
    GatewaySession session = shard.currentSession();
    if (session == null) {
      return null;
    }
    String tag = tag(session.sessionId());
    sessions.put(shard.id(), new SessionTag(new WeakReference<>(shard), event.sessionEpoch(), tag));
    return tag;
  }

  /** With the token, the id itself would let whoever reads it resume the session. */
  static String tag(String sessionId) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(sessionId.getBytes(UTF_8));
      return HexFormat.of().formatHex(hash, 0, SESSION_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
