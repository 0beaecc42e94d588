package dev.sluice.gateway;

/**
 * A session that can not be resumed any more: what happened after the last event that was handled
 * may never arrive, so what the application knows of its guilds has a gap until the events of the
 * next session fill it.
 *
 * @param sessionId the id that READY gave it
 * @param sessionEpoch its number within the connection, 0 for a stored session that was not taken
 *     up
 * @param handledSequence the acknowledged sequence: every dispatch up to it was handled
 * @param receivedSequence the last sequence that was received, at least {@code handledSequence}
 * @param reason why it was lost, for the log: names values, holds no secret and no payload
 */
public record SessionLost(
    String sessionId,
    int sessionEpoch,
    long handledSequence,
    long receivedSequence,
    String reason) {}
