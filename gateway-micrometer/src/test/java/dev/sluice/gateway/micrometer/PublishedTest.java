package dev.sluice.gateway.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The judge of expressions refuses what would show nothing. */
final class PublishedTest {

  private final Published published =
      Published.of(
          """
          # HELP sluice_shards shards in each state
          # TYPE sluice_shards gauge
          sluice_shards{bot="a",state="ready"} 3.0
          sluice_shards{bot="a",state="fatal"} 0.0
          # TYPE sluice_resumes_total counter
          sluice_resumes_total 1.0E9
          # TYPE sluice_pauses_seconds summary
          sluice_pauses_seconds_count 2
          sluice_pauses_seconds_sum NaN
          """);

  @Test
  void familiesAreToldFromTheirSeries() {
    assertThat(published.families())
        .containsExactly("sluice_pauses_seconds", "sluice_resumes_total", "sluice_shards");
    assertThat(published.used("rate(sluice_pauses_seconds_sum[5m]) / sum(sluice_shards)"))
        .containsExactly("sluice_pauses_seconds", "sluice_shards");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sum by (state, job) (sluice_shards{state=~\"ready|fatal\",instance=~\"$instance\"})",
        "sluice_shards{state!=\"ready\"} > 0",
        "increase(sluice_resumes_total[1h])",
        "topk(3, deriv(sluice_shards[5m]))"
      })
  void whatIsPublishedIsAccepted(String expression) {
    assertThat(published.used(expression)).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "up",
        "sluice_shard",
        "sluice_shards{status=\"ready\"}",
        "sluice_shards{state=\"READY\"}",
        "sluice_shards{state=~\"ready|gone\"}",
        "sum by (cause) (sluice_shards)",
        "sluice_resumes_total > 0",
        "rate(sluice_resumes_total)",
        "rate(sluice_shards[5m])"
      })
  void whatIsNotIsRefused(String expression) {
    assertThatThrownBy(() -> published.used(expression))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(expression);
  }

  @Test
  void aLegendNamesLabelsOfItsSeries() {
    published.checkLegend("sluice_shards", "{{state}} on {{ instance }}");

    assertThatThrownBy(() -> published.checkLegend("sluice_shards", "{{cause}}"))
        .isInstanceOf(AssertionError.class);
  }
}
