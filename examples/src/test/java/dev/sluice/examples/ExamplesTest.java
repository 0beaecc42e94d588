package dev.sluice.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs the examples against local gateways. */
@Timeout(60)
final class ExamplesTest {

  private static final String[] PINGS_AND_A_CUT = {
    "READY",
    "ping 1 -> pong",
    "ping 2 -> pong",
    "ping 3 -> pong",
    "ping 4 -> pong",
    "RESUMED",
    "ping 5 -> pong",
    "ping 6 -> pong"
  };

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final PrintStream print = new PrintStream(out, true, UTF_8);

  @Test
  void pingAnswersAcrossACut() throws Exception {
    try (LocalGateway gateway = Pinger.start()) {
      Ping.run(Target.local(gateway), print);

      assertOneResume(gateway.stats().get());
    }
    assertThat(out.toString(UTF_8).lines()).containsExactly(PINGS_AND_A_CUT);
  }

  @Test
  void managedPingAnswersAcrossACut() throws Exception {
    try (LocalGateway gateway = Pinger.start()) {
      ManagedPing.run(Target.local(gateway), print);

      assertOneResume(gateway.stats().get());
    }
    assertThat(out.toString(UTF_8).lines()).containsExactly(PINGS_AND_A_CUT);
  }

  @Test
  void customHandlerCountsAndFilters() throws Exception {
    try (LocalGateway gateway = CustomHandler.startGateway()) {
      CustomHandler.run(Target.local(gateway), print);
    }

    String printed = out.toString(UTF_8);
    long all =
        Pattern.compile("([0-9,]+) [A-Z_]+$", Pattern.MULTILINE)
            .matcher(printed)
            .results()
            .mapToLong(result -> number(result.group(1)))
            .sum();
    assertThat(all).isGreaterThanOrEqualTo(5_000);
    assertThat(figure(printed, "TYPING_START")).isPositive();
    assertThat(figure(printed, "READY")).isEqualTo(1);
    assertThat(figure(printed, "events handled")).isEqualTo(all - figure(printed, "TYPING_START"));
    // HELLO is a frame too.
    assertThat(figure(printed, "frames")).isGreaterThan(all);
    assertThat(figure(printed, "bytes")).isGreaterThan(100 * all);
  }

  @Test
  void aTokenLeadsToDiscord() {
    Target target =
        Target.of(
            Map.of("TOKEN", "secret"),
            () -> {
              throw new AssertionError("no gateway is to be started");
            });

    assertThat(target.local()).isNull();
    assertThat(target.apiUri()).hasToString("https://discord.com/api/v10");
    assertThat(target.gatewayUri()).hasToString("wss://gateway.discord.gg");
    assertThat(target.toString()).doesNotContain("secret");
  }

  private static void assertOneResume(LocalGatewayStats stats) {
    assertThat(stats.identifies()).isEqualTo(1);
    assertThat(stats.resumes()).isEqualTo(1);
    assertThat(stats.sessions()).as("sessions after the goodbye").isZero();
  }

  private static long figure(String printed, String label) {
    Matcher figure = Pattern.compile("([0-9,]+) " + label).matcher(printed);
    assertThat(figure.find()).as(printed).isTrue();
    return number(figure.group(1));
  }

  private static long number(String digits) {
    return Long.parseLong(digits.replaceAll("[^0-9]", ""));
  }
}
