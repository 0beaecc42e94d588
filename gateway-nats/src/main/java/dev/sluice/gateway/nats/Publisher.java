package dev.sluice.gateway.nats;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes events one after the other and keeps each until the stream has it. Thread-safe.
 *
 * <p>The client may block while its connection is slow, so one thread does what an event loop must
 * not. When anything fails, all that the stream did not confirm is published again in its order,
 * once the server answers: what it had after all it knows by the id of the message. Until then
 * events wait here, and the shards, which count them, stop reading.
 */
final class Publisher implements AutoCloseable {

  /** The part of a connection that publishing needs. */
  interface Client {

    /** Sends an event; the stage completes when the stream has it. May block, may throw. */
    CompletionStage<?> publish(Publication publication);

    /**
     * Makes sure, after a failure, that the server answers and that nothing which was sent before
     * comes to it later than what is sent from now on. Blocks.
     *
     * @throws IOException if the server does not answer
     */
    void recover() throws IOException, InterruptedException;

    /** Sets what is told, on any thread, when a connection breaks off. Called once, first. */
    void onFailure(Consumer<Throwable> onFailure);

    /** Closes the connection. */
    void close() throws InterruptedException;
  }

  /** More that are unconfirmed at a time gain nothing, and servers refuse them at 10,000. */
  static final int MAX_UNCONFIRMED = 4096;

  private static final Logger log = LoggerFactory.getLogger(Publisher.class);

  private static final long MAX_RETRY_DELAY_NANOS = 5_000_000_000L;

  private final Client client;
  private final String stream;
  private final long confirmTimeoutNanos;
  private final long minRetryDelayNanos;
  private final Thread thread;
  private final Queue<Publication> incoming = new ConcurrentLinkedQueue<>();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final LongAdder stored = new LongAdder();
  private final LongAdder repeated = new LongAdder();
  private volatile boolean waitsForEvents;
  private volatile boolean waitsForRoom;
  private volatile boolean closed;

  // The thread's.
  private final Deque<Publication> unconfirmed = new ArrayDeque<>();
  private long retryDelayNanos;

  /**
   * Starts the thread.
   *
   * @param stream for log lines
   * @param confirmTimeout after which an event that was not confirmed is published again
   * @param minRetryDelay the delay before that, the first time; it doubles up to 5 s
   */
  Publisher(Client client, String stream, Duration confirmTimeout, Duration minRetryDelay) {
    this.client = client;
    this.stream = stream;
    this.confirmTimeoutNanos = confirmTimeout.toNanos();
    this.minRetryDelayNanos = minRetryDelay.toNanos();
    this.retryDelayNanos = minRetryDelayNanos;
    this.thread = new Thread(this::run, "sluice-nats-" + stream);
    thread.setDaemon(true);
    client.onFailure(this::fail);
    thread.start();
  }

  /** Publishes an event, after those that were given before. Does not block. */
  void publish(Publication publication) {
    incoming.add(publication);
    if (waitsForEvents) {
      LockSupport.unpark(thread);
    }
  }

  /** Has all that is unconfirmed published again. */
  void fail(Throwable cause) {
    failure.set(cause);
    LockSupport.unpark(thread);
  }

  /** {@return how many events the stream has confirmed} */
  long stored() {
    return stored.sum();
  }

  /** {@return how many events were published once more} */
  long repeated() {
    return repeated.sum();
  }

  /** Ends the thread and the client, and waits for it. What is unconfirmed stays so. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
        thread.interrupt(); // perhaps it waits for a server that is gone
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      publishUntilClosed();
    } finally {
      try {
        client.close();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void publishUntilClosed() {
    while (!closed) {
      forgetStored();
      Throwable cause = failure.get();
      if (cause == null && confirmTimeoutLeftNanos() <= 0) {
        cause = new TimeoutException("not confirmed");
      }
      if (cause != null) {
        publishAgain(cause);
        continue;
      }
      Publication next = unconfirmed.size() < MAX_UNCONFIRMED ? incoming.poll() : null;
      if (next == null) {
        await();
      } else {
        unconfirmed.add(next);
        send(next);
      }
    }
  }

  private void forgetStored() {
    for (Publication oldest = unconfirmed.peek();
        oldest != null && oldest.stored;
        oldest = unconfirmed.peek()) {
      unconfirmed.remove();
      retryDelayNanos = minRetryDelayNanos;
    }
  }

  private long confirmTimeoutLeftNanos() {
    Publication oldest = unconfirmed.peek();
    return oldest == null
        ? Long.MAX_VALUE
        : oldest.sentNanos + confirmTimeoutNanos - System.nanoTime();
  }

  private void send(Publication publication) {
    int attempt = publication.attempts + 1;
    publication.attempts = attempt;
    publication.sentNanos = System.nanoTime();
    try {
      client
          .publish(publication)
          .whenComplete((confirmed, cause) -> onOutcome(publication, attempt, cause));
    } catch (RuntimeException e) { // the connection is closed or its buffer full
      failure.set(e);
    }
  }

  private void onOutcome(Publication publication, int attempt, @Nullable Throwable cause) {
    if (cause == null) {
      if (!publication.stored) {
        stored.increment();
        publication.store();
      }
      if (waitsForRoom) {
        LockSupport.unpark(thread);
      }
    } else if (attempt == publication.attempts && !publication.stored) {
      fail(cause);
    }
  }

  /** Publishes all that is unconfirmed, oldest first, as soon as the server answers. */
  private void publishAgain(Throwable cause) {
    long waiting = unconfirmed.stream().filter(publication -> !publication.stored).count();
    if (waiting == 0) {
      log.info("stream {}: {}", stream, describe(cause));
    } else {
      log.warn(
          "stream {}: {} events wait until they are published again: {}",
          stream,
          waiting,
          describe(cause));
    }
    do {
      long delay = retryDelayNanos;
      retryDelayNanos = Math.min(2 * delay, MAX_RETRY_DELAY_NANOS);
      pause(delay);
    } while (!closed && !recovered());
    if (closed) {
      return;
    }
    failure.set(null);
    int again = 0;
    for (Publication publication : unconfirmed) {
      if (failure.get() != null) {
        return;
      }
      if (!publication.stored) {
        again++;
        repeated.increment();
        send(publication);
      }
    }
    log.info("stream {}: {} events were published again", stream, again);
  }

  private boolean recovered() {
    try {
      client.recover();
      return true;
    } catch (IOException | RuntimeException e) {
      log.debug("stream {}: the server does not answer", stream, e);
      return false;
    } catch (InterruptedException e) {
      closed = true; // by close(), when its thread was interrupted
      return false;
    }
  }

  /** Waits for all of a time, whatever happens but the end. */
  private void pause(long nanos) {
    long start = System.nanoTime();
    for (long left = nanos; left > 0 && !closed; left = nanos - (System.nanoTime() - start)) {
      LockSupport.parkNanos(this, left);
    }
  }

  /** Waits until there may be something to do; may return too early. */
  private void await() {
    boolean full = unconfirmed.size() >= MAX_UNCONFIRMED;
    waitsForRoom = full;
    waitsForEvents = !full;
    Publication oldest = unconfirmed.peek();
    if (!closed
        && failure.get() == null
        && (full ? oldest != null && !oldest.stored : incoming.isEmpty())) {
      LockSupport.parkNanos(this, Math.max(0, confirmTimeoutLeftNanos()));
    }
    waitsForRoom = false;
    waitsForEvents = false;
  }

  private static String describe(Throwable cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.toString();
  }
}
