package dev.sluice.examples.fleet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

final class ScreenTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Screen screen = new Screen(new PrintStream(out, true, UTF_8), false, 3);

  @Test
  void aTableOfWhichNodeRunsWhat() {
    screen.heading();
    screen.event("123", 1_000, "all shards publish");
    screen.show("123", 999);
    screen.figure("missing", "0", "");
    screen.verdict(true, "PASSED: so");

    assertThat(out.toString(UTF_8).lines())
        .containsExactly(
            "   time   shards               events/s",
            "    0 s   123                     1,000   all shards publish",
            "  missing                                  0",
            "",
            "PASSED: so");
  }
}
