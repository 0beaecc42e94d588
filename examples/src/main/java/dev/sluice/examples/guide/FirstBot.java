package dev.sluice.examples.guide;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import java.io.IOException;

/** Prints what is written where the bot can read it. */
public final class FirstBot {

  public static void main(String[] args) throws Exception {
    try (ShardManager manager = bot(System.getenv("TOKEN")).build()) {
      manager.start().toCompletableFuture().get();
      Thread.currentThread().join(); // until Ctrl-C
    }
  }

  static ShardManagerBuilder bot(String token) {
    Intents intents = Intents.of(Intent.GUILDS, Intent.GUILD_MESSAGES, Intent.MESSAGE_CONTENT);
    return ShardManager.builder(token, intents).onDispatch(FirstBot::handle);
  }

  private static void handle(Shard shard, Dispatch dispatch) throws IOException {
    switch (dispatch.type()) {
      case READY -> System.out.println("shard " + shard.id() + " is ready");
      case MESSAGE_CREATE -> {
        JsonNode message = dispatch.readTree();
        String author = message.path("author").path("username").asText();
        System.out.println(author + ": " + message.path("content").asText());
      }
      default -> {} // the others are not parsed
    }
  }
}
