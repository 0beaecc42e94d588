package dev.sluice.gateway.netty;

/** The names of the handlers in a shard's pipeline, to place others around. */
public final class PipelineNames {

  /** TLS; absent for {@code ws} URIs. */
  public static final String SSL = "ssl";

  /** HTTP, while connecting. */
  public static final String HTTP_CODEC = "http-codec";

  /** The upgrade, while connecting. */
  public static final String WS_HANDSHAKE = "ws-handshake";

  /** Bytes to WebSocket frames, once upgraded. */
  public static final String WS_DECODER = "ws-decoder";

  /** WebSocket frames to bytes, once upgraded. */
  public static final String WS_ENCODER = "ws-encoder";

  /** WebSocket frames to {@link dev.sluice.gateway.Dispatch}, through the shard's connection. */
  public static final String GATEWAY = "gateway";

  /** The end: gives each {@link dev.sluice.gateway.Dispatch} to the manager's sink. */
  public static final String DISPATCH = "dispatch";

  private PipelineNames() {}
}
