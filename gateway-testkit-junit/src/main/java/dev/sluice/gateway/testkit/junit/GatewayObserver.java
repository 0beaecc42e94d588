package dev.sluice.gateway.testkit.junit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway has seen, told on its event loop and waited for on the threads of tests.
 * Thread-safe.
 */
final class GatewayObserver implements GatewayServerListener {

  /** A session with a connection. */
  record Attached(String sessionId, GatewayServerConnection connection) {}

  private static final int MAX_DATA = 200;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by the lock.
  private final Journal journal = new Journal();
  private final Set<GatewayServerConnection> open = new HashSet<>();
  private final Map<GatewayServerConnection, ShardId> shards = new HashMap<>();
  private final Map<ShardId, Attached> attached = new HashMap<>();
  private final Map<String, Long> heard = new HashMap<>();
  private final Map<String, Long> heartbeats = new HashMap<>();
  private final Map<String, ServerSession.EndReason> ended = new HashMap<>();
  private final Deque<BotCommand> commands = new ArrayDeque<>();
  private final Deque<BotRequest> requests = new ArrayDeque<>();
  private long begun;

  // Without the lock, for traffic may run.
  private final Map<String, Long> dispatched = new ConcurrentHashMap<>();

  /** Notes what a test does. */
  void note(String what) {
    lock.lock();
    try {
      journal.add(what);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until something is there.
   *
   * @param found yields it, null as long as it is not there; called with the lock held
   * @param deadlineNanos until when
   * @param missing says what is missing at the deadline; called with the lock held
   */
  <T> T await(Supplier<@Nullable T> found, long deadlineNanos, Supplier<String> missing) {
    lock.lock();
    try {
      T result = found.get();
      long remainingNanos = deadlineNanos - System.nanoTime();
      while (result == null) {
        if (remainingNanos <= 0) {
          throw new GatewayAssertionError(missing.get() + '\n' + journal());
        }
        remainingNanos = changed.awaitNanos(remainingNanos);
        result = found.get();
      }
      return result;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GatewayAssertionError("interrupted: " + missing.get() + '\n' + journal());
    } finally {
      lock.unlock();
    }
  }

  /** Waits until something is so; otherwise as {@link #await}. */
  void awaitUntil(BooleanSupplier reached, long deadlineNanos, Supplier<String> missing) {
    await(() -> reached.getAsBoolean() ? Boolean.TRUE : null, deadlineNanos, missing);
  }

  /** {@return what the gateway saw, in lines} */
  String journal() {
    lock.lock();
    try {
      return "what the gateway saw:\n"
          + (journal.isEmpty() ? "  nothing: no connection came" : journal.toString());
    } finally {
      lock.unlock();
    }
  }

  /** {@return how often a session has begun or gone on} */
  long begun() {
    lock.lock();
    try {
      return begun;
    } finally {
      lock.unlock();
    }
  }

  /** {@return the sessions that have a connection} */
  Map<ShardId, Attached> attached() {
    lock.lock();
    try {
      return Map.copyOf(attached);
    } finally {
      lock.unlock();
    }
  }

  /** {@return how many connections are open} */
  int openConnections() {
    lock.lock();
    try {
      return open.size();
    } finally {
      lock.unlock();
    }
  }

  /** {@return the shards of the open connections, as far as they have one} */
  List<String> openShards() {
    lock.lock();
    try {
      return open.stream().map(this::whose).sorted().toList();
    } finally {
      lock.unlock();
    }
  }

  /** {@return the sequence that the bot's last heartbeat in a session named, 0 before the first} */
  long heard(String sessionId) {
    lock.lock();
    try {
      return heard.getOrDefault(sessionId, 0L);
    } finally {
      lock.unlock();
    }
  }

  /** {@return how many heartbeats came in a session} */
  long heartbeats(String sessionId) {
    lock.lock();
    try {
      return heartbeats.getOrDefault(sessionId, 0L);
    } finally {
      lock.unlock();
    }
  }

  /** {@return why a session has ended, null if it has not} */
  ServerSession.@Nullable EndReason ended(String sessionId) {
    lock.lock();
    try {
      return ended.get(sessionId);
    } finally {
      lock.unlock();
    }
  }

  /** {@return the sequence of the last event of a session} */
  long sequence(String sessionId) {
    return dispatched.getOrDefault(sessionId, 1L);
  }

  /** {@return the next command that is wanted, null for none} */
  @Nullable BotCommand takeCommand(Predicate<BotCommand> wanted) {
    return take(commands, wanted);
  }

  /** {@return the next request that is wanted, null for none} */
  @Nullable BotRequest takeRequest(Predicate<BotRequest> wanted) {
    return take(requests, wanted);
  }

  private <T> @Nullable T take(Deque<T> all, Predicate<T> wanted) {
    lock.lock();
    try {
      for (Iterator<T> each = all.iterator(); each.hasNext(); ) {
        T next = each.next();
        if (wanted.test(next)) {
          each.remove();
          return next;
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** {@return the requests that nobody took} */
  List<BotRequest> requests() {
    lock.lock();
    try {
      return List.copyOf(requests);
    } finally {
      lock.unlock();
    }
  }

  /** Takes note of a request and its answer, on the event loop. */
  void requested(BotRequest request, int status) {
    happened(
        "the bot asked " + abridged(request.toString()) + ", answered with " + status,
        () -> requests.add(request));
  }

  /** {@return the commands that nobody took} */
  List<BotCommand> commands() {
    lock.lock();
    try {
      return List.copyOf(commands);
    } finally {
      lock.unlock();
    }
  }

  /** Takes note, on the event loop, that a shard is about to lose its connection or its session. */
  void struck(ShardId shard) {
    happened(null, () -> attached.remove(shard));
  }

  @Override
  public void connected(GatewayServerConnection connection) {
    happened("a connection was opened", () -> open.add(connection));
  }

  @Override
  public void disconnected(GatewayServerConnection connection, int code) {
    lock.lock();
    try {
      happened(
          whose(connection) + ": the connection ended with " + describe(code),
          () -> {
            open.remove(connection);
            shards.remove(connection);
            attached.values().removeIf(each -> each.connection.equals(connection));
          });
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void identified(ServerSession session) {
    begun(session, "identified with the intents " + session.intents() + " and got READY");
  }

  @Override
  public void resumed(ServerSession session, long fromSequence) {
    begun(session, "resumed after sequence " + fromSequence);
  }

  private void begun(ServerSession session, String what) {
    ShardId shard = session.shard();
    GatewayServerConnection connection = session.connection();
    dispatched.put(session.id(), session.sequence());
    happened(
        "shard " + shard + ": " + what,
        () -> {
          begun++;
          if (connection != null) {
            shards.put(connection, shard);
            attached.put(shard, new Attached(session.id(), connection));
          }
        });
  }

  @Override
  public void identifyRejected(GatewayServerConnection connection, ShardId shard) {
    happened(
        "shard " + shard + ": IDENTIFY refused, the identify window of its bucket is taken",
        () -> {});
  }

  @Override
  public void budgetExhausted(GatewayServerConnection connection, ShardId shard) {
    happened("shard " + shard + ": IDENTIFY refused, no session start is left", () -> {});
  }

  @Override
  public void resumeRejected(GatewayServerConnection connection, String sessionId) {
    happened("a RESUME was refused: the session is unknown or cannot be replayed", () -> {});
  }

  @Override
  public void received(ServerSession session, Opcode opcode, JsonNode d) {
    if (opcode == Opcode.HEARTBEAT) {
      happened(
          null,
          () -> {
            heard.merge(session.id(), d.asLong(), Math::max);
            heartbeats.merge(session.id(), 1L, Long::sum);
          });
    } else {
      happened(
          "shard " + session.shard() + ": sent " + opcode + ' ' + abridged(d.toString()),
          () -> commands.add(new BotCommand(session.shard(), opcode, d)));
    }
  }

  @Override
  public void ignored(ServerSession session, Opcode opcode, JsonNode d) {
    happened(
        "shard "
            + session.shard()
            + ": sent "
            + opcode
            + ", which Discord ignores: too many, or without the intent; "
            + abridged(d.toString()),
        () -> {});
  }

  @Override
  public void rateLimited(ServerSession session, Opcode opcode, JsonNode d) {
    happened(
        "shard "
            + session.shard()
            + ": sent "
            + opcode
            + ", answered with RATE_LIMITED; "
            + abridged(d.toString()),
        () -> {});
  }

  @Override
  public void dispatched(ServerSession session, long sequence, String type, ByteBuffer d) {
    dispatched.put(session.id(), sequence);
  }

  @Override
  public void sessionEnded(ServerSession session, ServerSession.EndReason reason) {
    dispatched.remove(session.id());
    happened(
        "shard " + session.shard() + ": the session ended, " + reason,
        () -> {
          ended.put(session.id(), reason);
          attached.values().removeIf(each -> each.sessionId.equals(session.id()));
        });
  }

  private void happened(@Nullable String what, Runnable change) {
    lock.lock();
    try {
      if (what != null) {
        journal.add(what);
      }
      change.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private String whose(GatewayServerConnection connection) {
    ShardId shard = shards.get(connection);
    return shard == null ? "one without a session" : "shard " + shard;
  }

  private static String describe(int code) {
    CloseCode known = CloseCode.of(code);
    return known == CloseCode.UNKNOWN ? Integer.toString(code) : code + " " + known;
  }

  private static String abridged(String data) {
    return data.length() <= MAX_DATA ? data : data.substring(0, MAX_DATA) + "...";
  }
}
