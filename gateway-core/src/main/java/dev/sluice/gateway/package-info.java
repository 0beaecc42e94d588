/**
 * The Discord gateway protocol as a state machine that does no I/O.
 *
 * <p>{@link dev.sluice.gateway.GatewayConnection} is one shard. A <em>driver</em>, which owns the
 * sockets and the timer, gives it what comes from the network and asks it what to do:
 *
 * <ol>
 *   <li>Dial when {@link dev.sluice.gateway.GatewayConnection#shouldReconnect()} says so.
 *   <li>Give every WebSocket message to {@code recv}, and handle the {@link
 *       dev.sluice.gateway.Dispatch} that it returns.
 *   <li>After each input write what {@link dev.sluice.gateway.GatewayConnection#send()} yields.
 *   <li>Call {@link dev.sluice.gateway.GatewayConnection#onTimeout()} after {@link
 *       dev.sluice.gateway.GatewayConnection#nextTimeoutNanos()}.
 * </ol>
 *
 * <p>{@link dev.sluice.gateway.GatewayConfig} holds the settings, which the shards of a bot share;
 * {@link dev.sluice.gateway.GatewayCommand} what the bot can say; {@link
 * dev.sluice.gateway.GatewaySession} what another process needs to resume. Who does not want to
 * write a driver takes {@code ShardManager} of the module {@code dev.sluice.gateway.netty}.
 *
 * <p>The protocol itself is Discord's: <a
 * href="https://discord.com/developers/docs/events/gateway">Gateway</a>, version 10.
 */
@NullMarked
package dev.sluice.gateway;

import org.jspecify.annotations.NullMarked;
