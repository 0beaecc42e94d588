package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.SessionLost;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Compares what a gateway gave to its sessions with what a bot handled, while it goes on and in
 * memory that does not grow: of each event that was not handled yet the sequence and a CRC-32C of
 * {@code d}. RESUMED belongs to its transport and is left out.
 *
 * <p>What a lost session had after the last event that it received is a gap that was announced. All
 * else that was not handled is missing.
 *
 * <p>The gateway's side is its event loop; the bot's side may be any threads, if the events of a
 * shard come in order.
 */
final class DeliveryWindow implements GatewayServerListener, ShardListener {

  /** What became of the events. */
  record Report(
      long sent, long handled, long missing, long inGaps, long again, long corrupt, long unsent) {}

  private static final int READY_SEQUENCE = 1;
  private static final int MAX_EXAMPLES = 20;

  /** The events of one session. */
  private static final class Session {

    final String id;
    // An event at its sequence modulo the length, as the sequence above and the checksum below;
    // 0 once it was handled. Set by the gateway's side, cleared by the bot's.
    final AtomicLongArray unhandled;
    volatile long sent; // written by the gateway's side
    volatile long handled; // written by the bot's side
    long newest; // of the bot's side

    // Of the gateway's side: events that were not handled when their place was needed.
    volatile long firstOverrun = Long.MAX_VALUE;
    volatile long overruns;

    Session(String id, int capacity) {
      this.id = id;
      this.unhandled = new AtomicLongArray(capacity);
    }

    int place(long sequence) {
      return (int) sequence & (unhandled.length() - 1);
    }
  }

  private final int capacity;
  private final Map<String, Session> sessions = new ConcurrentHashMap<>();
  private final AtomicReferenceArray<@Nullable Session> current;
  // How far sessions were received that were lost, until their successors begin.
  private final Map<String, Long> receivedOfLost = new ConcurrentHashMap<>();
  private final LongAdder sent = new LongAdder();
  private final LongAdder handled = new LongAdder();
  private final LongAdder missing = new LongAdder();
  private final LongAdder inGaps = new LongAdder();
  private final LongAdder again = new LongAdder();
  private final LongAdder corrupt = new LongAdder();
  private final LongAdder unsent = new LongAdder();
  private final Queue<String> examples = new ConcurrentLinkedQueue<>();

  /**
   * Makes a window of each shard.
   *
   * @param capacity how many events a session may have that were not handled, a power of two
   */
  DeliveryWindow(int shards, int capacity) {
    this.capacity = capacity;
    this.current = new AtomicReferenceArray<>(shards);
  }

  @Override
  public void readyQueued(ServerSession session, ByteBuffer d) {
    Session begun = new Session(session.id(), capacity);
    sessions.put(begun.id, begun);
    sent(begun, READY_SEQUENCE, d);
  }

  @Override
  public void dispatched(ServerSession session, long sequence, String type, ByteBuffer d) {
    Session of = sessions.get(session.id());
    if (of != null) { // else the bot has given it up, and the gateway does not know
      sent(of, sequence, d);
    }
  }

  private void sent(Session session, long sequence, ByteBuffer d) {
    int place = session.place(sequence);
    long overrun = session.unhandled.getAcquire(place);
    if (overrun != 0) {
      session.firstOverrun = Math.min(session.firstOverrun, overrun >>> Integer.SIZE);
      session.overruns = session.overruns + 1;
    }
    session.unhandled.setRelease(place, entry(sequence, d));
    session.sent = session.sent + 1;
    sent.increment();
  }

  @Override
  public void onSessionLost(Shard shard, SessionLost lost) {
    receivedOfLost.put(lost.sessionId(), lost.receivedSequence());
  }

  /** Takes note that the bot handled an event. */
  void handled(int shard, Dispatch dispatch) throws IOException {
    if (dispatch.type() == EventType.RESUMED) {
      return;
    }
    if (dispatch.type() == EventType.READY) {
      String id = dispatch.readTree().path("session_id").asText();
      Session previous = current.getAndSet(shard, sessions.get(id));
      if (previous != null) {
        end(previous);
      }
    }
    Session session = current.get(shard);
    if (session == null) {
      unsent.increment();
      example("an event of no session, sequence " + dispatch.sequence());
      return;
    }
    handled(session, dispatch.sequence(), dispatch.data());
  }

  private void handled(Session session, long sequence, ByteBuffer d) {
    int place = session.place(sequence);
    long expected = session.unhandled.getAcquire(place);
    if (expected >>> Integer.SIZE == sequence) {
      session.unhandled.setRelease(place, 0);
      if (expected != entry(sequence, d)) {
        corrupt.increment();
        example("corrupt: session " + session.id + ", sequence " + sequence);
      }
      session.handled = session.handled + 1;
      handled.increment();
    } else if (sequence <= session.newest) {
      again.increment();
    } else {
      unsent.increment();
      example("not sent: session " + session.id + ", sequence " + sequence);
    }
    session.newest = Math.max(session.newest, sequence);
  }

  /** {@return how many events the sessions that live have not handled yet} */
  long pending() {
    long pending = 0;
    for (int shard = 0; shard < current.length(); shard++) {
      Session session = current.get(shard);
      pending += session == null ? 0 : session.sent - session.handled;
    }
    return pending;
  }

  /** {@return how many events were handled so far, repeated ones not counted again} */
  long handled() {
    return handled.sum();
  }

  /** Counts what is missing of the sessions that live, once both sides are at rest. */
  Report report() {
    for (Session session : sessions.values()) {
      end(session);
    }
    return new Report(
        sent.sum(),
        handled.sum(),
        missing.sum(),
        inGaps.sum(),
        again.sum(),
        corrupt.sum(),
        unsent.sum());
  }

  /** {@return the first few events that were not as they should be} */
  String examples() {
    return String.join("\n", examples);
  }

  private void end(Session session) {
    if (sessions.remove(session.id) == null) {
      return;
    }
    Long announced = receivedOfLost.remove(session.id);
    long received = announced == null ? Long.MAX_VALUE : announced;
    if (session.overruns > 0) {
      // Those that came after the first one are in the gap if that one is.
      count(session, session.firstOverrun, session.overruns, received);
    }
    for (int place = 0; place < session.unhandled.length(); place++) {
      long entry = session.unhandled.getAcquire(place);
      if (entry != 0) {
        count(session, entry >>> Integer.SIZE, 1, received);
      }
    }
  }

  private void count(Session session, long sequence, long events, long received) {
    if (sequence > received) {
      inGaps.add(events);
    } else {
      missing.add(events);
      example(events + " missing: session " + session.id + ", sequence " + sequence);
    }
  }

  private void example(String what) {
    if (examples.size() < MAX_EXAMPLES) {
      examples.add(what);
    }
  }

  private static long entry(long sequence, ByteBuffer d) {
    CRC32C checksum = new CRC32C();
    int position = d.position();
    checksum.update(d);
    d.position(position);
    return (sequence << Integer.SIZE) | checksum.getValue();
  }
}
