package dev.sluice.gateway.kafka.internal.group;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.apache.kafka.clients.consumer.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether brokers answer a group's consumer. To be refused is no better than not to be answered:
 * the coordinator may give the shards to others either way. Confined to the group's thread, but for
 * {@link #areAway}.
 */
final class BrokerWatch {

  private static final Logger log = LoggerFactory.getLogger(BrokerWatch.class);

  private final GroupSettings settings;
  private final ToLongFunction<Consumer<byte[], byte[]>> responses;
  private final LongSupplier nanoTime;
  private long lastResponses = -1;
  private long answeredAtNanos;
  private volatile boolean away;

  /**
   * Starts to watch.
   *
   * @param settings of the group
   * @param responses how many answers of brokers a consumer has had
   * @param nanoTime the monotonic clock
   */
  BrokerWatch(
      GroupSettings settings,
      ToLongFunction<Consumer<byte[], byte[]>> responses,
      LongSupplier nanoTime) {
    this.settings = settings;
    this.responses = responses;
    this.nanoTime = nanoTime;
    this.answeredAtNanos = nanoTime.getAsLong();
  }

  /** {@return whether for the session time-out no broker has answered, or all refused this node} */
  boolean areAway() {
    return away;
  }

  /** The coordinator has answered, as a callback shows. */
  void answered() {
    answeredAtNanos = nanoTime.getAsLong();
  }

  /**
   * Looks for answers.
   *
   * @param consumer the group's
   * @param refused whether its last poll failed
   * @param running how many shards run here, for the log
   * @return whether the shards are to be given up now, by the policy of the settings
   */
  boolean look(Consumer<byte[], byte[]> consumer, boolean refused, int running) {
    long now = nanoTime.getAsLong();
    long count = responses.applyAsLong(consumer);
    boolean answered = count != lastResponses && !refused;
    lastResponses = count;
    if (answered) {
      answeredAtNanos = now;
      if (away) {
        away = false;
        log.info("{}: the brokers answer again", settings.topic());
      }
      return false;
    }
    if (away || now - answeredAtNanos <= settings.sessionTimeout().toNanos()) {
      return false;
    }
    away = true;
    boolean stops = settings.stopsOnBrokerLoss();
    long millis = TimeUnit.NANOSECONDS.toMillis(now - answeredAtNanos);
    log.atError()
        .addKeyValue("silent_ms", millis)
        .log(
            "{}: {} for {} ms; the {} shards here {}",
            settings.topic(),
            refused ? "the brokers have refused this node" : "no broker has answered",
            millis,
            running,
            stops ? "stop" : "go on");
    return stops;
  }
}
