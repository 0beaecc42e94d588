package dev.sluice.benchmarks.load;

import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.netty.PipelineCustomizer;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.ShardManagerBuilder;
import io.netty.channel.ChannelPipeline;
import java.util.concurrent.TimeUnit;

/** Sluice with its defaults, sessions in memory, and a handler that only counts. */
final class SluiceClient implements LoadClient {

  private static final long READY_MINUTES = 3;

  private final ReadCounter.All reads = new ReadCounter.All();
  private final boolean countsReads;
  private ShardManager manager;

  SluiceClient(boolean countsReads) {
    this.countsReads = countsReads;
  }

  @Override
  public void start(LoadTarget target, EventCounter counter) throws Exception {
    ShardManagerBuilder builder =
        ShardManager.builder(target.token(), LoadTarget.INTENTS)
            .apiUri(target.apiUri())
            .shards(target.shards())
            .compression(target.compression())
            .sessionStore(SessionStore.inMemory())
            .onDispatch(
                (shard, dispatch) -> counter.received(shard.id().id(), dispatch.sequence()));
    if (countsReads) {
      builder.pipeline(
          new PipelineCustomizer() {
            @Override
            public void onConnect(Shard shard, ChannelPipeline pipeline) {
              pipeline.addFirst(reads.next());
            }
          });
    }
    if (target.sslContext() != null) {
      builder.sslContext(target.sslContext());
    }
    manager = builder.build();
    manager.start().toCompletableFuture().get(READY_MINUTES, TimeUnit.MINUTES);
    manager.ready().toCompletableFuture().get(READY_MINUTES, TimeUnit.MINUTES);
  }

  @Override
  public Reads reads() {
    return reads.sum();
  }

  @Override
  public int eventLoops() {
    return Runtime.getRuntime().availableProcessors();
  }

  @Override
  public void close() {
    manager.stop(StopMode.GOODBYE).toCompletableFuture().join();
    manager.close();
  }
}
