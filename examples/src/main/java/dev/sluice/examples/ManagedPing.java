package dev.sluice.examples;

import dev.sluice.gateway.netty.ShardManager;
import java.io.PrintStream;
import java.util.concurrent.ExecutionException;

/**
 * Answers "ping" with "pong", the easy way: the manager runs the connections.
 *
 * <p>On Discord the bot needs the message content intent, which its owner switches on.
 */
public final class ManagedPing {

  private ManagedPing() {}

  /**
   * Runs against Discord if {@code TOKEN} is set, else for some seconds against a local gateway.
   *
   * @param args none
   */
  public static void main(String[] args) throws Exception {
    try (Target target = Target.of(System.getenv(), Pinger::start)) {
      run(target, System.out);
    }
  }

  static void run(Target target, PrintStream out) throws InterruptedException, ExecutionException {
    Pong pong = new Pong(target, out);
    try (ShardManager manager =
        ShardManager.builder(target.token(), Pong.INTENTS)
            .apiUri(target.apiUri())
            .onDispatch((shard, dispatch) -> pong.answer(dispatch))
            .build()) {
      manager.start().toCompletableFuture().get();
      pong.await();
    }
  }
}
