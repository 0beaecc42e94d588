package dev.sluice.gateway.kafka.internal.events;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.kafka.internal.node.FleetCounters;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
final class GatedSinkTest {

  private final FleetCounters counters = new FleetCounters();
  private final BlockingQueue<String> offered = new LinkedBlockingQueue<>();
  private final AtomicBoolean stopped = new AtomicBoolean();
  private final GatedSink gate =
      new GatedSink(
          new EventSink() {
            @Override
            public boolean offer(Shard shard, Dispatch dispatch) {
              offered.add(dispatch.name());
              return true;
            }

            @Override
            public void stopped() {
              stopped.set(true);
            }
          },
          counters,
          false);

  @Test
  void eventsAreHandledAndGoNowhereUntilItIsOpened() throws Exception {
    try (LocalGateway gateway = LocalGateway.builder().guildCreates(false).start();
        ShardManager manager =
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .shards(1)
                .sessionStore(SessionStore.inMemory())
                .eventSink(gate)
                .build()) {
      manager.start().toCompletableFuture().get(60, TimeUnit.SECONDS);
      manager.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
      long sequence = dispatch(gateway, "EARLY");
      while (acknowledged(manager) < sequence) {
        Thread.onSpinWait();
      }
      assertThat(counters.gatedEvents.sum()).isEqualTo(2); // READY too
      assertThat(offered).isEmpty();

      gate.open();
      dispatch(gateway, "LATE");

      assertThat(offered.poll(60, TimeUnit.SECONDS)).isEqualTo("LATE");
      manager.stop(StopMode.RESTART).toCompletableFuture().get(60, TimeUnit.SECONDS);
      assertThat(stopped).as("the sink, which the next generation has too").isFalse();
    }
  }

  private static long dispatch(LocalGateway gateway, String type) throws Exception {
    return gateway.dispatch(ShardId.SINGLE, type, "{}".getBytes(UTF_8)).get(60, TimeUnit.SECONDS);
  }

  private static long acknowledged(ShardManager manager) throws Exception {
    GatewaySession session =
        manager.shard(0).session().toCompletableFuture().get(60, TimeUnit.SECONDS);
    return session == null ? 0 : session.sequence();
  }
}
