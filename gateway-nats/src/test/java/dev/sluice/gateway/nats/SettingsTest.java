package dev.sluice.gateway.nats;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SettingsTest {

  private final NatsEventSink.Builder builder = NatsEventSink.builder("my-bot");

  @ParameterizedTest
  @ValueSource(strings = {"", "my.bot", "my bot", "my*", ">", "b\u00f6t"})
  void theApplicationIsPartOfSubjects(String application) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NatsEventSink.builder(application))
        .withMessage("application: " + application + " (expected: letters, digits, - and _)");
  }

  @Test
  void valuesAreChecked() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.buckets(0))
        .withMessage("buckets: 0 (expected: >= 1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.replicas(0))
        .withMessage("replicas: 0 (expected: 1..5)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.replicas(6))
        .withMessage("replicas: 6 (expected: 1..5)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.maxAge(Duration.ofSeconds(119)))
        .withMessage("maxAge: PT1M59S (expected: >= PT2M)");
  }

  @Test
  void aServerThatIsNotThereFailsTheStart() throws Exception {
    String url;
    try (ServerSocket nobody = new ServerSocket(0)) {
      url = "nats://127.0.0.1:" + nobody.getLocalPort();
    }

    assertThatThrownBy(() -> builder.servers(url).open()).isInstanceOf(IOException.class);
  }
}
