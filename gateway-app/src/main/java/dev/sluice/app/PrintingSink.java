package dev.sluice.app;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.EventSink;
import dev.sluice.gateway.netty.InFlightEvent;
import dev.sluice.gateway.netty.InFlightEvents;
import dev.sluice.gateway.netty.Shard;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Prints events, on a thread of its own. An event is acknowledged once the reader at the other end
 * of the pipe can have it; while that one is slow, shards pause. Thread-safe.
 */
final class PrintingSink implements EventSink, AutoCloseable {

  private static final int BUFFER_BYTES = 1 << 16;
  private static final long CLOSE_MILLIS = 1_000;

  /** An event, and what tells its session from others; null ends the thread. */
  private record Line(@Nullable InFlightEvent event, String session) {}

  private record Session(int epoch, String mark) {}

  private final InFlightEvents inFlight = InFlightEvents.create();
  private final BlockingQueue<Line> queue = new LinkedBlockingQueue<>(); // which inFlight bounds
  private final Map<ShardId, Session> sessions = new ConcurrentHashMap<>();
  private final OutputStream out;
  private final Consumer<IOException> onFailure;
  private final Thread thread = new Thread(this::print, "stdout");

  /**
   * Starts the thread.
   *
   * @param out where to print
   * @param onFailure is told when that fails, for then nobody reads any more
   */
  PrintingSink(OutputStream out, Consumer<IOException> onFailure) {
    this.out = new BufferedOutputStream(out, BUFFER_BYTES);
    this.onFailure = onFailure;
    thread.setDaemon(true); // whoever reads may never read on
    thread.start();
  }

  @Override
  public boolean offer(Shard shard, Dispatch dispatch) {
    queue.add(new Line(inFlight.take(shard, dispatch), session(shard, dispatch.sessionEpoch())));
    return inFlight.readsOn(shard);
  }

  private String session(Shard shard, int epoch) {
    Session known = sessions.get(shard.id());
    if (known == null || known.epoch != epoch) {
      GatewaySession session = shard.currentSession();
      known = new Session(epoch, session == null ? "" : SessionMark.of(session.sessionId()));
      sessions.put(shard.id(), known);
    }
    return known.mark;
  }

  /** Prints what is left, unless nobody reads it. For managers that have stopped. */
  @Override
  public void close() {
    queue.add(new Line(null, ""));
    try {
      thread.join(CLOSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Prints what there is, flushes, and then acknowledges it. */
  private void print() {
    EventLine text = new EventLine();
    List<Line> lines = new ArrayList<>();
    boolean ends = false;
    try {
      while (!ends) {
        lines.add(queue.take());
        queue.drainTo(lines);
        for (Line line : lines) {
          InFlightEvent event = line.event;
          if (event == null) {
            ends = true;
          } else {
            ShardId shard = event.shard().id();
            text.write(
                event.name(),
                shard.id(),
                shard.count(),
                event.sequence(),
                line.session,
                event.guildId(),
                ByteBuffer.wrap(event.data()),
                out);
          }
        }
        out.flush();
        lines.stream().map(Line::event).forEach(PrintingSink::acknowledge);
        lines.clear();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      onFailure.accept(e); // what was not printed comes again
    }
  }

  private static void acknowledge(@Nullable InFlightEvent event) {
    if (event != null) {
      event.acknowledge();
    }
  }
}
