package dev.sluice.app;

import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Says what a node would do, and whether it could. */
@Command(
    name = "check",
    description = {
      "Prints the settings, without secrets, and whether what a node needs is there: Discord with"
          + " this token, the broker, the sessions' directory, the console's port.",
      "Starts no session and changes nothing. Exit code 1 if something is not there.",
      ""
    },
    mixinStandardHelpOptions = true)
final class CheckCommand implements Callable<Integer> {

  @ParentCommand private SluiceNode program;
  @Mixin private ConfigOptions options;

  @Option(names = "--all", description = "Prints the settings that have their defaults, too.")
  private boolean all;

  CheckCommand() {}

  @Override
  public Integer call() throws ConfigurationException {
    Settings settings = options.read(program.context());
    NodeConfig config = NodeConfig.of(settings).withToken();
    Logging.quiet();
    PrintWriter out = program.context().printer();
    out.println("sluice-node " + Version.text() + ": " + config.summary());
    out.println();
    print(settings, config, out);
    settings.warnings().forEach(warning -> out.println("  warning: " + warning));
    out.println();
    boolean good = true;
    for (Finding finding : Checks.of(config)) {
      out.printf("  %-6s  %-8s  %s%n", finding.verdict().text(), finding.what(), finding.text());
      good &= finding.verdict() != Finding.Verdict.FAILED;
    }
    return good ? End.OK : End.FAILED;
  }

  private void print(Settings settings, NodeConfig config, PrintWriter out) {
    out.println("  " + line("token", String.valueOf(config.token()), ""));
    int others = 0;
    for (Setting setting : Setting.values()) {
      Optional<Settings.Value> value = settings.value(setting);
      if (value.isPresent()) {
        out.println(
            "  " + line(setting.key, Values.shown(value.get().text()), value.get().origin()));
      } else if (all && setting.fallback != null) {
        out.println("  " + line(setting.key, setting.fallback, "default"));
      } else {
        others++;
      }
    }
    List<String> secrets = KafkaClients.secretNames();
    settings
        .kafkaProperties()
        .forEach(
            (name, value) ->
                out.println(
                    "  "
                        + line(
                            Setting.KAFKA_PROPERTIES + name,
                            secrets.contains(name) ? "(hidden)" : value.text(),
                            value.origin())));
    out.println("  " + others + (all ? " others are not set" : " others have their defaults"));
  }

  private static String line(String key, String value, String origin) {
    return origin.isEmpty()
        ? String.format("%-26s %s", key, value)
        : String.format("%-26s %s  [%s]", key, value, origin);
  }
}
