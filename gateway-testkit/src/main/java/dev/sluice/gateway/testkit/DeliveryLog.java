package dev.sluice.gateway.testkit;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * A file of the events that one side saw, in the order that it saw them: of each event the session,
 * the sequence, and a CRC-32C of {@code d}. The gateway keeps one and the bot another; a {@link
 * DeliveryReport} compares them, in a process that may be neither.
 *
 * <p>READY is an event like any other. RESUMED belongs to the transport that it came on, takes a
 * sequence and is never replayed, so it is left out, on both sides.
 *
 * <p>Thread-safe. Buffered: what was recorded is in the file once the log is closed.
 */
public final class DeliveryLog implements AutoCloseable {

  /*
   * The file: for each event the number of its session in this file (int), the session's id
   * (modified UTF-8) if it is the first event of it, the sequence (int) and the checksum (int).
   */

  private static final int BUFFER_BYTES = 1 << 16;
  private static final long READY_SEQUENCE = 1;

  private final DataOutputStream out;
  private final Map<String, Integer> sessions = new HashMap<>(); // guarded by this, as is out
  private boolean closed; // guarded by this
  private volatile long count;

  private DeliveryLog(DataOutputStream out) {
    this.out = out;
  }

  /**
   * Creates a log, in place of what the file held before.
   *
   * @param file where to write it
   * @return the log, to be closed by the caller
   * @throws IOException if the file cannot be written
   */
  public static DeliveryLog create(Path file) throws IOException {
    return new DeliveryLog(
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file), BUFFER_BYTES)));
  }

  /**
   * Records one event, unless it is RESUMED.
   *
   * @param sessionId the session that it belongs to
   * @param type the event
   * @param sequence its sequence in the session, 0 to 2^31 - 1
   * @param d its data, between position and limit, neither of which is moved
   * @throws IllegalArgumentException if the sequence is another; nothing has changed
   * @throws IllegalStateException if the log was closed
   * @throws UncheckedIOException if the file cannot be written
   */
  public void record(String sessionId, EventType type, long sequence, ByteBuffer d) {
    Objects.requireNonNull(sessionId, "sessionId");
    if (sequence < 0 || sequence > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "sequence: " + sequence + " (expected: 0.." + Integer.MAX_VALUE + ')');
    }
    if (type == EventType.RESUMED) {
      return;
    }
    CRC32C checksum = new CRC32C();
    int position = d.position();
    checksum.update(d);
    d.position(position);
    write(sessionId, (int) sequence, (int) checksum.getValue());
  }

  private synchronized void write(String sessionId, int sequence, int checksum) {
    if (closed) {
      throw new IllegalStateException("delivery log: closed");
    }
    try {
      Integer known = sessions.putIfAbsent(sessionId, sessions.size());
      if (known == null) {
        out.writeInt(sessions.size() - 1);
        out.writeUTF(sessionId);
      } else {
        out.writeInt(known);
      }
      out.writeInt(sequence);
      out.writeInt(checksum);
      count = count + 1;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return how many events were recorded} */
  public long count() {
    return count;
  }

  /**
   * {@return a listener for {@link LocalGateway.Builder#listener} that records what the gateway
   * gives to its sessions, whether or not it comes to be sent}
   */
  public GatewayServerListener gatewayListener() {
    return new GatewayServerListener() {
      @Override
      public void readyQueued(ServerSession session, ByteBuffer d) {
        record(session.id(), EventType.READY, READY_SEQUENCE, d);
      }

      @Override
      public void dispatched(ServerSession session, long sequence, String type, ByteBuffer d) {
        record(session.id(), EventType.of(type), sequence, d);
      }
    };
  }

  /**
   * Writes what is buffered and closes the file. May be called again.
   *
   * @throws IOException if the file cannot be written
   */
  @Override
  public synchronized void close() throws IOException {
    closed = true;
    out.close();
  }
}
