package dev.sluice.gateway.testkit;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.server.ServerSession;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A fault in force, from {@link FaultPlan#start}. Thread-safe. */
public final class ActiveFault implements AutoCloseable {

  /** Somebody who waits until the fault has struck so often. */
  private record Waiting(int times, CompletableFuture<@Nullable Void> struck) {}

  private final Fault fault;
  private final @Nullable Predicate<ShardId> shards;
  private final LocalGateway.@Nullable Endpoint endpoint;
  private final int limit;
  private final long afterNanos;
  private final LocalGateway gateway;
  private final AtomicInteger strikes = new AtomicInteger();
  private final List<Waiting> waiting = new ArrayList<>();
  private int reserved;
  private boolean ended;

  /** Makes a fault that is not in force yet. */
  ActiveFault(LocalGateway gateway, FaultPlan plan) {
    this.gateway = gateway;
    this.fault = plan.fault();
    this.shards = plan.shards;
    this.endpoint = plan.endpoint;
    this.limit = plan.limit;
    this.afterNanos = plan.afterNanos;
  }

  /**
   * {@return how often it struck: connections, requests, messages, ACKs or sessions, whichever it
   * strikes}
   */
  public int strikes() {
    return strikes.get();
  }

  /**
   * {@return a future that is done once it struck so often} It is completed on the event loop of
   * the gateway, so what depends on it must not block; it fails with IllegalStateException when the
   * fault ends before.
   *
   * @param times how often
   */
  public CompletableFuture<@Nullable Void> struck(int times) {
    return gateway.whenStruck(this, times);
  }

  /**
   * Ends the fault: nothing is struck any more, and what was stalled or withheld goes on. It is
   * over when this returns, which waits for the event loop of the gateway, unless it is called
   * there. May be called again, and after the gateway was closed.
   */
  @Override
  public void close() {
    gateway.end(this);
  }

  Fault fault() {
    return fault;
  }

  void whenStruck(int times, CompletableFuture<@Nullable Void> struck) {
    waiting.add(new Waiting(times, struck));
    tellWaiting();
  }

  long afterNanos() {
    return afterNanos;
  }

  /** {@return whether it is of such connections, those that come among them} */
  boolean covers(Link link) {
    return !ended && (endpoint == null || endpoint == link.endpoint) && coversShardOf(link);
  }

  private boolean coversShardOf(Link link) {
    if (shards == null) {
      return true;
    }
    ServerSession session = link.session();
    return session != null && shards.test(session.shard());
  }

  /** Takes the right to strike once, which must be used or given up. */
  boolean reserve() {
    if (ended || reserved == limit) {
      return false;
    }
    reserved++;
    return true;
  }

  /** Uses what was reserved. */
  void struck() {
    strikes.incrementAndGet();
    if (!waiting.isEmpty()) {
      gateway.later(this::tellWaiting); // once the strike has had its effect
    }
  }

  /** Gives back what was reserved. */
  void missed() {
    reserved--;
  }

  /** {@return whether it strikes once, now} */
  boolean strike(Link link) {
    boolean striking = covers(link) && reserve();
    if (striking) {
      struck();
    }
    return striking;
  }

  boolean isEnded() {
    return ended;
  }

  void end() {
    ended = true;
    tellWaiting();
  }

  private void tellWaiting() {
    List<Runnable> told = new ArrayList<>();
    for (Iterator<Waiting> i = waiting.iterator(); i.hasNext(); ) {
      Waiting next = i.next();
      if (strikes() >= next.times) {
        i.remove();
        told.add(() -> next.struck.complete(null));
      } else if (ended) {
        i.remove();
        told.add(
            () ->
                next.struck.completeExceptionally(
                    new IllegalStateException(
                        "strikes: " + strikes() + " at the end (expected: " + next.times + ')')));
      }
    }
    told.forEach(Runnable::run); // which may come back here
  }

  /** {@return what it is, and how often it struck} */
  @Override
  public String toString() {
    return fault + ", strikes: " + strikes();
  }
}
