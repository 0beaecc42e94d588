package dev.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A node on its own, from the command line to its end. */
@Timeout(120)
final class RunTest {

  private static final int SHARDS = 4;

  private final ObjectMapper mapper = new ObjectMapper();
  @TempDir private Path directory;

  @Test
  void printsWhatItsShardsGetAndResumesTheNextTime() throws Exception {
    try (LocalGateway gateway = gateway()) {
      Set<Integer> shards = new HashSet<>();
      assertThat(
              runUntil(
                  gateway,
                  line -> shards.add(line.get("shard").asInt()) && shards.size() == SHARDS))
          .isZero();
      gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 1, 200)).join();
      Set<String> types = new HashSet<>();
      assertThat(
              runUntil(
                  gateway,
                  line -> types.add(line.get("type").asText()) && types.contains("MESSAGE_CREATE")))
          .isZero();

      assertThat(types).doesNotContain("READY");
      LocalGatewayStats stats = gateway.stats().join();
      assertThat(stats.identifies()).isEqualTo(SHARDS);
      assertThat(stats.resumes()).as("of those that the stop left the time").isPositive();
    }
  }

  @Test
  void aTokenThatIsRefusedEndsIt() {
    try (LocalGateway gateway = gateway()) {
      Program program = new Program(Map.of("SLUICE_TOKEN", "another-token"));

      assertThat(program.run(Program.args("run", settings(gateway)))).isEqualTo(End.REFUSED);
    }
  }

  @Test
  void aReaderThatGoesEndsIt() {
    try (LocalGateway gateway = gateway()) {
      OutputStream closed =
          new OutputStream() {
            @Override
            public void write(int b) throws IOException {
              throw new IOException("Broken pipe");
            }
          };
      Program program = new Program(Map.of("SLUICE_TOKEN", gateway.token()), closed);
      Map<String, String> settings = settings(gateway);
      settings.put("drain-timeout", "0s");

      assertThat(program.run(Program.args("run", settings))).isEqualTo(End.FAILED);
    }
  }

  @Test
  void aPortThatIsTakenEndsIt() {
    try (LocalGateway gateway = gateway()) {
      Map<String, String> settings = settings(gateway);
      settings.put("console.port", String.valueOf(gateway.apiUri().getPort()));

      assertThat(
              new Program(Map.of("SLUICE_TOKEN", gateway.token()))
                  .run(Program.args("run", settings)))
          .isEqualTo(End.FAILED);
    }
  }

  @Test
  void wrongSettingsAreToldOnStderr() {
    Program program = new Program(Map.of());

    assertThat(program.run("--set", "shards=0", "--set", "nodes=1")).isEqualTo(End.USAGE);
    assertThat(program.err.toString())
        .contains("the settings are wrong:", "  nodes: unknown setting", "'sluice-node settings'");
    assertThat(program.printed()).isEmpty();
  }

  @Test
  void helpNamesTheCommands() {
    Program program = new Program(Map.of());

    assertThat(program.run("--help")).isZero();
    assertThat(program.printed()).contains("SLUICE_TOKEN=... sluice-node", "Exit codes:", "run ");
  }

  @Test
  void allSettingsAreListed() {
    Program program = new Program(Map.of());

    assertThat(program.run("settings")).isZero();
    for (Setting setting : Setting.values()) {
      assertThat(program.printed()).contains("\n" + setting.key);
    }
  }

  private interface Line {
    boolean isLast(JsonNode line) throws Exception;
  }

  /** Runs the program until a line comes; {@return the exit code} */
  private int runUntil(LocalGateway gateway, Line until) throws Exception {
    try (PipedInputStream in = new PipedInputStream(1 << 16);
        PipedOutputStream out = new PipedOutputStream(in);
        BufferedReader lines = new BufferedReader(new InputStreamReader(in, UTF_8))) {
      Program program = new Program(Map.of("SLUICE_TOKEN", gateway.token()), out);
      CompletableFuture<Integer> exitCode = program.start(Program.args("run", settings(gateway)));
      boolean last = false;
      while (!last) {
        JsonNode line = mapper.readTree(lines.readLine());
        assertThat(line.get("shards").asInt()).isEqualTo(SHARDS);
        assertThat(line.get("d").isObject() || line.get("d").isNull()).isTrue();
        last = until.isLast(line);
      }
      program.stop.complete(null);
      while (!exitCode.isDone()) { // what comes is still handled
        if (lines.ready()) {
          lines.readLine();
        } else {
          Thread.onSpinWait();
        }
      }
      return exitCode.join();
    }
  }

  private Map<String, String> settings(LocalGateway gateway) {
    Map<String, String> settings = new HashMap<>();
    settings.put("api-uri", gateway.apiUri().toString());
    settings.put("shards", String.valueOf(SHARDS));
    settings.put("console.port", "0");
    settings.put("sessions.directory", directory.resolve("sessions").toString());
    return settings;
  }

  private static LocalGateway gateway() {
    return LocalGateway.builder()
        .guildsPerShard(2)
        .server(server -> server.shards(SHARDS).maxConcurrency(SHARDS))
        .start();
  }
}
