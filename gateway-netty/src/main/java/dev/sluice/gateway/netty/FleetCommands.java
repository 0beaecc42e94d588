package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayCommand.Raw;
import dev.sluice.gateway.GatewayCommand.RequestChannelInfo;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayCommand.RequestSoundboardSounds;
import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import dev.sluice.gateway.GatewayCommand.UpdateVoiceState;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.Scratch;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.ShardPlan;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Finds the shards that commands are for. Thread-safe. */
final class FleetCommands implements CommandSource.Sink {

  /** What fits into 4096 bytes when every id has 20 digits. */
  static final int MAX_GUILDS_PER_REQUEST = 170;

  /** A presence that fits beside the longest shard id fits beside every other. */
  private static final ShardId LONGEST_ID = new ShardId(Integer.MAX_VALUE - 1, Integer.MAX_VALUE);

  private final ShardIndex shards;
  private final Supplier<GatewayConfig> config;
  private volatile @Nullable Presence presence;
  private @Nullable PresenceUpdate newest; // guarded by this

  FleetCommands(ShardIndex shards, Supplier<GatewayConfig> config) {
    this.shards = shards;
    this.config = config;
  }

  @Override
  public CompletionStage<CommandOutcome> send(ShardId shard, GatewayCommand command) {
    return send(shards.get(requireNonNull(shard, "shard")), command);
  }

  @Override
  public CompletionStage<CommandOutcome> send(long guildId, GatewayCommand command) {
    return send(shards.ofGuild(guildId), command);
  }

  @Override
  public CompletionStage<CommandOutcome> send(GatewayCommand command) {
    if (command instanceof RequestSoundboardSounds request) {
      return send(request);
    }
    return send(guildOf(command), command);
  }

  private static CompletionStage<CommandOutcome> send(
      @Nullable Shard shard, GatewayCommand command) {
    requireNonNull(command, "command");
    return shard == null
        ? CompletableFuture.completedStage(CommandOutcome.NOT_HERE)
        : shard.send(command);
  }

  /** Sends each shard the guilds that are its own, in as many payloads as they need. */
  private CompletionStage<CommandOutcome> send(RequestSoundboardSounds request) {
    int count = Math.max(1, shards.count());
    Map<Integer, List<Long>> guilds = new LinkedHashMap<>();
    for (long guildId : request.guildIds()) {
      guilds
          .computeIfAbsent(ShardPlan.shardOf(guildId, count), shard -> new ArrayList<>())
          .add(guildId);
    }
    List<CompletableFuture<CommandOutcome>> outcomes = new ArrayList<>();
    guilds.forEach(
        (shard, ids) -> {
          for (int i = 0; i < ids.size(); i += MAX_GUILDS_PER_REQUEST) {
            List<Long> some = ids.subList(i, Math.min(i + MAX_GUILDS_PER_REQUEST, ids.size()));
            outcomes.add(
                send(new ShardId(shard, count), new RequestSoundboardSounds(some))
                    .toCompletableFuture());
          }
        });
    return CompletableFuture.allOf(outcomes.toArray(CompletableFuture<?>[]::new))
        .thenApply(
            done ->
                outcomes.stream()
                    .map(CompletableFuture::join)
                    .filter(outcome -> outcome != CommandOutcome.SENT)
                    .findFirst()
                    .orElse(CommandOutcome.SENT));
  }

  private static long guildOf(GatewayCommand command) {
    if (command instanceof UpdateVoiceState update) {
      return update.guildId();
    } else if (command instanceof RequestGuildMembers request) {
      return request.guildId();
    } else if (command instanceof RequestChannelInfo request) {
      return request.guildId();
    } else if (command instanceof Raw raw) {
      return guildOf(raw);
    }
    requireNonNull(command, "command");
    throw new IllegalArgumentException(
        "command: "
            + command.opcode()
            + " (expected: one that names a guild; updatePresence() is for all shards)");
  }

  private static long guildOf(Raw raw) {
    JsonNode id = raw.data().path("guild_id");
    try {
      return Long.parseUnsignedLong(id.asText());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "guild_id of a raw command with opcode "
              + raw.code()
              + ": "
              + (id.isMissingNode() ? "none" : "no snowflake")
              + " (expected: that of the guild whose shard sends it)",
          e);
    }
  }

  CompletableFuture<GuildMembers> requestGuildMembers(
      RequestGuildMembers request, Duration timeout) {
    Shard shard = shards.ofGuild(request.guildId());
    return shard == null ? notHere(request) : shard.requestGuildMembers(request, timeout);
  }

  CompletableFuture<Integer> requestGuildMembers(
      RequestGuildMembers request, Duration timeout, GuildMembersHandler handler) {
    Shard shard = shards.ofGuild(request.guildId());
    return shard == null ? notHere(request) : shard.requestGuildMembers(request, timeout, handler);
  }

  private static <T> CompletableFuture<T> notHere(RequestGuildMembers request) {
    return CompletableFuture.failedFuture(
        MemberRequests.failure(
            request, GuildMembersException.Reason.NOT_HERE, "its shard does not run here"));
  }

  @Override
  public CompletionStage<CommandOutcomes> updatePresence(Presence presence) {
    UpdatePresence command = new UpdatePresence(presence);
    check(command);
    PresenceUpdate update;
    synchronized (this) {
      if (newest != null) {
        newest.supersede();
      }
      this.presence = presence; // first: a shard that is not in the index yet starts with it
      update = new PresenceUpdate(command, List.copyOf(shards.all()));
      newest = update;
    }
    update.start();
    return update.outcomes().minimalCompletionStage();
  }

  /** Lets a connection refuse it that is there for nothing else, before any shard has to. */
  private void check(UpdatePresence command) {
    GatewayConnection.create(
            config.get(),
            LONGEST_ID,
            null,
            Scratch.create(),
            NanoClock.system(),
            new SplittableRandom())
        .queue(command);
  }

  /** {@return what all shards are to show, null if it was never changed} */
  @Nullable Presence presence() {
    return presence;
  }

  /** Ends what waits for an event loop that has ended. Called after that. */
  void eventLoopEnded(EventExecutor eventLoop) {
    for (Shard shard : shards.all()) {
      if (shard.context().eventLoop.equals(eventLoop)) {
        shard.eventLoopEnded();
      }
    }
    PresenceUpdate update;
    synchronized (this) {
      update = newest;
    }
    if (update != null) {
      update.eventLoopEnded(eventLoop);
    }
  }
}
