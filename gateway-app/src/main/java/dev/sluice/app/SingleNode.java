package dev.sluice.app;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.netty.DirectorySessionStore;
import dev.sluice.gateway.netty.GatewayApiException;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardListener;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node whose shards are fixed: all of the bot's, or a share by its number. */
final class SingleNode implements Node {

  private static final Logger log = LoggerFactory.getLogger(SingleNode.class);

  private static final long STOP_SECONDS = 15;

  private final NodeConfig config;
  private final Egress egress;
  private final @Nullable DirectorySessionStore sessions;
  private final ShardManager manager;
  private final NodeConsole console;
  private final CompletableFuture<End> ended = new CompletableFuture<>();

  /**
   * Prepares it.
   *
   * @param egress where events go; closed with the node
   */
  SingleNode(NodeConfig config, Egress egress) {
    this.config = config;
    this.egress = egress;
    egress.onFailure(ended::complete);
    ShardManagerBuilder builder = ManagerSettings.builder(config);
    egress.applyTo(builder);
    if (config.plan() != null) {
      builder.shards(config.plan());
    } else if (config.shards() != null) {
      builder.shards(config.shards());
    }
    Path directory = config.sessionsDirectory();
    this.sessions = directory == null ? null : SessionStore.directory(directory);
    if (sessions != null) {
      builder.sessionStore(sessions);
    }
    this.manager = builder.listener(new FatalListener()).build();
    this.console = new NodeConsole(config);
  }

  @Override
  public void start() {
    console.show(manager);
    manager
        .start()
        .whenComplete(
            (started, failure) -> {
              if (failure != null) {
                ended.complete(failedStart(failure));
              }
            });
  }

  /** {@return why the manager could not start} */
  static End failedStart(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    boolean refused = cause instanceof GatewayApiException api && api.httpStatus() == 401;
    return new End(refused ? End.REFUSED : End.FAILED, String.valueOf(cause.getMessage()));
  }

  @Override
  public CompletionStage<End> ended() {
    return ended;
  }

  @Override
  public void close() {
    long seconds = config.drainTimeout().toSeconds() + STOP_SECONDS;
    try {
      manager.stop(config.stopMode()).toCompletableFuture().get(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      log.warn("shards did not stop within {} s", seconds, e);
    }
    console.close();
    if (sessions != null) {
      sessions.close();
    }
    egress.close();
  }

  /** Ends the node when its last shard was refused for good. */
  private final class FatalListener implements ShardListener {

    @Override
    public void onStateChange(Shard shard, GatewayState from, GatewayState to) {
      if (to.isTerminal()) {
        endIfAllFailed();
      }
    }

    private void endIfAllFailed() {
      boolean refused = false;
      for (Shard shard : manager.shards()) {
        refused |= shard.state() == GatewayState.FATAL;
        if (!shard.state().isTerminal()) {
          return;
        }
      }
      if (refused) {
        CloseCode code = manager.fatalCloseCode();
        ended.complete(
            new End(
                End.REFUSED,
                "Discord refuses every shard for good"
                    + (code == null ? "" : ": " + code.code() + ' ' + Values.name(code))));
      }
    }
  }
}
