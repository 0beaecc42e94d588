package dev.sluice.gateway.console;

import dev.sluice.gateway.netty.ShardManager;
import java.net.URI;

/**
 * A console of one {@link ShardManager}: a page for people, JSON and Prometheus metrics for tools,
 * health for probes.
 *
 * <pre>{@code
 * try (Console console = Console.attach(manager)) {
 *   System.out.println(console.uri()); // http://127.0.0.1:8077/
 *   ...
 * }
 * }</pre>
 *
 * <p>It has a thread of its own and takes none of the shards' time but for what it reads of them:
 * figures once a second while somebody watches, once in five seconds while nobody does. It listens
 * on loopback and changes nothing, unless its {@linkplain #builder builder} is told otherwise. The
 * manager may be started before or after, and may be stopped first.
 *
 * <p>Thread-safe.
 */
public final class Console implements AutoCloseable {

  private final Server server;

  Console(Server server) {
    this.server = server;
  }

  /**
   * Starts a console on {@code 127.0.0.1}, port {@value ConsoleBuilder#DEFAULT_PORT}, that shows
   * and controls nothing.
   *
   * @param manager what it shows
   * @return the console; listening
   * @throws java.io.UncheckedIOException if the port is taken
   */
  public static Console attach(ShardManager manager) {
    return builder(manager).start();
  }

  /**
   * Starts the settings of a console.
   *
   * @param manager what it shows
   * @return a builder with the defaults for everything else
   */
  public static ConsoleBuilder builder(ShardManager manager) {
    return new ConsoleBuilder(manager);
  }

  /** {@return the address of the page, with the port that was found free if 0 was asked for} */
  public URI uri() {
    return server.uri();
  }

  /**
   * Stops listening, tells the browsers, and lets go of the manager, which runs on. Waits for that,
   * some seconds at most. To close it twice changes nothing.
   */
  @Override
  public void close() {
    server.close();
  }
}
