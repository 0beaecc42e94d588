package dev.sluice.gateway.kafka.internal.fleet;

import dev.sluice.gateway.NanoClock;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Topics of generations that run no more. They are deleted with their groups once no node is a
 * member of these: some of the fleet may be a moment behind.
 *
 * <p>Not thread-safe; confine to one thread. Brokers are waited for on others.
 */
public final class RetiredTopics {

  private static final Logger log = LoggerFactory.getLogger(RetiredTopics.class);

  private static final long RETRY_NANOS = Duration.ofSeconds(5).toNanos();

  private final Predicate<String> deleteUnused;
  private final String application;
  private final Executor executor;
  private final Executor background;
  private final NanoClock clock;
  private final Set<Integer> retired = new HashSet<>();
  private boolean deleting;
  private boolean failing; // logged once
  private boolean tried;
  private long triedAtNanos;

  /**
   * Makes a set of none.
   *
   * @param deleteUnused deletes a topic and its group if that has no member, and says whether it
   *     did; may block
   * @param application the first part of their names
   * @param executor runs tasks on the thread of this
   * @param clock the time between two tries
   */
  public RetiredTopics(
      Predicate<String> deleteUnused, String application, Executor executor, NanoClock clock) {
    this(deleteUnused, application, executor, RetiredTopics::onNewThread, clock);
  }

  RetiredTopics(
      Predicate<String> deleteUnused,
      String application,
      Executor executor,
      Executor background,
      NanoClock clock) {
    this.deleteUnused = deleteUnused;
    this.application = application;
    this.executor = executor;
    this.background = background;
    this.clock = clock;
  }

  private static void onNewThread(Runnable task) {
    Thread thread = new Thread(task, "sluice-fleet-discard");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Has the topic of a generation deleted.
   *
   * @param generation its number
   */
  public void add(int generation) {
    retired.add(generation);
  }

  /**
   * Has it kept, for it runs again.
   *
   * @param generation its number
   */
  public void keep(int generation) {
    retired.remove(generation);
  }

  /** Tries to delete one, now and again. */
  public void tick() {
    long now = clock.nanoTime();
    if (deleting || retired.isEmpty() || (tried && now - triedAtNanos < RETRY_NANOS)) {
      return;
    }
    deleting = true;
    List<Integer> generations = List.copyOf(retired);
    CompletableFuture.runAsync(() -> generations.forEach(this::delete), background)
        .whenCompleteAsync(
            (done, failure) -> {
              deleting = false;
              tried = true;
              triedAtNanos = clock.nanoTime();
            },
            executor);
  }

  private void delete(int generation) {
    String topic = Topics.shards(application, generation);
    try {
      boolean gone = deleteUnused.test(topic);
      executor.execute(() -> tried(generation, gone, null));
    } catch (KafkaException e) {
      executor.execute(() -> tried(generation, e instanceof AuthorizationException, e));
    }
  }

  private void tried(int generation, boolean done, @Nullable KafkaException failure) {
    if (done) {
      retired.remove(generation);
    }
    if (failure == null) {
      failing = false;
    } else if (done || !failing) {
      failing = !done;
      log.warn(
          "{} stays{}: {}",
          Topics.shards(application, generation),
          done ? "" : " for now",
          failure.toString());
    }
  }
}
