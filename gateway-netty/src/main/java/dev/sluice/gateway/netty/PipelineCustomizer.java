package dev.sluice.gateway.netty;

import io.netty.channel.ChannelPipeline;

/**
 * Puts handlers of the application into the pipelines of the shards, around those of {@link
 * PipelineNames}. Called for every transport of every shard, on its event loop; handlers that are
 * not sharable need a new instance each time.
 *
 * <p>Who owns what passes a handler:
 *
 * <ul>
 *   <li>Bytes and WebSocket frames, before {@code gateway}, are reference counted: a handler passes
 *       one on or releases it, and retains what it keeps. The content of a frame is most often a
 *       slice of what was read: it cannot grow, and even a small one keeps the whole read, up to
 *       260 kB, in memory, so one that is kept for long is better copied.
 *   <li>A {@link dev.sluice.gateway.Dispatch}, before {@code dispatch}, is not: there is nothing to
 *       release. It is borrowed until {@code channelRead} returns. A handler that does not pass it
 *       on ends it there, and it counts as handled; one that goes on with it later takes a {@code
 *       copy()}, calls {@code defer()} on what it was given, and {@code acknowledge()} on the copy.
 *   <li>That copy may also be passed on later, by {@code fireChannelRead} on the event loop; it is
 *       then acknowledged as any other event. The handler keeps the order of events if it matters,
 *       and its own memory in bounds.
 *   <li>Other messages that reach the end of the pipeline are released there.
 * </ul>
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
   * frame is read.
   *
   * @param shard the shard that dialled
   * @param pipeline {@code ssl? > ws-decoder > ws-encoder > gateway > dispatch}
   */
  default void onUpgraded(Shard shard, ChannelPipeline pipeline) {}
}
