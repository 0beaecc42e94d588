package dev.sluice.gateway.kafka.internal.group;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.SessionStore;
import dev.sluice.gateway.sharding.ShardPlan;
import dev.sluice.gateway.testkit.contract.SessionStoreContract;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What every store has to do, by the committed offsets of a group on a broker. */
@Tag("broker")
@Timeout(120)
@Execution(ExecutionMode.CONCURRENT)
final class KafkaSessionStoreBrokerTest extends SessionStoreContract {

  private static final int SHARDS = 4;

  private final BrokerGroups.Runner runner = new BrokerGroups.Runner();
  private BrokerGroups groups;
  private ShardGroup group;
  private KafkaSessionStore store;

  @BeforeEach
  void open() throws Exception {
    groups = new BrokerGroups(SHARDS);
    group = groups.member();
    store = new KafkaSessionStore(group);
    List<CompletableFuture<Long>> first = shards().stream().map(runner::next).toList();
    group.start(runner);
    for (CompletableFuture<Long> assigned : first) {
      assigned.get(60, TimeUnit.SECONDS);
    }
  }

  @Override
  protected SessionStore store() {
    return store;
  }

  @Override
  protected boolean durable() {
    return true;
  }

  @Override
  protected List<ShardId> shards() {
    return ShardPlan.all(SHARDS).shards();
  }

  @Override
  protected long assign(ShardId shard) throws Exception {
    CompletableFuture<Long> next = runner.next(shard);
    group.lost(List.of(shard));
    return next.get(60, TimeUnit.SECONDS);
  }

  @AfterEach
  void close() throws Exception {
    groups.close();
  }
}
