package dev.sluice.app;

import java.util.List;

/** The settings are wrong. Each problem is one line that names the setting, and where it stands. */
final class ConfigurationException extends Exception {

  private static final long serialVersionUID = 1;

  private final transient List<String> problems;

  ConfigurationException(List<String> problems) {
    super(String.join("; ", problems));
    this.problems = List.copyOf(problems);
  }

  List<String> problems() {
    return problems;
  }
}
