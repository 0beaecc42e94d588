package dev.sluice.benchmarks.load;

import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.Flood;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.PreparedFlood;
import dev.sluice.gateway.testkit.TrafficMix;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Events as a gateway sends them, kept in memory. */
final class Payloads {

  /**
   * One event.
   *
   * @param type its name
   * @param guildId its guild, 0 if it has none
   * @param data {@code d}
   */
  record Payload(String type, long guildId, byte[] data) {}

  private static final long TIMEOUT_SECONDS = 60;

  private Payloads() {}

  /** {@return the events of a flood of one shard, from a gateway that is closed again} */
  static List<Payload> of(int events, long seed) throws Exception {
    ConcurrentLinkedQueue<Payload> payloads = new ConcurrentLinkedQueue<>();
    CountDownLatch all = new CountDownLatch(events);
    try (LocalGateway gateway = LocalGateway.builder().guildCreates(false).start();
        ShardManager manager =
            ShardManager.builder(gateway.token(), LoadTarget.INTENTS)
                .apiUri(gateway.apiUri())
                .shards(1)
                .sessionStore(SessionStore.inMemory())
                .onDispatch(
                    (shard, dispatch) -> {
                      if (dispatch.sequence() > 1) { // READY is not of the flood
                        ByteBuffer d = dispatch.data();
                        byte[] data = new byte[d.remaining()];
                        d.get(data);
                        payloads.add(new Payload(dispatch.name(), dispatch.guildId(), data));
                        all.countDown();
                      }
                    })
                .build()) {
      manager.start().toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      manager.ready().toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      try (PreparedFlood flood =
          gateway
              .prepareFlood(shard -> true, Flood.of(TrafficMix.NO_PRESENCES, seed, events))
              .get(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        flood.start().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        if (!all.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
          throw new IllegalStateException(
              "events: " + payloads.size() + " (expected: " + events + ')');
        }
      }
    }
    return List.copyOf(payloads);
  }
}
