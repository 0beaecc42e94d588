package dev.sluice.examples;

import dev.sluice.examples.demo.DemoOptions;
import dev.sluice.examples.demo.DiscordDemo;
import dev.sluice.examples.demo.LocalDemo;
import dev.sluice.examples.demo.Screen;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Shows shards at work: {@code mvn -q -Pdemo}. Without a token they talk to a gateway in this JVM,
 * which cuts some of them off, and the demo proves that no event was lost. With the environment
 * variable {@code TOKEN} they talk to Discord, until Ctrl-C.
 *
 * <p>The console shows the shards in a browser; the demo prints its address.
 *
 * <p>Options of the local demo: {@code --shards=64 --seconds=30 --rate=10000}, and {@code --stay}
 * to go on until Ctrl-C.
 */
public final class Demo {

  private static final String DISCORD_API = "https://discord.com/api/v10";
  private static final int STOP_SECONDS = 20;

  private Demo() {}

  /**
   * Runs the demo. Exits with 0 if all went well, 1 if not, 2 if the command line is wrong.
   *
   * @param args the options
   */
  public static void main(String[] args) {
    CountDownLatch ended = new CountDownLatch(1);
    interruptOnExit(Thread.currentThread(), ended);
    int status = run(System.getenv(), Screen.system(), args);
    ended.countDown();
    System.exit(status);
  }

  /** {@return the exit code} */
  static int run(Map<String, String> environment, Screen screen, String... args) {
    @Nullable String token = environment.get("TOKEN");
    try {
      if (token != null) {
        URI apiUri = URI.create(environment.getOrDefault("DISCORD_API_URI", DISCORD_API));
        return new DiscordDemo(token, apiUri, screen).run();
      }
      return new LocalDemo(DemoOptions.parse(args), screen, UnaryOperator.identity()).run();
    } catch (IllegalArgumentException e) {
      screen.verdict(false, String.valueOf(e.getMessage()));
      return 2;
    } catch (IOException e) {
      screen.verdict(false, "FAILED: " + e);
      return 1;
    } catch (InterruptedException e) {
      screen.verdict(false, "Interrupted before the end: no verdict.");
      return 1;
    }
  }

  /** Ctrl-C ends a JVM without asking; this gives the demo the time to say goodbye. */
  private static void interruptOnExit(Thread demo, CountDownLatch ended) {
    Runnable interrupt =
        () -> {
          demo.interrupt();
          try {
            ended.await(STOP_SECONDS, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    Runtime.getRuntime().addShutdownHook(new Thread(interrupt, "demo-exit"));
  }
}
