package dev.sluice.examples.guide;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.DispatchMark;
import dev.sluice.gateway.netty.DispatchHandler;
import dev.sluice.gateway.netty.Shard;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A cache of one thing. */
final class GuildNames implements DispatchHandler {

  private final Map<Long, String> names = new ConcurrentHashMap<>();
  private final PrintStream out;

  GuildNames(PrintStream out) {
    this.out = out;
  }

  @Override
  public void onDispatch(Shard shard, Dispatch dispatch) throws IOException {
    long guildId = dispatch.guildId();
    switch (dispatch.type()) {
      case GUILD_CREATE, GUILD_UPDATE -> {
        String name = dispatch.readTree().path("name").asText();
        names.put(guildId, name);
        if (dispatch.mark() == DispatchMark.GUILD_JOINED) { // needs trackGuilds()
          out.println("hello " + name);
        }
      }
      case GUILD_DELETE -> {
        if (!dispatch.readTree().path("unavailable").asBoolean()) { // else it is an outage
          names.remove(guildId);
        }
      }
      default -> {}
    }
  }

  int size() {
    return names.size();
  }
}
