package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of an event from its shard to the application's sink: the filter by type before it, and
 * what becomes of an event whose handling threw. What it leaves undeferred its caller acknowledges.
 * Immutable.
 */
final class EventDelivery implements EventSink {

  private static final Logger log = LoggerFactory.getLogger(EventDelivery.class);

  private final EventSink sink;
  private final boolean @Nullable [] wanted; // by ordinal; null for all
  private final boolean acknowledgedByHand;
  private final @Nullable DispatchExceptionHandler exceptionHandler;

  EventDelivery(
      EventSink sink,
      @Nullable Set<EventType> types,
      boolean acknowledgedByHand,
      @Nullable DispatchExceptionHandler exceptionHandler) {
    this.sink = sink;
    this.wanted = types == null ? null : wanted(types);
    this.acknowledgedByHand = acknowledgedByHand;
    this.exceptionHandler = exceptionHandler;
  }

  @SuppressWarnings("EnumOrdinal") // looked up for every event
  private static boolean[] wanted(Set<EventType> types) {
    boolean[] wanted = new boolean[EventType.values().length];
    types.forEach(type -> wanted[type.ordinal()] = true);
    return wanted;
  }

  /** Offers an event, borrowed or a copy, on the event loop of its shard. Throws nothing. */
  @Override
  @SuppressWarnings("EnumOrdinal")
  public boolean offer(Shard shard, Dispatch dispatch) {
    if (wanted != null && !wanted[dispatch.type().ordinal()]) {
      shard.eventFiltered();
      return true;
    }
    try {
      if (acknowledgedByHand) {
        dispatch.defer();
      }
      return sink.offer(shard, dispatch);
    } catch (Throwable e) {
      failed(shard, dispatch, dispatch.name(), e, exceptionHandler);
      return true;
    }
  }

  @Override
  public void stopped() {
    try {
      sink.stopped();
    } catch (RuntimeException e) {
      log.error("the event sink failed at the end", e);
    }
  }

  /**
   * Counts and reports what the handling of an event threw, and acknowledges or defers it. Throws
   * nothing, even if the event is past its time because the handler acknowledged it first.
   */
  static void failed(
      Shard shard,
      Dispatch dispatch,
      String name,
      Throwable cause,
      @Nullable DispatchExceptionHandler exceptionHandler) {
    shard.handlerFailed();
    if (exceptionHandler == null) {
      long failures = shard.context().failureLog.pass();
      if (failures > 0) {
        Logs.of(log.atError(), shard.id())
            .addKeyValue("type", name)
            .setCause(cause)
            .log(
                "shard {}: handling {} failed; {} more failures in the last minute",
                shard.id(),
                name,
                failures - 1);
      }
    } else {
      try {
        if (!exceptionHandler.onException(shard, dispatch, cause)) {
          if (dispatch.isValid()) { // else it was acknowledged before
            dispatch.defer();
          }
          return;
        }
      } catch (Throwable e) {
        e.addSuppressed(cause);
        long failures = shard.context().failureLog.pass();
        if (failures > 0) {
          Logs.of(log.atError(), shard.id())
              .setCause(e)
              .log(
                  "shard {}: the exception handler failed on {}; {} more failures in the last"
                      + " minute",
                  shard.id(),
                  name,
                  failures - 1);
        }
      }
    }
    dispatch.acknowledge();
  }
}
