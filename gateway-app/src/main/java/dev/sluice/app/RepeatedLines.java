package dev.sluice.app;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Lets what libraries log again and again, such as Kafka's clients each second while a broker is
 * away, through once in half a minute. Named in {@code logback.xml}.
 */
public final class RepeatedLines extends Filter<ILoggingEvent> {

  private static final String OWN = "dev.sluice.";
  private static final long PAUSE_MILLIS = 30_000;
  private static final int MAX_LINES = 1_024;

  /** When a line was logged last, by its logger and its text without the arguments. */
  private final Map<String, Long> lastMillis = new ConcurrentHashMap<>();

  /** For {@code logback.xml} to make. */
  public RepeatedLines() {}

  @Override
  public FilterReply decide(ILoggingEvent event) {
    if (event.getLoggerName().startsWith(OWN)) {
      return FilterReply.NEUTRAL;
    }
    if (lastMillis.size() >= MAX_LINES) {
      lastMillis.clear();
    }
    long now = event.getTimeStamp();
    String line = event.getLoggerName() + ' ' + withoutArguments(event.getMessage());
    boolean[] isDue = new boolean[1];
    lastMillis.compute(
        line,
        (key, last) -> {
          isDue[0] = last == null || now - last >= PAUSE_MILLIS;
          return isDue[0] ? now : last;
        });
    return isDue[0] ? FilterReply.NEUTRAL : FilterReply.DENY;
  }

  /** Kafka's clients put arguments into the text themselves, and who they are in front of it. */
  private static String withoutArguments(String message) {
    return message.replaceAll("^\\[[^]]*] |\\d+", "");
  }
}
