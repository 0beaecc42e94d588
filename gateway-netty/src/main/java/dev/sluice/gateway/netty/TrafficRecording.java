package dev.sluice.gateway.netty;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.ShardId;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;

/**
 * What a {@link TrafficRecorder} recorded: the WebSocket messages of one or more transports, in the
 * order in which they came. A recording that breaks off, for its process was killed or is still at
 * work, has all messages up to there.
 *
 * <p>To replay one transport, give each of its messages to a connection of the same encoding and
 * compression by {@link dev.sluice.gateway.GatewayConnection#recv(FrameType, ByteBuffer)}. Those of
 * a compressed transport make sense from the first on only.
 *
 * <p>Thread-safe; an iterator is not. The file is mapped into memory, and must not be shortened
 * while it is in use.
 */
public final class TrafficRecording implements Iterable<TrafficRecording.Message> {

  private final ByteBuffer file; // up to the end of the last whole record, read by index alone
  private final Map<Integer, Transport> transports = new LinkedHashMap<>();
  private final boolean truncated;
  private final long messages;

  /**
   * A transport: one WebSocket of one shard. Immutable.
   *
   * @param number from 1, in the order in which they were opened
   * @param shard the shard
   * @param encoding how its payloads are written
   * @param compression how they are compressed
   */
  public record Transport(int number, ShardId shard, Encoding encoding, Compression compression) {}

  /**
   * A WebSocket message.
   *
   * @param transport what carried it
   * @param first whether it is the first of that transport
   * @param offsetNanos when it came, from the beginning of the recording
   * @param type the kind of message
   * @param payload its bytes, fragments put together: a read-only view of the file, outside the
   *     heap, whose position and limit are the caller's
   */
  public record Message(
      Transport transport, boolean first, long offsetNanos, FrameType type, ByteBuffer payload) {}

  private TrafficRecording(ByteBuffer mapped) throws IOException {
    byte[] magic = new byte[TrafficFormat.MAGIC.length];
    if (mapped.limit() >= TrafficFormat.FILE_HEADER_BYTES) {
      mapped.get(0, magic);
    }
    if (!Arrays.equals(magic, TrafficFormat.MAGIC)) {
      throw new IOException("first bytes: others (expected: those of a TrafficRecorder's file)");
    }
    int version = mapped.getInt(magic.length);
    if (version != TrafficFormat.VERSION) {
      throw new IOException("version: " + version + " (expected: " + TrafficFormat.VERSION + ')');
    }
    int end = TrafficFormat.FILE_HEADER_BYTES;
    long whole = 0;
    while (mapped.limit() - end >= TrafficFormat.RECORD_HEADER_BYTES) {
      int length = mapped.getInt(end + TrafficFormat.LENGTH_AT);
      if (length < 0) {
        throw corrupt(end, "length " + length + " (expected: >= 0)");
      }
      if (length > mapped.limit() - end - TrafficFormat.RECORD_HEADER_BYTES) {
        break;
      }
      whole += index(mapped, end, length);
      end += TrafficFormat.RECORD_HEADER_BYTES + length;
    }
    this.file = mapped.slice(0, end);
    this.truncated = end != mapped.limit();
    this.messages = whole;
  }

  /**
   * Opens a recording.
   *
   * @param file the file
   * @return the recording
   * @throws IOException if it cannot be read, is no recording, or is corrupt in other ways than
   *     breaking off
   */
  public static TrafficRecording open(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      if (channel.size() > Integer.MAX_VALUE) {
        throw new IOException(
            "bytes: " + channel.size() + " (expected: <= " + Integer.MAX_VALUE + ')');
      }
      return new TrafficRecording(
          channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size())); // outlives the channel
    } catch (IOException e) {
      throw new IOException("recording: " + file, e);
    }
  }

  /** {@return the transports, in the order in which they were opened} */
  public List<Transport> transports() {
    return List.copyOf(transports.values());
  }

  /** {@return the number of messages} */
  public long messages() {
    return messages;
  }

  /** {@return whether the file breaks off within a record, which is left out} */
  public boolean isTruncated() {
    return truncated;
  }

  /** {@return the messages of all transports, in the order in which they came} */
  @Override
  public Iterator<Message> iterator() {
    return new Messages();
  }

  /** {@return the messages of the record: one or none} */
  private int index(ByteBuffer mapped, int at, int length) throws IOException {
    byte kind = mapped.get(at + TrafficFormat.KIND_AT);
    int number = mapped.getInt(at + TrafficFormat.TRANSPORT_AT);
    if (kind == TrafficFormat.TRANSPORT) {
      ByteBuffer content = mapped.slice(at + TrafficFormat.RECORD_HEADER_BYTES, length);
      if (transports.put(number, transport(at, number, content)) != null) {
        throw corrupt(at, "transport " + number + " (expected: not to begin twice)");
      }
      return 0;
    }
    if (kind != TrafficFormat.TEXT && kind != TrafficFormat.BINARY) {
      throw corrupt(at, "kind " + kind + " (expected: 1..3)");
    }
    if (!transports.containsKey(number)) {
      throw corrupt(at, "transport " + number + " (expected: one that has begun)");
    }
    return 1;
  }

  private static Transport transport(int at, int number, ByteBuffer content) throws IOException {
    try {
      ShardId shard = new ShardId(content.getInt(), content.getInt());
      String[] kind = StandardCharsets.US_ASCII.decode(content).toString().split(" ", 2);
      return new Transport(
          number, shard, Encoding.valueOf(kind[0]), Compression.valueOf(kind[kind.length - 1]));
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw new IOException("record at " + at + ": transport that cannot be read", e);
    }
  }

  private static IOException corrupt(int at, String what) {
    return new IOException("record at " + at + ": " + what);
  }

  private final class Messages implements Iterator<Message> {

    private final Set<Integer> begun = new HashSet<>();
    private int at = TrafficFormat.FILE_HEADER_BYTES;
    private long left = messages;

    @Override
    public boolean hasNext() {
      return left > 0;
    }

    @Override
    public Message next() {
      if (left == 0) {
        throw new NoSuchElementException("message: none is left");
      }
      left--;
      byte kind = file.get(at + TrafficFormat.KIND_AT);
      while (kind == TrafficFormat.TRANSPORT) {
        skip();
        kind = file.get(at + TrafficFormat.KIND_AT);
      }
      int number = file.getInt(at + TrafficFormat.TRANSPORT_AT);
      Message message =
          new Message(
              Objects.requireNonNull(transports.get(number)),
              begun.add(number),
              file.getLong(at + TrafficFormat.NANOS_AT),
              kind == TrafficFormat.TEXT ? FrameType.TEXT : FrameType.BINARY,
              file.slice(
                  at + TrafficFormat.RECORD_HEADER_BYTES,
                  file.getInt(at + TrafficFormat.LENGTH_AT)));
      skip();
      return message;
    }

    private void skip() {
      at += TrafficFormat.RECORD_HEADER_BYTES + file.getInt(at + TrafficFormat.LENGTH_AT);
    }
  }
}
