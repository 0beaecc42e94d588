package dev.sluice.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.testkit.junit.Events;
import dev.sluice.gateway.testkit.junit.LocalGatewayTest;
import dev.sluice.gateway.testkit.junit.TestGateway;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

final class SlashCommandTest {

  @Test
  @LocalGatewayTest
  void echoes(TestGateway gateway) throws Exception {
    Callable<Boolean> bot =
        () -> {
          SlashCommand.run(
              Target.local(gateway.local()), new PrintStream(OutputStream.nullOutputStream()));
          return true;
        };
    FutureTask<Boolean> running = new FutureTask<>(bot);
    new Thread(running, "slash-command").start();

    for (String text : SlashCommand.TEXTS) {
      gateway
          .send(Events.slashCommand("echo").option("text", text))
          .awaitAnswer()
          .has("/type", 4)
          .has("/data/content", text);
    }

    assertThat(running.get()).isTrue();
  }
}
