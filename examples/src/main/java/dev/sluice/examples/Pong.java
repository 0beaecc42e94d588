package dev.sluice.examples;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;

/**
 * Answers messages that say "ping": on Discord with a message in the same channel, else with a
 * line. Thread-safe.
 */
final class Pong {

  static final Intents INTENTS =
      Intents.of(Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES, Intent.MESSAGE_CONTENT);

  private final Target target;
  private final PrintStream out;
  private final Rest rest;
  private final CountDownLatch open;

  Pong(Target target, PrintStream out) {
    this.target = target;
    this.out = out;
    this.rest = new Rest(target);
    this.open = new CountDownLatch(target.local() == null ? Integer.MAX_VALUE : Pinger.PINGS);
  }

  /** Takes any event. Does not block. */
  void answer(Dispatch dispatch) throws IOException {
    if (dispatch.type() == EventType.READY || dispatch.type() == EventType.RESUMED) {
      out.println(dispatch.name());
    } else if (dispatch.type() == EventType.MESSAGE_CREATE) {
      JsonNode message = dispatch.readTree();
      if (message.path("content").asText().equals("ping")) {
        out.println("ping " + message.path("id").asText() + " -> pong");
        reply(message.path("channel_id").asText());
        open.countDown();
      }
    }
  }

  /** {@return whether all that the local user wrote was answered; never so on Discord} */
  boolean isDone() {
    return open.getCount() == 0;
  }

  /** Waits until it is so. */
  void await() throws InterruptedException {
    open.await();
  }

  private void reply(String channelId) {
    if (target.local() != null) {
      return;
    }
    rest.post("/channels/" + channelId + "/messages", "{\"content\":\"pong\"}")
        .whenComplete(
            (status, failure) -> {
              if (failure != null || status != 200) {
                out.println("no pong: " + (failure != null ? failure : status));
              }
            });
  }
}
