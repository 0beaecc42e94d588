package dev.sluice.gateway.testkit;

/**
 * What a {@link LocalGateway} has seen and done since its start. Immutable.
 *
 * @param connections the WebSocket connections that are open now
 * @param sessions the sessions that are attached or can be resumed now
 * @param baseDials the WebSocket requests on the base URL, refused ones too
 * @param resumeDials the WebSocket requests on the resume URL, refused ones too
 * @param identifies the IDENTIFYs that were answered with READY
 * @param identifiesRejected the IDENTIFYs that were answered with INVALID_SESSION
 * @param resumes the RESUMEs that succeeded
 * @param resumesRejected the RESUMEs that were answered with INVALID_SESSION
 * @param eventsDispatched the events given to sessions, READY and RESUMED not among them
 * @param eventBytes the bytes of those events' {@code d}, not compressed
 * @param messagesSent the WebSocket messages written, of every opcode, replayed ones too
 * @param bytesSent the bytes of those messages, compressed where the client asked for it
 * @param trafficOwed how many events the traffic is behind its rate
 */
public record LocalGatewayStats(
    int connections,
    int sessions,
    long baseDials,
    long resumeDials,
    long identifies,
    long identifiesRejected,
    long resumes,
    long resumesRejected,
    long eventsDispatched,
    long eventBytes,
    long messagesSent,
    long bytesSent,
    long trafficOwed) {

  /** {@return how many sessions were refused: INVALID_SESSION to an IDENTIFY or a RESUME} */
  public long invalidSessionsSent() {
    return identifiesRejected + resumesRejected;
  }
}
