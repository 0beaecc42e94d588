package dev.sluice.app.fleet;

import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.CRC32C;

/**
 * What the gateway did: each event that it gave to a session, and when which shard identified,
 * resumed and was cut off. Thread-safe.
 */
final class Sent implements GatewayServerListener {

  /** Something that a shard did at the gateway, at a time of {@link System#nanoTime}. */
  record Moment(ShardId shard, long nanos) {}

  /** The events of one session, by sequence. */
  static final class Session {

    private static final long PRESENT = 1L << Integer.SIZE;

    final ShardId shard;
    private int size;
    private boolean abandoned; // for another session of the shard
    private long[] checksums = new long[64];

    Session(ShardId shard) {
      this.shard = shard;
    }

    void add(int sequence, int checksum) {
      if (sequence >= checksums.length) {
        checksums = Arrays.copyOf(checksums, Math.max(sequence + 1, checksums.length * 2));
      }
      checksums[sequence] = PRESENT | Integer.toUnsignedLong(checksum);
      size++;
    }

    void abandon() {
      abandoned = true;
    }

    boolean isAbandoned() {
      return abandoned;
    }

    int size() {
      return size;
    }

    int end() {
      return checksums.length;
    }

    boolean has(int sequence) {
      return sequence < checksums.length && checksums[sequence] != 0;
    }

    boolean has(int sequence, int checksum) {
      return has(sequence) && (int) checksums[sequence] == checksum;
    }
  }

  private static final Set<String> OF_THE_TRANSPORT = Set.of("READY", "RESUMED");

  private final Changes changes;

  // All guarded by this.
  private final Map<String, String> keys = new HashMap<>();
  private final Map<String, Session> sessions = new HashMap<>();
  private final Map<ShardId, GatewayServerConnection> attached = new HashMap<>();
  private final List<Moment> identifies = new ArrayList<>();
  private final List<Moment> resumes = new ArrayList<>();
  private final List<Moment> cuts = new ArrayList<>();
  private long count;
  private int refusedIdentifies;
  private int refusedResumes;

  Sent(Changes changes) {
    this.changes = changes;
  }

  /** {@return whether a type of event is about a connection, and not repeated on the next} */
  static boolean isOfTheTransport(String type) {
    return OF_THE_TRANSPORT.contains(type);
  }

  /** {@return what stands for a session in the headers of its events} */
  static String key(String sessionId) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(sessionId.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // every Java has it
    }
  }

  static int checksum(ByteBuffer d) {
    CRC32C checksum = new CRC32C();
    checksum.update(d.duplicate());
    return (int) checksum.getValue();
  }

  @Override
  public synchronized void dispatched(
      ServerSession session, long sequence, String type, ByteBuffer d) {
    if (!isOfTheTransport(type)) {
      String key = keys.computeIfAbsent(session.id(), Sent::key);
      sessions
          .computeIfAbsent(key, k -> new Session(session.shard()))
          .add((int) sequence, checksum(d));
      count++;
      changes.happened();
    }
  }

  /** A shard that identifies anew has abandoned its former session, and whatever came there. */
  @Override
  public synchronized void identified(ServerSession session) {
    String key = keys.computeIfAbsent(session.id(), Sent::key);
    sessions.forEach(
        (other, former) -> {
          if (former.shard.equals(session.shard()) && !other.equals(key)) {
            former.abandon();
          }
        });
    attach(session, identifies);
  }

  @Override
  public synchronized void resumed(ServerSession session, long fromSequence) {
    attach(session, resumes);
  }

  private void attach(ServerSession session, List<Moment> moments) {
    moments.add(new Moment(session.shard(), System.nanoTime()));
    attached.put(session.shard(), session.connection());
    changes.happened();
  }

  @Override
  public synchronized void disconnected(GatewayServerConnection connection, int code) {
    attached
        .entrySet()
        .removeIf(
            entry -> {
              if (entry.getValue() != connection) {
                return false;
              }
              cuts.add(new Moment(entry.getKey(), System.nanoTime()));
              return true;
            });
    changes.happened();
  }

  @Override
  public synchronized void identifyRejected(GatewayServerConnection connection, ShardId shard) {
    refusedIdentifies++;
    changes.happened();
  }

  @Override
  public synchronized void resumeRejected(GatewayServerConnection connection, String sessionId) {
    refusedResumes++;
    changes.happened();
  }

  /** {@return how many shards are connected, with a session} */
  synchronized int attached() {
    return attached.size();
  }

  /** {@return how many events were given to sessions} */
  synchronized long count() {
    return count;
  }

  /** {@return how many events each session was given, those that were abandoned left out} */
  synchronized Map<String, Integer> sizes() {
    Map<String, Integer> sizes = new HashMap<>();
    sessions.forEach(
        (key, session) -> {
          if (!session.abandoned) {
            sizes.put(key, session.size);
          }
        });
    return sizes;
  }

  /** {@return how often a shard identified, resumed or was cut off} */
  synchronized int moments() {
    return identifies.size() + resumes.size() + cuts.size();
  }

  synchronized int refusedIdentifies() {
    return refusedIdentifies;
  }

  synchronized int refusedResumes() {
    return refusedResumes;
  }

  synchronized List<Moment> identifies() {
    return List.copyOf(identifies);
  }

  synchronized List<Moment> resumesSince(long nanos) {
    return since(resumes, nanos);
  }

  synchronized List<Moment> identifiesSince(long nanos) {
    return since(identifies, nanos);
  }

  /** {@return which connections ended since a time, those in whose place another came left out} */
  synchronized List<Moment> cutsSince(long nanos) {
    return since(cuts, nanos);
  }

  private static List<Moment> since(List<Moment> moments, long nanos) {
    return moments.stream().filter(moment -> moment.nanos() - nanos >= 0).toList();
  }

  static Set<Integer> shards(Collection<Moment> moments) {
    Set<Integer> shards = new TreeSet<>();
    moments.forEach(moment -> shards.add(moment.shard().id()));
    return shards;
  }

  /** Compares with what came out; to be called when no more is sent. */
  synchronized Verdict compareWith(Map<String, Received.Session> received) {
    return Verdict.of(sessions, received);
  }
}
