package dev.sluice.examples.demo;

import dev.sluice.gateway.console.Console;
import dev.sluice.gateway.netty.ShardManager;
import java.io.UncheckedIOException;

/** Opens the console of a demo. */
final class DemoConsole {

  private DemoConsole() {}

  /** Opens it, on another port if that one is taken. */
  static Console open(ShardManager manager, int port) {
    try {
      return Console.builder(manager).name("Sluice demo").port(port).start();
    } catch (UncheckedIOException taken) { // by another demo, or a bot
      return Console.builder(manager).name("Sluice demo").port(0).start();
    }
  }

  /** Says where it is. */
  static void tell(Console console, Screen screen) {
    screen.print("Watch the shards in a browser: " + console.uri(), "");
  }
}
