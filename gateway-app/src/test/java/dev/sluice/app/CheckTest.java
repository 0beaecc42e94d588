package dev.sluice.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.testkit.LocalGateway;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code sluice-node check} finds. */
@Timeout(60)
final class CheckTest {

  @TempDir private Path directory;

  @Test
  void allIsThere() {
    try (LocalGateway gateway = LocalGateway.start()) {
      Program program = new Program(Map.of("SLUICE_TOKEN", gateway.token()));

      assertThat(program.run(Program.args("check", settings(gateway)))).isZero();
      assertThat(program.printed())
          .contains(
              "  ok      discord   the token is good; 1 shards, 1000 of 1000 session starts left",
              "  ok      sessions  ",
              "  ok      console   any free port",
              "(hidden, from SLUICE_TOKEN)",
              "console.port               0  [--set]")
          .doesNotContain(gateway.token(), "FAILED");
      assertThat(gateway.stats().join().baseDials()).as("sessions started").isZero();
    }
  }

  @Test
  void theTokenIsRefused() {
    try (LocalGateway gateway = LocalGateway.start()) {
      Program program = new Program(Map.of("SLUICE_TOKEN", "another-token"));

      assertThat(program.run(Program.args("check", settings(gateway)))).isEqualTo(End.FAILED);
      assertThat(program.printed())
          .contains("  FAILED  discord   GET " + gateway.apiUri() + "/gateway/bot answered 401")
          .doesNotContain("another-token");
    }
  }

  @Test
  void noServerAnswersAndNoSecretIsTold() {
    try (LocalGateway gateway = LocalGateway.start()) {
      Map<String, String> settings = settings(gateway);
      settings.put("nats.url", "nats://user:hunter2@127.0.0.1:1");
      settings.put("proxy", "http://user:hunter3@127.0.0.1:1");
      settings.put("kafka.bootstrap-servers", "127.0.0.1");
      settings.put("kafka.properties.sasl.jaas.config", "hunter4");
      Program program = new Program(Map.of("SLUICE_TOKEN", gateway.token()));

      assertThat(program.run(Program.args("check", settings))).isEqualTo(End.FAILED);
      assertThat(program.printed())
          .contains(
              "  note    discord   not asked, for a proxy is set",
              "  FAILED  kafka     127.0.0.1: Invalid url in bootstrap.servers: 127.0.0.1",
              "  FAILED  nats      nats://***@127.0.0.1:1: ",
              "nats.url                   nats://***@127.0.0.1:1  [--set]",
              "kafka.properties.sasl.jaas.config (hidden)  [--set]")
          .doesNotContain("hunter");
    }
  }

  @Test
  void defaultsAreToldToo() {
    try (LocalGateway gateway = LocalGateway.start()) {
      Program program = new Program(Map.of("SLUICE_TOKEN", gateway.token()));
      String[] args = Program.args("check", settings(gateway));

      assertThat(program.run(concat(args, "--all"))).isZero();
      assertThat(program.printed())
          .contains("drain-timeout              5s  [default]", " others are not set");
    }
  }

  private static String[] concat(String[] args, String last) {
    String[] all = Arrays.copyOf(args, args.length + 1);
    all[args.length] = last;
    return all;
  }

  private Map<String, String> settings(LocalGateway gateway) {
    Map<String, String> settings = new HashMap<>();
    settings.put("api-uri", gateway.apiUri().toString());
    settings.put("console.port", "0");
    settings.put("sessions.directory", directory.toString());
    return settings;
  }
}
