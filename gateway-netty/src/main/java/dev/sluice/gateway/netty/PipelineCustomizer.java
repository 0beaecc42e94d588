package dev.sluice.gateway.netty;

import io.netty.channel.ChannelPipeline;

/**
 * Puts handlers of the application into the pipelines of the shards, around those of {@link
 * PipelineNames}. Called for every transport of every shard, on its event loop; handlers that are
 * not sharable need a new instance each time.
 */
public interface PipelineCustomizer {

  /**
   * Adds handlers that see the dial: bytes, TLS and the HTTP upgrade. Runs once TCP is up, through
   * the proxy if there is one, and before anything else; {@code channelActive} comes next.
   *
   * @param shard the shard that dials
   * @param pipeline {@code ssl? > http-codec > ws-handshake}
   */
  default void onConnect(Shard shard, ChannelPipeline pipeline) {}

  /**
   * Adds handlers that see WebSocket frames, placed before {@code gateway}, or {@link
   * dev.sluice.gateway.Dispatch} messages, placed before {@code dispatch}. Runs before the first
   * frame is read. A handler that passes a dispatch on calls {@code fireChannelRead}; one that does
   * not ends it there, and it counts as handled. Dispatches are borrowed until {@code channelRead}
   * returns.
   *
   * @param shard the shard that dialled
   * @param pipeline {@code ssl? > ws-decoder > ws-encoder > gateway > dispatch}
   */
  default void onUpgraded(Shard shard, ChannelPipeline pipeline) {}
}
