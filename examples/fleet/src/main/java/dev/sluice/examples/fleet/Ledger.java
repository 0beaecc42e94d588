package dev.sluice.examples.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.gateway.kafka.GatewayEvent;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * Which events the gateway sent, and which are in the topic, by session and sequence. Thread-safe.
 */
final class Ledger implements GatewayServerListener {

  private static final int READY_SEQUENCE = 1;
  private static final int MARK_BYTES = 8;

  private final Map<String, BitSet> sent = new HashMap<>();
  private final Map<String, BitSet> published = new HashMap<>();
  private final Map<String, String> marks = new HashMap<>();
  private long sentCount;
  private long publishedCount;
  private long doubled;

  /**
   * What became of the events.
   *
   * @param sent how many the gateway sent
   * @param published how many of them are in the topic
   * @param doubled how many records of the topic were there before
   */
  record Balance(long sent, long published, long doubled) {

    long missing() {
      return sent - published;
    }
  }

  @Override
  public void readyQueued(ServerSession session, ByteBuffer d) {
    sent(session.id(), READY_SEQUENCE);
  }

  @Override
  public void dispatched(ServerSession session, long sequence, String type, ByteBuffer d) {
    sent(session.id(), sequence);
  }

  private synchronized void sent(String sessionId, long sequence) {
    String mark = marks.computeIfAbsent(sessionId, Ledger::mark);
    if (add(sent, mark, sequence)) {
      sentCount++;
    }
  }

  /** Adds an event of the topic. What the gateway never sent, such as RESUMED, is not counted. */
  synchronized void published(GatewayEvent event) {
    BitSet known = sent.get(event.session());
    if (known == null || !known.get((int) event.sequence())) {
      return;
    }
    if (add(published, event.session(), event.sequence())) {
      publishedCount++;
    } else {
      doubled++;
    }
  }

  synchronized Balance balance() {
    return new Balance(sentCount, publishedCount, doubled);
  }

  private static boolean add(Map<String, BitSet> to, String mark, long sequence) {
    BitSet sequences = to.computeIfAbsent(mark, key -> new BitSet());
    boolean isNew = !sequences.get((int) sequence);
    sequences.set((int) sequence);
    return isNew;
  }

  /** As in the header {@code session}: what stands for a session without being of use. */
  private static String mark(String sessionId) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(sessionId.getBytes(UTF_8));
      return HexFormat.of().formatHex(hash, 0, MARK_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every platform has SHA-256", e);
    }
  }
}
