package dev.sluice.app;

import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.netty.DirectorySessionStore;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
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
    EventSink sink = egress.sink();
    if (sink != null) {
      builder.eventSink(sink);
    }
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
    this.manager = builder.listener(new RefusalWatch(this::manager, ended::complete)).build();
    this.console = new NodeConsole(config);
  }

  private ShardManager manager() {
    return manager;
  }

  @Override
  public void start() {
    console.show(manager, manager::health);
    manager
        .start()
        .whenComplete(
            (started, failure) -> {
              if (failure != null) {
                ended.complete(End.ofFailedStart(failure));
              }
            });
  }

  @Override
  public CompletionStage<End> ended() {
    return ended;
  }

  @Override
  public void close() {
    StopMode mode =
        config.onStop() == NodeConfig.OnStop.GOODBYE ? StopMode.GOODBYE : StopMode.RESTART;
    long seconds = config.drainTimeout().toSeconds() + STOP_SECONDS;
    try {
      manager.stop(mode).toCompletableFuture().get(seconds, TimeUnit.SECONDS);
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
}
