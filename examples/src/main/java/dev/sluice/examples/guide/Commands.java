package dev.sluice.examples.guide;

import dev.sluice.gateway.Activity;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayCommand.UpdateVoiceState;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.netty.CommandOutcome;
import dev.sluice.gateway.netty.CommandOutcomes;
import dev.sluice.gateway.netty.GuildMembers;
import dev.sluice.gateway.netty.ShardManager;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a bot can say to the gateway. */
final class Commands {

  private static final Logger log = LoggerFactory.getLogger(Commands.class);

  private Commands() {}

  static CompletionStage<CommandOutcomes> showActivity(ShardManager manager) {
    return manager.updatePresence(Presence.online(Activity.watching("the gate")));
  }

  static CompletionStage<CommandOutcome> joinVoice(
      ShardManager manager, long guildId, long channelId) {
    return manager
        .send(UpdateVoiceState.join(guildId, channelId))
        .whenComplete(
            (outcome, failure) -> {
              if (outcome != CommandOutcome.SENT) {
                log.warn("did not ask to join {}: {}", channelId, outcome, failure);
              }
            });
  }

  static List<String> names(ShardManager manager, long guildId)
      throws InterruptedException, ExecutionException, IOException {
    GuildMembers members =
        manager
            .requestGuildMembers(RequestGuildMembers.all(guildId), Duration.ofSeconds(30))
            .get(); // not on an event loop
    List<String> names = new ArrayList<>();
    members.forEachMember(member -> names.add(member.path("user").path("username").asText()));
    return names;
  }

  static CompletableFuture<Integer> streamNames(
      ShardManager manager, long guildId, List<String> names) {
    return manager.requestGuildMembers(
        RequestGuildMembers.all(guildId),
        Duration.ofSeconds(30),
        (shard, chunk, dispatch) ->
            dispatch
                .readTree()
                .path("members")
                .forEach(member -> names.add(member.path("user").path("username").asText())));
  }
}
