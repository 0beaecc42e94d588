package dev.sluice.gateway.kafka.internal.events;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.kafka.internal.group.SessionMetadata;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How far the events of a shard are published, and the session that they are of. Immutable.
 *
 * @param epoch the epoch of the assignment
 * @param session what is known of the session but its sequence; null when there is none
 * @param sequence what a RESUME names: all up to it was published, or was not to be
 * @param lastPublished the sequence of the last event that was published of this session, by this
 *     sink and under this epoch; -1 before the first
 */
record ShardCheckpoint(
    long epoch, @Nullable GatewaySession session, long sequence, long lastPublished) {

  static ShardCheckpoint none(long epoch) {
    return new ShardCheckpoint(epoch, null, 0, -1);
  }

  private boolean isOf(GatewaySession other) {
    return session != null && session.sessionId().equals(other.sessionId());
  }

  boolean hasPublished(GatewaySession of, long eventSequence) {
    return isOf(of) && eventSequence <= lastPublished;
  }

  /** {@return this with an event more} */
  ShardCheckpoint published(GatewaySession of, long eventSequence) {
    return isOf(of)
        ? new ShardCheckpoint(epoch, session, Math.max(sequence, eventSequence), eventSequence)
        : new ShardCheckpoint(epoch, of, Math.max(of.sequence(), eventSequence), eventSequence);
  }

  /**
   * {@return this with what the core wants to be stored} The core learns late what was published,
   * so its sequence can be behind; it is ahead when the last events were not for the topic.
   */
  ShardCheckpoint stored(@Nullable GatewaySession stored) {
    if (stored == null) {
      return none(epoch);
    }
    return isOf(stored)
        ? new ShardCheckpoint(epoch, stored, Math.max(sequence, stored.sequence()), lastPublished)
        : new ShardCheckpoint(epoch, stored, stored.sequence(), -1);
  }

  /** {@return whether a session that was read is this one, as far or further} */
  boolean isReachedBy(@Nullable GatewaySession read) {
    return read != null && isOf(read) && read.sequence() >= sequence;
  }

  /** {@return what is written, as of now} */
  String metadata(String transactionalId, Instant now) {
    if (session == null) {
      return new SessionMetadata(null, epoch, transactionalId).encode();
    }
    GatewaySession written =
        new GatewaySession(
            session.sessionId(),
            session.resumeGatewayUrl(),
            sequence,
            session.applicationId(),
            session.shard(),
            session.intents(),
            session.apiVersion(),
            session.encoding(),
            session.compression(),
            session.firstSeen(),
            now.isAfter(session.lastSeen()) ? now : session.lastSeen());
    return new SessionMetadata(written, epoch, transactionalId).encode();
  }
}
