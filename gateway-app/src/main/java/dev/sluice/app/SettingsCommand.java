package dev.sluice.app;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** Lists all settings. */
@Command(
    name = "settings",
    description = "Lists all settings, their defaults and what they mean.",
    mixinStandardHelpOptions = true)
final class SettingsCommand implements Runnable {

  private static final int WIDTH = 92;

  @ParentCommand private SluiceNode program;

  SettingsCommand() {}

  @Override
  public void run() {
    PrintWriter out = program.context().printer();
    out.println("Each can stand in the file that --config names (YAML or .properties), in an");
    out.println(
        "environment variable (kafka.instance-id is SLUICE_KAFKA_INSTANCE_ID), or in --set.");
    String group = "";
    for (Setting setting : Setting.values()) {
      int dot = setting.key.indexOf('.');
      String own = dot < 0 ? "" : setting.key.substring(0, dot);
      if (!own.equals(group) || setting.ordinal() == 0) {
        out.println();
        group = own;
      }
      String fallback = setting.fallback == null ? "" : " (" + setting.fallback + ')';
      out.println(setting.key + fallback);
      wrap(setting.description.replace("`", ""), out);
    }
    out.println();
    out.println(Setting.KAFKA_PROPERTIES + "*");
    wrap("Any setting of Kafka's clients, for example kafka.properties.security.protocol.", out);
  }

  private static void wrap(String text, PrintWriter out) {
    StringBuilder line = new StringBuilder("   ");
    for (String word : text.split(" ")) {
      if (line.length() + 1 + word.length() > WIDTH) {
        out.println(line);
        line.setLength(0);
        line.append("   ");
      }
      line.append(' ').append(word);
    }
    out.println(line);
  }
}
