package dev.sluice.app;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardListener;
import dev.sluice.gateway.netty.ShardManager;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Tells when Discord has refused the last shard of a manager for good. */
final class RefusalWatch implements ShardListener {

  private final Supplier<@Nullable ShardManager> manager;
  private final Consumer<End> onEnd;

  /**
   * @param manager whose shards; null before it is there
   * @param onEnd is told, perhaps more than once
   */
  RefusalWatch(Supplier<@Nullable ShardManager> manager, Consumer<End> onEnd) {
    this.manager = manager;
    this.onEnd = onEnd;
  }

  /** {@return a listener that also runs something at each change, on the event loop} */
  ShardListener andThen(Runnable action) {
    return new ShardListener() {
      @Override
      public void onStateChange(Shard shard, GatewayState from, GatewayState to) {
        RefusalWatch.this.onStateChange(shard, from, to);
        action.run();
      }
    };
  }

  @Override
  public void onStateChange(Shard shard, GatewayState from, GatewayState to) {
    ShardManager present = manager.get();
    if (!to.isTerminal() || present == null) {
      return;
    }
    boolean refused = false;
    for (Shard each : present.shards()) {
      refused |= each.state() == GatewayState.FATAL;
      if (!each.state().isTerminal()) {
        return;
      }
    }
    if (refused) {
      CloseCode code = present.fatalCloseCode();
      onEnd.accept(
          new End(
              End.REFUSED,
              "Discord refuses every shard for good"
                  + (code == null ? "" : ": " + code.code() + ' ' + Values.name(code))));
    }
  }
}
