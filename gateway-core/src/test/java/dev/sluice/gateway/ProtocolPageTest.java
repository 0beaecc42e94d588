package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The tables and the diagram of the protocol page are those of the code. */
class ProtocolPageTest {

  private static final String WRITE = "protocol.page.write";
  private static final String COMMAND =
      "mvn -q -Pfast -pl gateway-core test -Dtest=ProtocolPageTest -D" + WRITE + "=true";

  /** Maven sets the base directory to the module's. */
  private static Path page() {
    Path page = Path.of(System.getProperty("basedir", "")).resolve("../docs/protocol.md");
    assertThat(page).as("the protocol page, from the folder of gateway-core").exists();
    return page;
  }

  @Test
  void thePageIsUpToDate() throws IOException {
    String page = Files.readString(page());
    String rendered = ProtocolPage.render(page);
    if (Boolean.getBoolean(WRITE)) {
      Files.writeString(page(), rendered);
      return;
    }

    assertThat(page).as("docs/protocol.md is stale; rewrite it: " + COMMAND).isEqualTo(rendered);
  }

  @Test
  void thePageNamesTheCommandThatRewritesIt() throws IOException {
    assertThat(Files.readString(page())).contains('`' + COMMAND + '`');
  }

  @ParameterizedTest
  @EnumSource
  void everyPartIsRewrittenAndNothingElse(ProtocolPage.Part part) throws IOException {
    String page = ProtocolPage.render(Files.readString(page()));

    assertThat(ProtocolPage.render(page.replace(part.render(), "| stale |\n"))).isEqualTo(page);
  }

  @Test
  void aMarkerThatIsMissingOrDoubleIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProtocolPage.render("# A page without markers"))
        .withMessage("<!-- generated: states -->: missing (expected: one)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProtocolPage.render("<!-- generated: states -->\n".repeat(2)))
        .withMessage("<!-- generated: states -->: more than one (expected: one)");
  }

  @Test
  void theDiagramShowsEveryStateAndDrawsCommonEdgesOnce() {
    String diagram = ProtocolPage.Part.STATES.render();

    for (GatewayState state : GatewayState.values()) {
      assertThat(diagram).contains(state.name());
    }
    assertThat(diagram.lines().filter(line -> line.contains("--> BACKOFF"))).hasSize(2);
    assertThat(diagram.lines().filter(line -> line.contains("OPEN --> "))).hasSize(3);
  }
}
