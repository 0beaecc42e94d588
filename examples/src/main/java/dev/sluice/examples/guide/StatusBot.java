package dev.sluice.examples.guide;

import dev.sluice.gateway.Activity;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import java.io.IOException;
import java.net.URI;

/** Plays what "!play" says. */
final class StatusBot implements AutoCloseable {

  private static final String PLAY = "!play ";

  private final ShardManager manager;

  StatusBot(URI apiUri, String token) {
    manager =
        ShardManager.builder(token, Intents.of(Intent.GUILD_MESSAGES, Intent.MESSAGE_CONTENT))
            .apiUri(apiUri)
            .onDispatch(StatusBot::handle)
            .build();
    manager.start();
  }

  private static void handle(Shard shard, Dispatch dispatch) throws IOException {
    if (dispatch.type() == EventType.MESSAGE_CREATE) {
      String content = dispatch.readTree().path("content").asText();
      if (content.startsWith(PLAY)) {
        shard.updatePresence(Presence.online(Activity.playing(content.substring(PLAY.length()))));
      }
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
