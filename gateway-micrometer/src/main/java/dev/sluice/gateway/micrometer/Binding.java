package dev.sluice.gateway.micrometer;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.BaseUnits;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The meters of one manager in one registry. Confined to the binder's lock, but for what follows
 * shards.
 */
final class Binding {

  private static final Comparator<ShardId> BY_ID =
      Comparator.comparingInt(ShardId::id).thenComparingInt(ShardId::count);

  private final MeterRegistry registry;
  private final ShardManager manager;
  private final Tags tags;
  private final List<Meter> meters = new ArrayList<>();
  private final List<EachShard> eachShard = new ArrayList<>();
  private @Nullable Following following;

  /** One gauge for each of some shards. */
  private record EachShard(MultiGauge gauge, ToDoubleFunction<Shard> value) {}

  Binding(MeterRegistry registry, ShardManager manager, Tags tags) {
    this.registry = registry;
    this.manager = manager;
    this.tags = tags;
  }

  void gauge(String name, String description, ToDoubleFunction<ShardManager> value, Tag... more) {
    meters.add(
        Gauge.builder(name, manager, value)
            .description(description)
            .tags(tags.and(more))
            .register(registry));
  }

  void seconds(String name, String description, ToDoubleFunction<ShardManager> nanos, Tags more) {
    meters.add(
        TimeGauge.builder(name, manager, TimeUnit.NANOSECONDS, nanos)
            .description(description)
            .tags(tags.and(more))
            .register(registry));
  }

  void counter(String name, String description, ToDoubleFunction<ShardManager> count, Tag... more) {
    meters.add(
        FunctionCounter.builder(name, manager, count)
            .description(description)
            .tags(tags.and(more))
            .register(registry));
  }

  void bytes(String name, String description, ToDoubleFunction<ShardManager> count) {
    meters.add(
        FunctionCounter.builder(name, manager, count)
            .description(description)
            .baseUnit(BaseUnits.BYTES)
            .tags(tags)
            .register(registry));
  }

  void timer(
      String name,
      String description,
      ToLongFunction<ShardManager> count,
      ToDoubleFunction<ShardManager> totalNanos,
      Tag... more) {
    meters.add(
        FunctionTimer.builder(name, manager, count, totalNanos, TimeUnit.NANOSECONDS)
            .description(description)
            .tags(tags.and(more))
            .register(registry));
  }

  void eachShard(
      String name, String description, @Nullable String unit, ToDoubleFunction<Shard> value) {
    MultiGauge gauge =
        MultiGauge.builder(name)
            .description(description)
            .baseUnit(unit)
            .tags(tags)
            .register(registry);
    eachShard.add(new EachShard(gauge, value));
  }

  /** Keeps the gauges of single shards up to date, for the shards come and go. */
  void follow(Snapshots snapshots, int maxShards) {
    Following started = new Following(snapshots, maxShards);
    following = started;
    snapshots.onRefresh(started);
    started.run();
  }

  void remove() {
    if (following != null) {
      following.stop();
    }
    meters.forEach(registry::remove);
    meters.clear();
  }

  /** Registers the gauges of the shards that are here; on any thread. */
  private final class Following implements Runnable {

    private final Snapshots snapshots;
    private final int maxShards;
    private List<ShardId> shown = List.of();
    private boolean stopped;

    Following(Snapshots snapshots, int maxShards) {
      this.snapshots = snapshots;
      this.maxShards = maxShards;
    }

    @Override
    public synchronized void run() {
      if (stopped) {
        return;
      }
      List<Shard> shards =
          manager.shards().stream()
              .sorted(Comparator.comparing(Shard::id, BY_ID))
              .limit(maxShards)
              .toList();
      List<ShardId> ids = shards.stream().map(Shard::id).toList();
      if (!ids.equals(shown)) {
        shown = ids;
        show(shards);
      }
    }

    synchronized void stop() {
      stopped = true;
      snapshots.removeListener(this);
      show(List.of());
    }

    private void show(List<Shard> shards) {
      for (EachShard each : eachShard) {
        List<MultiGauge.Row<?>> rows = new ArrayList<>(shards.size());
        for (Shard shard : shards) {
          Tags ids =
              Tags.of(
                  "shard", Integer.toString(shard.id().id()),
                  "shards", Integer.toString(shard.id().count()));
          rows.add(MultiGauge.Row.of(ids, shard, each.value));
        }
        each.gauge.register(rows, true);
      }
    }
  }
}
