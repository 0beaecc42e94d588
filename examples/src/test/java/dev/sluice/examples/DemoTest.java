package dev.sluice.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.examples.demo.DemoOptions;
import dev.sluice.examples.demo.LineScreen;
import dev.sluice.examples.demo.LocalDemo;
import dev.sluice.examples.demo.Screen;
import dev.sluice.examples.demo.Snapshot;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.LocalGatewayStats;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs the demo, small. */
@Timeout(120)
final class DemoTest {

  private static final DemoOptions SMALL = new DemoOptions(8, 8, 3, 2_000, 500, 20, 0, false);

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Screen screen = new LineScreen(new PrintStream(out, true, UTF_8));

  @Test
  void losesNothing() throws Exception {
    int status = new LocalDemo(SMALL, screen, UnaryOperator.identity()).run();

    assertThat(status).as(this::printed).isZero();
    // Without the 8 READYs and 32 GUILD_CREATEs: what a slow machine makes of 3 s, at least.
    assertThat(figure("events sent by the gateway")).isGreaterThan(100);
    assertThat(figure("events handled")).isEqualTo(figure("events sent by the gateway"));
    assertThat(figure("missing")).isZero();
    assertThat(figure("duplicated")).isZero();
    assertThat(figure("corrupted")).isZero();
    assertThat(figure("unexpected")).isZero();
    assertThat(figure("connections cut")).isEqualTo(3);
    assertThat(figure("reconnects")).isGreaterThanOrEqualTo(3);
    assertThat(figure("resumes")).isGreaterThanOrEqualTo(3);
    assertThat(figure("identifies")).isEqualTo(8);
    assertThat(printed().strip())
        .endsWith(
            "PASSED: every event was handled exactly once and unaltered, and all 8 shards are"
                + " ready.");
  }

  @Test
  void anEventThatTheHandlerDropsIsMissing() throws Exception {
    AtomicBoolean done = new AtomicBoolean();

    int status =
        new LocalDemo(
                SMALL,
                screen,
                handler ->
                    (shard, dispatch) -> {
                      if (dispatch.type() != EventType.PRESENCE_UPDATE || done.getAndSet(true)) {
                        handler.onDispatch(shard, dispatch);
                      }
                    })
            .run();

    assertThat(status).as(this::printed).isEqualTo(1);
    assertThat(figure("events handled")).isEqualTo(figure("events sent by the gateway") - 1);
    assertThat(figure("missing")).isEqualTo(1);
    assertThat(figure("duplicated")).isZero();
    assertThat(printed())
        .contains("FAILED: missing 1, duplicated 0, corrupted 0, unexpected 0; 8 of 8 shards")
        .contains("  missing: session ");
  }

  @Test
  void anEventThatTheHandlerRepeatsIsDuplicated() throws Exception {
    AtomicBoolean done = new AtomicBoolean();

    int status =
        new LocalDemo(
                SMALL,
                screen,
                handler ->
                    (shard, dispatch) -> {
                      handler.onDispatch(shard, dispatch);
                      if (dispatch.type() == EventType.PRESENCE_UPDATE && !done.getAndSet(true)) {
                        handler.onDispatch(shard, dispatch);
                      }
                    })
            .run();

    assertThat(status).as(this::printed).isEqualTo(1);
    assertThat(figure("events handled")).isEqualTo(figure("events sent by the gateway") + 1);
    assertThat(figure("missing")).isZero();
    assertThat(figure("duplicated")).isEqualTo(1);
    assertThat(printed()).contains("FAILED: missing 0, duplicated 1,");
  }

  @Test
  void aTokenLeadsToTheGivenApiUntilInterrupted() throws Exception {
    CountDownLatch ready = new CountDownLatch(1);
    Screen watched = new WatchedScreen(screen, ready, 3);
    CompletableFuture<Integer> status = new CompletableFuture<>();
    try (LocalGateway gateway =
        LocalGateway.builder().server(server -> server.shards(3).maxConcurrency(3)).start()) {
      Map<String, String> environment =
          Map.of("TOKEN", gateway.token(), "DISCORD_API_URI", gateway.apiUri().toString());
      Thread demo = new Thread(() -> status.complete(Demo.run(environment, watched)), "demo");
      demo.start();

      assertThat(ready.await(60, TimeUnit.SECONDS)).as(this::printed).isTrue();
      demo.interrupt();

      assertThat(status.get(60, TimeUnit.SECONDS)).as(this::printed).isZero();
      LocalGatewayStats stats = gateway.stats().get();
      assertThat(stats.identifies()).isEqualTo(3);
      assertThat(stats.sessions()).as("sessions after a clean stop").isZero();
      assertThat(printed())
          .contains("3 ready")
          .contains("Stopped after")
          .doesNotContain(gateway.token());
    }
  }

