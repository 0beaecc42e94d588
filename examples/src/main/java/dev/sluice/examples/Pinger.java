package dev.sluice.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import dev.sluice.gateway.testkit.LocalGateway;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The part of a user, on a local gateway: writes "ping" {@value #PINGS} times, and cuts the bot's
 * connection after half of them. One ping falls into the gap; a resume brings it.
 */
final class Pinger implements GatewayServerListener {

  static final int PINGS = 6;

  private static final String PING =
      """
      {"id":"%d","channel_id":"42","author":{"id":"7","username":"user"},"content":"ping"}""";
  private static final long PAUSE_MILLIS = 200;

  private final CompletableFuture<LocalGateway> gateway = new CompletableFuture<>();

  private Pinger() {}

  /** {@return a gateway with such a user} */
  static LocalGateway start() {
    Pinger pinger = new Pinger();
    LocalGateway gateway = LocalGateway.builder().guildCreates(false).listener(pinger).start();
    pinger.gateway.complete(gateway);
    return gateway;
  }

  @Override
  public void identified(ServerSession session) {
    later(() -> ping(session, 1, PINGS / 2));
  }

  @Override
  public void resumed(ServerSession session, long fromSequence) {
    later(() -> ping(session, PINGS / 2 + 2, PINGS));
  }

  private void ping(ServerSession session, int number, int last) {
    write(session.shard(), number);
    if (number < last) {
      later(() -> ping(session, number + 1, last));
    } else if (number < PINGS) {
      later(() -> cut(session.shard()));
    }
  }

  private void cut(ShardId bot) {
    gateway.thenAccept(local -> local.killConnections(bot::equals));
    write(bot, PINGS / 2 + 1);
  }

  private void write(ShardId bot, int number) {
    byte[] message = PING.formatted(number).getBytes(UTF_8);
    gateway.thenAccept(local -> local.dispatch(bot, "MESSAGE_CREATE", message));
  }

  private static void later(Runnable action) {
    CompletableFuture.delayedExecutor(PAUSE_MILLIS, TimeUnit.MILLISECONDS).execute(action);
  }
}
