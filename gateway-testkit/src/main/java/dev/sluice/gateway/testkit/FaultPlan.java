package dev.sluice.gateway.testkit;

import dev.sluice.gateway.ShardId;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Says what a fault strikes, and how often; from {@link LocalGateway#fault}. Not thread-safe. Each
 * can be set once.
 *
 * <pre>{@code
 * try (ActiveFault late = gateway.fault(Fault.lateAcks(Duration.ofSeconds(3)))
 *     .on(shard -> shard.id() == 1)
 *     .forNext(2)
 *     .start()) {
 *   ...
 * }
 * }</pre>
 */
public final class FaultPlan {

  private final Fault fault;
  private final Function<FaultPlan, ActiveFault> starter;
  private final Set<String> set = new HashSet<>();
  @Nullable Predicate<ShardId> shards;
  LocalGateway.@Nullable Endpoint endpoint;
  int limit = Integer.MAX_VALUE;
  long afterNanos;

  FaultPlan(Fault fault, Function<FaultPlan, ActiveFault> starter) {
    this.fault = Objects.requireNonNull(fault, "fault");
    this.starter = starter;
  }

  /**
   * Strikes only connections with a session of such shards. Default: every connection, from the
   * moment when it is accepted.
   *
   * @param shards which; asked on the event loop of the gateway
   * @return this
   * @throws IllegalStateException if the fault strikes before the shard is known: {@link
   *     Fault#refusal}, {@link Fault#noUpgrade} and {@link Fault#noHello}
   */
  public FaultPlan on(Predicate<ShardId> shards) {
    once("on");
    if (fault instanceof Faults.OfDials) {
      throw new IllegalStateException(
          "on: " + fault + " (expected: a fault that strikes once the shard is known)");
    }
    this.shards = Objects.requireNonNull(shards, "shards");
    return this;
  }

  /**
   * Strikes only connections of one URL. Default: those of both.
   *
   * @param endpoint which
   * @return this
   */
  public FaultPlan at(LocalGateway.Endpoint endpoint) {
    once("at");
    this.endpoint = Objects.requireNonNull(endpoint, "endpoint");
    return this;
  }

  /**
   * Strikes so many times, all shards together, and no more. Default: until the fault ends.
   *
   * @param times at least 1
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public FaultPlan forNext(int times) {
    once("forNext");
    if (times < 1) {
      throw new IllegalArgumentException("times: " + times + " (expected: >= 1)");
    }
    this.limit = times;
    return this;
  }

  /**
   * Strikes so long after a READY or RESUMED, which then is sent. Default: at once.
   *
   * @param delay positive
   * @return this
   * @throws IllegalArgumentException if it is not positive
   * @throws IllegalStateException if the fault is not one that strikes a session that begins or
   *     goes on: {@link Fault#invalidSession}, {@link Fault#reconnectRequest}, {@link Fault#close}
   *     and {@link Fault#reset}
   */
  public FaultPlan after(Duration delay) {
    once("after");
    if (!(fault instanceof Faults.OfSessions) || fault instanceof Faults.NoReady) {
      throw new IllegalStateException(
          "after: " + fault + " (expected: one that ends a session or its connection)");
    }
    if (delay.isNegative() || delay.isZero()) {
      throw new IllegalArgumentException("delay: " + delay + " (expected: positive)");
    }
    this.afterNanos = delay.toNanos();
    return this;
  }

  /**
   * Starts the fault. It is in force when this returns, which waits for the event loop of the
   * gateway, unless it is called there.
   *
   * @return the fault, which lasts until it or the gateway is closed
   * @throws IllegalStateException if the gateway is closed, or this was called before
   */
  public ActiveFault start() {
    once("start");
    return starter.apply(this);
  }

  Fault fault() {
    return fault;
  }

  private void once(String setting) {
    if (!set.add(setting)) {
      throw new IllegalStateException(setting + ": set already (expected: once)");
    }
  }
}
