package dev.sluice.app;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options by which every command finds its settings. */
final class ConfigOptions {

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "The settings, as YAML or .properties. Default: what SLUICE_CONFIG names.")
  @Nullable Path file;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting, stronger than file and environment. May be repeated.")
  Map<String, String> overrides = new LinkedHashMap<>();

  Settings read(Context context) throws ConfigurationException {
    return Settings.read(file, context.environment(), overrides);
  }
}
