/**
 * Many gateway shards on one Netty event loop group.
 *
 * <p>Begin at {@link dev.sluice.gateway.netty.ShardManager#builder}. What an application sees most:
 *
 * <ul>
 *   <li>{@link dev.sluice.gateway.netty.DispatchHandler} gets the events, on event loops or on
 *       {@link dev.sluice.gateway.netty.Workers}; {@link
 *       dev.sluice.gateway.netty.DispatchPublisher} makes a reactive stream of them.
 *   <li>{@link dev.sluice.gateway.netty.ShardManager} and {@link dev.sluice.gateway.netty.Shard}
 *       send commands and tell figures.
 *   <li>{@link dev.sluice.gateway.netty.ShardListener} is told what happens to shards.
 *   <li>{@link dev.sluice.gateway.netty.PipelineCustomizer} puts handlers of the application into
 *       the pipelines.
 * </ul>
 *
 * <p>What can be replaced are asynchronous interfaces with local defaults: where sessions are kept
 * ({@link dev.sluice.gateway.netty.SessionStore}), which shards run here ({@link
 * dev.sluice.gateway.netty.ShardAssignment}), who may identify when ({@link
 * dev.sluice.gateway.netty.IdentifyLimiter}), where commands come from ({@link
 * dev.sluice.gateway.netty.CommandSource}) and where events go ({@link
 * dev.sluice.gateway.netty.EventSink}).
 *
 * <p>No call blocks but {@link dev.sluice.gateway.netty.ShardManager#close()}; stages complete on
 * event loops, so what depends on them must not block there.
 */
@NullMarked
package dev.sluice.gateway.netty;

import org.jspecify.annotations.NullMarked;
