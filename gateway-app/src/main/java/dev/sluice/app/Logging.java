package dev.sluice.app;

/** How the node logs. Effective only before the first logger is made. */
final class Logging {

  /** From which level on. */
  enum Level {
    ERROR,
    WARN,
    INFO,
    DEBUG
  }

  /** In which form. */
  enum Format {
    TEXT,
    JSON
  }

  private Logging() {}

  /** Logs nothing, for commands that print what they found themselves. */
  static void quiet() {
    System.setProperty("sluice.log.level", "OFF");
    System.setProperty("sluice.log.libraries", "OFF");
  }

  /** Passes the settings on to {@code logback.xml}, which reads these properties. */
  static void configure(Settings settings) throws ConfigurationException {
    Values values = new Values(settings);
    Level level = values.constant(Setting.LOG_LEVEL, Level.class);
    Format format = values.constant(Setting.LOG_FORMAT, Format.class);
    values.check();
    if (level != null) {
      System.setProperty("sluice.log.level", level.name());
    }
    if (format != null) {
      System.setProperty("sluice.log.format", Values.name(format));
    }
  }
}
