package dev.sluice.gateway.netty;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;

/** What a logger and those below it log while this is open, instead of on the console. */
final class CapturedLog implements AutoCloseable {

  record Line(Level level, String text, Map<String, String> keys, List<String> causes) {

    boolean contains(String part) {
      return text.contains(part)
          || keys.values().stream().anyMatch(value -> value.contains(part))
          || causes.stream().anyMatch(cause -> cause.contains(part));
    }
  }

  private final Logger logger;
  private final Level levelBefore;
  private final boolean additiveBefore;
  private final Queue<Line> lines = new ConcurrentLinkedQueue<>();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          lines.add(line(event));
        }
      };

  CapturedLog(String name, Level level) {
    logger = (Logger) LoggerFactory.getLogger(name);
    levelBefore = logger.getLevel();
    additiveBefore = logger.isAdditive();
    logger.iteratorForAppenders().forEachRemaining(console -> console.stop());
    logger.setLevel(level);
    logger.setAdditive(false);
    appender.setContext(logger.getLoggerContext());
    appender.start();
    logger.addAppender(appender);
  }

  private static Line line(ILoggingEvent event) {
    Map<String, String> keys = new TreeMap<>();
    if (event.getKeyValuePairs() != null) {
      for (KeyValuePair pair : event.getKeyValuePairs()) {
        keys.put(pair.key, String.valueOf(pair.value));
      }
    }
    Queue<String> causes = new ConcurrentLinkedQueue<>();
    for (IThrowableProxy t = event.getThrowableProxy(); t != null; t = t.getCause()) {
      causes.add(t.getClassName() + ' ' + t.getMessage());
      for (IThrowableProxy suppressed : t.getSuppressed()) {
        causes.add(suppressed.getClassName() + ' ' + suppressed.getMessage());
      }
    }
    return new Line(
        event.getLevel(),
        event.getLoggerName() + ' ' + event.getFormattedMessage(),
        keys,
        List.copyOf(causes));
  }

  List<Line> lines() {
    return List.copyOf(lines);
  }

  @Override
  public void close() {
    logger.detachAppender(appender);
    logger.setLevel(levelBefore);
    logger.setAdditive(additiveBefore);
    logger.iteratorForAppenders().forEachRemaining(console -> console.start());
  }
}
