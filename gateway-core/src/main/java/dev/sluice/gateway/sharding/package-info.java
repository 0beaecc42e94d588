/**
 * What a fleet of shards needs beside its connections, without I/O: who runs which guild, who may
 * identify when, and what to do when many come back at once. A shard manager is made of it, and so
 * can another driver be.
 *
 * <ul>
 *   <li>{@link dev.sluice.gateway.sharding.ShardPlan}: which shards of how many, and the shard of a
 *       guild.
 *   <li>{@link dev.sluice.gateway.sharding.IdentifyQueue}: one IDENTIFY a bucket in five seconds.
 *   <li>{@link dev.sluice.gateway.sharding.SessionStartBudget} and {@link
 *       dev.sluice.gateway.sharding.IdentifyBreaker}: never more sessions than Discord allows, nor
 *       than a healthy fleet needs.
 *   <li>{@link dev.sluice.gateway.sharding.ResumeLane} and {@link
 *       dev.sluice.gateway.sharding.ReconnectJitter}: the order and the spread of what comes back.
 *   <li>{@link dev.sluice.gateway.sharding.GuildAvailability}: when a shard has its guilds, and
 *       which were joined rather than loaded.
 *   <li>{@link dev.sluice.gateway.sharding.GenerationMerge}: from one number of shards to another,
 *       each event once.
 * </ul>
 */
@NullMarked
package dev.sluice.gateway.sharding;

import org.jspecify.annotations.NullMarked;
