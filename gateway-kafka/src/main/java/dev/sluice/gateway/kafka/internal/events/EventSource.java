package dev.sluice.gateway.kafka.internal.events;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.netty.Shard;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/** Where events come from: what those of one session of one shard have in common. Immutable. */
final class EventSource {

  private static final int HASH_BYTES = 8;
  private static final String NO_SESSION = "0".repeat(2 * HASH_BYTES);

  final Shard shard;
  final int sessionEpoch;

  /** As of the first of its events; null if that was kept back beyond the end of its session. */
  final @Nullable GatewaySession session;

  final byte[] keyWithoutGuild;
  final Header shardHeader;
  final Header sessionHeader;
  final Header epochHeader;

  EventSource(Shard shard, int sessionEpoch, @Nullable GatewaySession session) {
    this.shard = shard;
    this.sessionEpoch = sessionEpoch;
    this.session = session;
    this.keyWithoutGuild = ("shard-" + shard.id().id()).getBytes(US_ASCII);
    this.shardHeader = EventHeaders.of(EventHeaders.SHARD, shard.id().toString());
    this.sessionHeader =
        EventHeaders.of(
            EventHeaders.SESSION, session == null ? NO_SESSION : hash(session.sessionId()));
    this.epochHeader = EventHeaders.of(EventHeaders.EPOCH, shard.assignmentEpoch());
  }

  boolean isOf(Shard shard, int sessionEpoch) {
    return this.shard == shard && this.sessionEpoch == sessionEpoch;
  }

  /** The session id itself would let whoever has the token resume the session. */
  static String hash(String sessionId) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(sessionId.getBytes(UTF_8));
      return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256: missing (expected: in every Java platform)", e);
    }
  }
}
