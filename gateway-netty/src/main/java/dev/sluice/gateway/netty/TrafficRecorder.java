package dev.sluice.gateway.netty;

import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.netty.internal.store.OwnerOnly;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jctools.queues.MpscBlockingConsumerArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records to a file what the gateway sends, so that it can be replayed, through a benchmark above
 * all: every WebSocket message of every transport from its first on, as it came, compressed or not.
 * {@link TrafficRecording} reads it.
 *
 * <p>It is a {@link PipelineCustomizer}: {@code ShardManager.builder(...).pipeline(recorder)}
 * records all shards. One that has handlers of its own, or records one shard only, calls {@link
 * #onUpgraded} from its own {@code onUpgraded}.
 *
 * <p><b>The file holds what users wrote, and session ids</b>, with which READY lets whoever has the
 * token resume; not the token. Nobody but its owner can read it, where the file system knows that.
 *
 * <p>An event loop copies each message and never waits: a thread of the recorder writes. When more
 * than 16 MiB wait for that thread, the rest of the transport whose message found no room is left
 * out and counted, for a compressed stream with a gap could not be read; its next transport is
 * recorded again. The file grows up to a limit, and then the recording ends. Control frames are not
 * recorded.
 *
 * <p>Thread-safe.
 */
public final class TrafficRecorder implements PipelineCustomizer, AutoCloseable {

  /** The name of the handler that it puts before {@link PipelineNames#GATEWAY}. */
  public static final String HANDLER_NAME = "traffic-recorder";

  /** How large a file may grow unless said otherwise. */
  public static final long DEFAULT_MAX_FILE_BYTES = 1L << 30;

  private static final Logger log = LoggerFactory.getLogger(TrafficRecorder.class);
  private static final long MAX_PENDING_BYTES = 16L << 20;
  private static final int MAX_PENDING_RECORDS = 1 << 16;
  private static final long CLOSED = Long.MAX_VALUE / 2; // added to the pending bytes
  private static final int WRITE_BYTES = 64 << 10;
  private static final long IDLE_MILLIS = 50;

  private final Path file;
  private final FileChannel channel;
  private final long maxFileBytes;
  private final long maxPendingBytes;
  private final NanoClock clock;
  private final long startNanos;
  private final Thread writer;
  private final MpscBlockingConsumerArrayQueue<Pending> queue =
      new MpscBlockingConsumerArrayQueue<>(MAX_PENDING_RECORDS);
  private final AtomicLong pendingBytes = new AtomicLong();
  private final AtomicInteger transports = new AtomicInteger();
  private final AtomicLong dropped = new AtomicLong();

  private final AtomicLong recorded = new AtomicLong();
  private volatile boolean ended; // by the limit or by a failure
  private volatile @Nullable IOException failure;

  /** A record on its way to the file. */
  private static final class Pending {

    final byte kind;
    final int transport;
    final long nanos;
    final byte[] content;

    Pending(byte kind, int transport, long nanos, byte[] content) {
      this.kind = kind;
      this.transport = transport;
      this.nanos = nanos;
      this.content = content;
    }

    int bytes() {
      return TrafficFormat.RECORD_HEADER_BYTES + content.length;
    }
  }

  TrafficRecorder(
      Path file, FileChannel channel, long maxFileBytes, long maxPendingBytes, NanoClock clock) {
    this.file = file;
    this.channel = channel;
    this.maxFileBytes = maxFileBytes;
    this.maxPendingBytes = maxPendingBytes;
    this.clock = clock;
    this.startNanos = clock.nanoTime();
    this.writer = new Thread(this::write, "sluice-traffic-recorder");
    writer.setDaemon(true);
    writer.start();
  }

  /**
   * Begins a recording of up to {@link #DEFAULT_MAX_FILE_BYTES}.
   *
   * @param file the file, which is made and must not exist
   * @return the recorder, the caller's to close
   * @throws FileAlreadyExistsException if the file exists
   * @throws IOException if it cannot be made
   */
  public static TrafficRecorder open(Path file) throws IOException {
    return open(file, DEFAULT_MAX_FILE_BYTES);
  }

  /**
   * Begins a recording.
   *
   * @param file the file, which is made and must not exist
   * @param maxFileBytes how large it may grow, up to 2 GiB, of which less than a record is left
   * @return the recorder, the caller's to close
   * @throws IllegalArgumentException if {@code maxFileBytes} is not in [1024, 2^31)
   * @throws FileAlreadyExistsException if the file exists
   * @throws IOException if it cannot be made
   */
  public static TrafficRecorder open(Path file, long maxFileBytes) throws IOException {
    if (maxFileBytes < 1024 || maxFileBytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "maxFileBytes: " + maxFileBytes + " (expected: 1024.." + Integer.MAX_VALUE + ')');
    }
    return new TrafficRecorder(
        file, OwnerOnly.create(file), maxFileBytes, MAX_PENDING_BYTES, NanoClock.system());
  }

  /**
   * Records the transport that a shard has just opened.
   *
   * @param shard the shard
   * @param pipeline its pipeline, with {@link PipelineNames#GATEWAY} in it
   */
  @Override
  public void onUpgraded(Shard shard, ChannelPipeline pipeline) {
    pipeline.addBefore(PipelineNames.GATEWAY, HANDLER_NAME, new Handler(shard));
  }

  /**
   * {@return how many messages are in the file, or about to be: the last of them may be buffered}
   */
  public long messages() {
    return recorded.get();
  }

  /**
   * {@return how many messages were left out: for want of room, of a transport with a gap, or
   * behind the end of the recording}
   */
  public long droppedMessages() {
    return dropped.get();
  }

  /**
   * Ends the recording, once what was taken is written. Transports that are open stay so, and what
   * they carry is no longer recorded nor counted. Not to be called on an event loop.
   *
   * @throws IOException if the recording is not whole because the file could not be written
   */
  @Override
  public void close() throws IOException {
    long bytes = pendingBytes.get();
    while (bytes < CLOSED && !pendingBytes.compareAndSet(bytes, bytes + CLOSED)) {
      bytes = pendingBytes.get();
    }
    try {
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException("recording: " + file);
      interrupted.initCause(e);
      throw interrupted;
    }
    IOException cause = failure;
    if (cause != null) {
      throw new IOException("recording: " + file + " ends early", cause);
    }
  }

  private boolean isClosed() {
    return pendingBytes.get() >= CLOSED;
  }

  private boolean offer(byte kind, int transport, byte[] content) {
    Pending record = new Pending(kind, transport, clock.nanoTime() - startNanos, content);
    long bytes;
    do {
      bytes = pendingBytes.get();
      if (ended || bytes + record.bytes() > maxPendingBytes) { // as it is once closed
        return false;
      }
    } while (!pendingBytes.compareAndSet(bytes, bytes + record.bytes()));
    if (!queue.offer(record)) {
      pendingBytes.addAndGet(-record.bytes());
      return false;
    }
    return true;
  }

  private void write() {
    ByteBuffer out = ByteBuffer.allocateDirect(WRITE_BYTES);
    out.put(TrafficFormat.MAGIC).putInt(TrafficFormat.VERSION);
    long fileBytes = out.position();
    // A record is pending before it is in the queue, so what was taken before the end is written.
    while (pendingBytes.get() != CLOSED) {
      Pending record = queue.poll();
      if (record == null) {
        flush(out); // whatever ends the process, the file has all but the last moment
        record = next();
      }
      if (record != null) {
        fileBytes += record.bytes();
        if (fileBytes > maxFileBytes && !ended) {
          ended = true;
          log.warn("recording: {} ends at its limit of {} bytes", file, maxFileBytes);
        }
        int messages = record.kind == TrafficFormat.TRANSPORT ? 0 : 1;
        if (ended) {
          dropped.addAndGet(messages);
        } else {
          put(out, record);
          recorded.addAndGet(messages);
        }
        pendingBytes.addAndGet(-record.bytes());
      }
    }
    flush(out);
    try {
      channel.close();
    } catch (IOException e) {
      fail(e);
    }
  }

  private @Nullable Pending next() {
    try {
      return queue.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException("recording: interrupted (expected: by nobody)", e);
    }
  }

  private void put(ByteBuffer out, Pending record) {
    if (out.remaining() < TrafficFormat.RECORD_HEADER_BYTES) {
      flush(out);
    }
    out.put(record.kind)
        .putInt(record.transport)
        .putLong(record.nanos)
        .putInt(record.content.length);
    int from = 0;
    while (from < record.content.length) {
      if (!out.hasRemaining()) {
        flush(out);
      }
      int length = Math.min(record.content.length - from, out.remaining());
      out.put(record.content, from, length);
      from += length;
    }
  }

  /** Empties the buffer, into the file unless the recording has failed. */
  private void flush(ByteBuffer out) {
    out.flip();
    try {
      while (failure == null && out.hasRemaining()) {
        channel.write(out);
      }
    } catch (IOException e) {
      fail(e);
    }
    out.clear();
  }

  private void fail(IOException cause) {
    if (failure == null) {
      failure = cause;
      ended = true;
      log.warn("recording: {} ends early", file, cause);
    }
  }

  /** One transport. */
  private final class Handler extends ChannelInboundHandlerAdapter {

    private final Shard shard;
    private final int transport = transports.incrementAndGet();
    private final int maxMessageBytes;
    private boolean left; // out of the recording, from a message on that found no room
    private FrameType fragmentsType = FrameType.TEXT;
    private @Nullable ByteArrayOutputStream fragments;

    Handler(Shard shard) {
      this.shard = shard;
      this.maxMessageBytes = shard.config().maxMessageBytes();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
      GatewayConfig config = shard.config();
      String kind = config.encoding().name() + ' ' + config.compression().name();
      byte[] name = kind.getBytes(StandardCharsets.US_ASCII);
      left =
          !offer(
              TrafficFormat.TRANSPORT,
              transport,
              ByteBuffer.allocate(2 * Integer.BYTES + name.length)
                  .putInt(shard.id().id())
                  .putInt(shard.id().count())
                  .put(name)
                  .array());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
      if (msg instanceof WebSocketFrame frame) {
        record(frame);
      }
      ctx.fireChannelRead(msg);
    }

    private void record(WebSocketFrame frame) {
      if (frame instanceof TextWebSocketFrame) {
        begin(FrameType.TEXT, frame);
      } else if (frame instanceof BinaryWebSocketFrame) {
        begin(FrameType.BINARY, frame);
      } else if (frame instanceof ContinuationWebSocketFrame && fragments != null) {
        goOn(fragments, frame);
      }
    }

    private void begin(FrameType type, WebSocketFrame frame) {
      if (frame.isFinalFragment()) {
        message(type, ByteBufUtil.getBytes(frame.content()));
      } else {
        fragmentsType = type;
        fragments = new ByteArrayOutputStream();
        goOn(fragments, frame);
      }
    }

    private void goOn(ByteArrayOutputStream whole, WebSocketFrame frame) {
      ByteBuf content = frame.content();
      if (content.readableBytes() > maxMessageBytes - whole.size()) {
        fragments = null; // the shard refuses the message, too
        return;
      }
      whole.writeBytes(ByteBufUtil.getBytes(content));
      if (frame.isFinalFragment()) {
        fragments = null;
        message(fragmentsType, whole.toByteArray());
      }
    }

    private void message(FrameType type, byte[] payload) {
      byte kind = type == FrameType.TEXT ? TrafficFormat.TEXT : TrafficFormat.BINARY;
      if (left || !offer(kind, transport, payload)) {
        left = true;
        if (!isClosed()) {
          dropped.incrementAndGet();
        }
      }
    }
  }
}
