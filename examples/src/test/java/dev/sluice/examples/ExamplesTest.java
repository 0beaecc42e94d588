package dev.sluice.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.netty.TrafficRecording;
import dev.sluice.gateway.testkit.ApiRequest;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

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
    long all = events(printed);
    assertThat(all).isGreaterThanOrEqualTo(5_000);
    assertThat(figure(printed, "TYPING_START")).isPositive();
    assertThat(figure(printed, "READY")).isEqualTo(1);
    assertThat(figure(printed, "events handled")).isEqualTo(all - figure(printed, "TYPING_START"));
    // HELLO is a frame too.
    assertThat(figure(printed, "frames")).isGreaterThan(all);
    assertThat(figure(printed, "bytes")).isGreaterThan(100 * all);
  }

  @Test
  void jdkPingAnswersAcrossACut() throws Exception {
    try (LocalGateway gateway = Pinger.start()) {
      JdkPing.run(Target.local(gateway), print);

      assertOneResume(gateway.stats().get());
    }
    assertThat(out.toString(UTF_8).lines()).containsExactly(PINGS_AND_A_CUT);
  }

  @Test
  void slashCommandIsAnsweredOverHttp() throws Exception {
    Queue<ApiRequest> requests = new ConcurrentLinkedQueue<>();
    try (LocalGateway gateway = SlashCommand.startGateway(requests::add)) {
      SlashCommand.run(Target.local(gateway), print);
    }

    assertThat(out.toString(UTF_8).lines())
        .containsExactlyInAnyOrderElementsOf(
            SlashCommand.TEXTS.stream().map(text -> "/echo " + text + " -> 204").toList());
    assertThat(requests)
        .extracting(ApiRequest::toString)
        .containsExactlyInAnyOrder(
            "POST /interactions/1/token-1/callback",
            "POST /interactions/2/token-2/callback",
            "POST /interactions/3/token-3/callback");
    assertThat(requests)
        .extracting(ApiRequest::body)
        .contains(
            "{\"type\":4,\"data\":{\"content\":\"hello\",\"allowed_mentions\":{\"parse\":[]}}}");
  }

  @Test
  void bigBotResumesAfterADeploy(@TempDir Path sessions) throws Exception {
    try (LocalGateway gateway = BigBot.startGateway()) {
      BigBot.run(Target.local(gateway), sessions, print);
      BigBot.run(Target.local(gateway), sessions, print);

      LocalGatewayStats stats = gateway.stats().get();
      assertThat(stats.identifies()).isEqualTo(BigBot.SHARDS);
      assertThat(stats.resumes()).isEqualTo(BigBot.SHARDS);
      assertThat(stats.sessions()).as("sessions kept for the next deploy").isEqualTo(BigBot.SHARDS);
    }
    assertThat(out.toString(UTF_8))
        .contains("16 shards ready: 16 identified, 0 resumed")
        .contains("16 shards ready: 0 identified, 16 resumed");
  }

  @Test
  void aRecordingReplaysWhatWasRecorded(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("traffic.rec");
    try (LocalGateway gateway = RecordAndReplay.startGateway()) {
      RecordAndReplay.record(Target.local(gateway), file);
    }
    RecordAndReplay.replay(TrafficRecording.open(file), print);

    String printed = out.toString(UTF_8);
    assertThat(figure(printed, "READY")).isEqualTo(1);
    assertThat(figure(printed, "GUILD_CREATE")).isEqualTo(4);
    assertThat(figure(printed, "messages replayed")).isGreaterThan(RecordAndReplay.EVENTS);
    assertThat(events(printed)).isGreaterThanOrEqualTo(RecordAndReplay.EVENTS);
  }

  /** By reflection, for older JDKs do not compile the example. */
  @Test
  @EnabledForJreRange(min = JRE.JAVA_21, disabledReason = "virtual threads")
  void virtualThreadsDriveAFleet() throws Exception {
    Class<?> example = Class.forName("dev.sluice.examples.VirtualThreads");
    try (LocalGateway gateway =
        (LocalGateway) example.getDeclaredMethod("startGateway").invoke(null)) {
      example
          .getDeclaredMethod("run", Target.class, PrintStream.class)
          .invoke(null, Target.local(gateway), print);

      LocalGatewayStats stats = gateway.stats().get();
      assertThat(stats.identifies()).isEqualTo(64);
      assertThat(stats.identifiesRejected()).isZero();
      assertThat(stats.sessions()).as("sessions after the goodbye").isZero();
    }
    assertThat(out.toString(UTF_8))
        .isEqualToIgnoringNewLines("64 shards, a virtual thread each, handled 5,000 events");
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

  /** {@return the sum of the figures of all types} */
  private static long events(String printed) {
    return Pattern.compile("([0-9,]+) [A-Z_]+$", Pattern.MULTILINE)
        .matcher(printed)
        .results()
        .mapToLong(result -> number(result.group(1)))
        .sum();
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