  @Test
  void aRefusedTokenEndsTheDemo() {
    try (LocalGateway gateway = LocalGateway.start()) {
      Map<String, String> environment =
          Map.of("TOKEN", "another-token", "DISCORD_API_URI", gateway.apiUri().toString());

      assertThat(Demo.run(environment, screen)).isEqualTo(1);
      assertThat(printed()).contains("FAILED: ").contains("401").doesNotContain("another-token");
    }
  }

  @Test
  void aWrongOptionIsNamed() {
    assertThat(Demo.run(Map.of(), screen, "--shards=0")).isEqualTo(2);
    assertThat(Demo.run(Map.of(), screen, "--speed=3")).isEqualTo(2);
    assertThat(printed())
        .contains("--shards=0 (expected: 1..4096)")
        .contains("--speed=3 (options: --shards=64 --seconds=30 --rate=10000 --stay)");
  }

  @Test
  void optionsAreRead() {
    assertThat(DemoOptions.parse("--rate=7", "--shards=5", "--seconds=6", "--stay"))
        .isEqualTo(new DemoOptions(5, 16, 6, 7, 5_000, 20, 8_077, true));
    assertThat(DemoOptions.parse()).isEqualTo(DemoOptions.DEFAULT);
  }

  @Test
  void theConsoleShowsTheShardsUntilTheDemoIsInterrupted() throws Exception {
    CompletableFuture<String> fleet = new CompletableFuture<>();
    Screen visitor = new VisitingScreen(screen, "Stays, with less traffic, until Ctrl-C: ", fleet);
    DemoOptions staying = new DemoOptions(8, 8, 3, 2_000, 500, 20, 0, true);

    int status = new LocalDemo(staying, visitor, UnaryOperator.identity()).run();

    assertThat(fleet.join()).contains("\"name\":\"Sluice demo\"").contains("\"shards\":8,");
    assertThat(status).as(this::printed).isZero();
    assertThat(printed())
        .containsPattern("Watch the shards in a browser: http://127.0.0.1:[0-9]+/")
        .contains("Comes to its end.")
        .contains("PASSED: ");
  }

  /** Looks at the console once a line tells where it is, and then interrupts the demo. */
  private record VisitingScreen(Screen screen, String before, CompletableFuture<String> fleet)
      implements Screen {

    @Override
    public Duration interval() {
      return screen.interval();
    }

    @Override
    public void show(Snapshot snapshot) {
      screen.show(snapshot);
    }

    @Override
    public void print(String... lines) {
      screen.print(lines);
      for (String line : lines) {
        if (line.startsWith(before)) {
          visit(URI.create(line.substring(before.length())));
        }
      }
    }

    private void visit(URI console) {
      Thread demo = Thread.currentThread();
      HttpClient.newHttpClient()
          .sendAsync(
              HttpRequest.newBuilder(console.resolve("api/fleet")).build(),
              HttpResponse.BodyHandlers.ofString())
          .whenComplete(
              (response, failure) -> {
                fleet.complete(failure == null ? response.body() : failure.toString());
                demo.interrupt();
              });
    }

    @Override
    public void verdict(boolean good, String line, String... findings) {
      screen.verdict(good, line, findings);
    }
  }

  /** Tells when so many shards are shown as ready. */
  private record WatchedScreen(Screen screen, CountDownLatch ready, int shards) implements Screen {

    @Override
    public Duration interval() {
      return Duration.ofMillis(50);
    }

    @Override
    public void show(Snapshot snapshot) {
      screen.show(snapshot);
      if (snapshot.ready() == shards) {
        ready.countDown();
      }
    }

    @Override
    public void print(String... lines) {
      screen.print(lines);
    }

    @Override
    public void verdict(boolean good, String line, String... findings) {
      screen.verdict(good, line, findings);
    }
  }

  private String printed() {
    return out.toString(UTF_8);
  }

  private long figure(String label) {
    Matcher figure =
        Pattern.compile("^ +" + label + " +([0-9,]+)$", Pattern.MULTILINE).matcher(printed());
    assertThat(figure.find()).as(this::printed).isTrue();
    return Long.parseLong(figure.group(1).replace(",", ""));
  }
}
