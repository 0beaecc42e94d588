package dev.sluice.examples.guide;

import dev.sluice.gateway.console.Console;
import dev.sluice.gateway.console.ConsoleBuilder;
import dev.sluice.gateway.netty.ShardManager;

/** A page that shows a fleet. */
final class Consoles {

  private Consoles() {}

  static Console here(ShardManager manager) {
    Console console = Console.attach(manager);
    System.out.println(console.uri()); // http://127.0.0.1:8077/
    return console; // close() ends it
  }

  static ConsoleBuilder forTheTeam(ShardManager manager, String secret) {
    return Console.builder(manager).bindAddress("0.0.0.0").bearerToken(secret).control(true);
  }
}
