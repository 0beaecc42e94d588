package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GuildMembersChunk;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A request for guild members on its way, and who waits for its answer. On the event loop. */
final class MemberRequest {

  /** More chunks than any guild could need: 2^20 of 1000 members. */
  private static final int MAX_CHUNKS = 1 << 20;

  /** One caller. */
  abstract static class Waiter {

    final long timeoutNanos;
    final long startNanos;
    @Nullable ScheduledFuture<?> timer;

    Waiter(long timeoutNanos, long startNanos) {
      this.timeoutNanos = timeoutNanos;
      this.startNanos = startNanos;
    }

    /** The future that the caller has. */
    abstract CompletableFuture<?> future();

    /** Whether it wants to be given the chunks at the end. */
    abstract boolean gathers();

    /** What it wants to be told meanwhile. */
    abstract @Nullable GuildMembersHandler handler();

    abstract void complete(MemberRequest request);

    final void fail(GuildMembersException failure) {
      future().completeExceptionally(failure);
    }
  }

  /** A caller that wants all of them at the end. */
  static final class Gatherer extends Waiter {

    final CompletableFuture<GuildMembers> future = new CompletableFuture<>();

    Gatherer(long timeoutNanos, long startNanos) {
      super(timeoutNanos, startNanos);
    }

    @Override
    CompletableFuture<?> future() {
      return future;
    }

    @Override
    boolean gathers() {
      return true;
    }

    @Override
    @Nullable GuildMembersHandler handler() {
      return null;
    }

    @Override
    void complete(MemberRequest request) {
      future.complete(
          new GuildMembers(request.command.guildId(), List.copyOf(request.kept.values())));
    }
  }

  /** A caller that takes them as they come. */
  static final class Streamer extends Waiter {

    final CompletableFuture<Integer> future = new CompletableFuture<>();
    private final GuildMembersHandler handler;

    Streamer(long timeoutNanos, long startNanos, GuildMembersHandler handler) {
      super(timeoutNanos, startNanos);
      this.handler = handler;
    }

    @Override
    CompletableFuture<?> future() {
      return future;
    }

    @Override
    boolean gathers() {
      return false;
    }

    @Override
    GuildMembersHandler handler() {
      return handler;
    }

    @Override
    void complete(MemberRequest request) {
      future.complete(request.count);
    }
  }

  final RequestGuildMembers command;
  final List<Waiter> waiters = new ArrayList<>(1);
  @Nullable PendingCommand queued; // while it waits to be written
  boolean heldBack; // refused by RATE_LIMITED; the connection asks again by itself
  long progressNanos; // since when the gateway owes the next chunk

  private final BitSet seen = new BitSet();
  private final Map<Integer, Dispatch> kept = new TreeMap<>();
  private int count;

  MemberRequest(RequestGuildMembers command) {
    this.command = command;
  }

  /** {@return whether it asks for the whole list, of which there can be one per guild and 30 s} */
  static boolean isWholeList(RequestGuildMembers command) {
    return command.query() != null && command.query().isEmpty() && command.limit() == 0;
  }

  /** {@return whether the answer to it answers another request as well, which has no nonce yet} */
  boolean answers(RequestGuildMembers other) {
    return seen.isEmpty()
        && isWholeList(command)
        && isWholeList(other)
        && command.guildId() == other.guildId()
        && command.presences() == other.presences();
  }

  boolean hasChunks() {
    return !seen.isEmpty();
  }

  boolean isComplete() {
    return count > 0 && seen.cardinality() == count;
  }

  /**
   * Notes a chunk.
   *
   * @return whether it is new: not one that a resume brought again, nor of another answer
   */
  boolean add(GuildMembersChunk chunk, Dispatch dispatch) {
    if (chunk.count() > MAX_CHUNKS
        || (count != 0 && count != chunk.count())
        || seen.get(chunk.index())) {
      return false;
    }
    count = chunk.count();
    seen.set(chunk.index());
    if (waiters.stream().anyMatch(Waiter::gathers)) {
      kept.put(chunk.index(), dispatch.copy());
    }
    return true;
  }

  /** {@return how far it has come, for a message} */
  String progress() {
    return count == 0 ? "no chunk" : seen.cardinality() + " of " + count + " chunks";
  }
}
