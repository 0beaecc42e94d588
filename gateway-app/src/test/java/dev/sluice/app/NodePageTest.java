package dev.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The page of the node tells what the node does. {@code -Dnode.page.write=true} rewrites it. */
final class NodePageTest {

  private static final Path PAGE = Path.of("../docs/node.md");
  private static final String BEGIN = "<!-- generated: settings -->\n";
  private static final String END = "<!-- end -->";

  @Test
  void thePageHasEverySetting() throws IOException {
    String page = Files.readString(PAGE, UTF_8);
    int begin = page.indexOf(BEGIN) + BEGIN.length();
    String written = page.substring(0, begin) + table() + page.substring(page.indexOf(END, begin));
    if (Boolean.getBoolean("node.page.write")) {
      Files.writeString(PAGE, written, UTF_8);
    }

    assertThat(Files.readString(PAGE, UTF_8)).isEqualTo(written);
  }

  @Test
  void thePageHasEveryCommandAndExitCode() throws IOException {
    String page = Files.readString(PAGE, UTF_8);
    CommandLine line = new CommandLine(new SluiceNode(null));

    assertThat(line.getSubcommands().keySet())
        .allSatisfy(command -> assertThat(page).contains("\n| `" + command + "` |"));
    assertThat(line.getCommandSpec().usageMessage().exitCodeList())
        .allSatisfy((code, text) -> assertThat(page).contains("\n| " + code + " | "));
  }

  private static String table() {
    StringBuilder table =
        new StringBuilder("\n| setting | default | what it is |\n|---|---|---|\n");
    for (Setting setting : Setting.values()) {
      table
          .append("| `")
          .append(setting.key)
          .append("` | ")
          .append(setting.fallback == null ? "" : "`" + setting.fallback + "`")
          .append(" | ")
          .append(setting.description)
          .append(" |\n");
    }
    return table.append('\n').toString();
  }
}
