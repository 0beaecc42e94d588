package dev.sluice.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PageTest {

  private static final String EMPTY = "prose\n<!-- generated: a -->\n<!-- end -->\nmore\n";

  @Test
  void aGeneratedPartIsReplacedAndProseStays() {
    String once = Page.filled(EMPTY, Map.of("a", "| one |\n"));
    assertThat(once).isEqualTo("prose\n<!-- generated: a -->\n\n| one |\n\n<!-- end -->\nmore\n");
    assertThat(Page.filled(once, Map.of("a", "| one |\n"))).isEqualTo(once);
    assertThat(Page.filled(once, Map.of("a", "| two |\n"))).contains("two").doesNotContain("one");
  }

  @Test
  void aPartThatThePageLacksOrDoesNotKnowIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Page.filled(EMPTY, Map.of("a", "", "b", "")))
        .withMessage("page: without [b] (expected: all parts)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Page.filled(EMPTY, Map.of("b", "")))
        .withMessage("part: a (expected: [b])");
  }

  @Test
  void aPartWithoutAnEndIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Page.filled("<!-- generated: a -->\nprose\n", Map.of("a", "")))
        .withMessage("part: a (expected: an end)");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Page.filled("<!-- generated: a -->\n<!-- generated: a -->\n", Map.of("a", "")))
        .withMessage("line: <!-- generated: a --> (expected: <!-- end -->)");
  }
}
