package dev.sluice.examples.guide;

import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.testkit.junit.Events;
import dev.sluice.gateway.testkit.junit.LocalGatewayTest;
import dev.sluice.gateway.testkit.junit.TestGateway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@LocalGatewayTest
class StatusBotTest {

  private StatusBot bot;

  @BeforeEach
  void start(TestGateway gateway) {
    bot = new StatusBot(gateway.apiUri(), gateway.token());
  }

  @AfterEach
  void stop() {
    bot.close();
  }

  @Test
  void playsWhatItIsTold(TestGateway gateway) {
    gateway.send(Events.messageCreate().content("!play chess"));

    gateway
        .awaitCommand(Opcode.PRESENCE_UPDATE)
        .has("/status", "online")
        .has("/activities/0/name", "chess");
  }

  @Test
  void leavesOtherMessagesAlone(TestGateway gateway) {
    gateway.send(Events.messageCreate().content("let us play chess"));

    gateway.assertNoCommand();
  }

  @Test
  void missesNothingWhileItIsCutOff(TestGateway gateway) {
    gateway.awaitReady();
    gateway.cut();
    gateway.send(Events.messageCreate().content("!play go"));

    gateway.awaitCommand(Opcode.PRESENCE_UPDATE).has("/activities/0/name", "go");
    gateway.assertIdentifies(1);
    gateway.assertResumes(1);
  }

  @Test
  void playsWhatAFileSays(TestGateway gateway) {
    gateway.send(Events.fromResource(StatusBotTest.class, "message.json"));

    gateway.awaitCommand().has("/activities/0/name", "go");
  }

  @Test
  @LocalGatewayTest(shards = 2)
  void eachShardShowsItsOwn(TestGateway gateway) {
    gateway.awaitReady();

    gateway.send(Events.messageCreate().guildId(gateway.guildId(1)).content("!play checkers"));

    gateway.awaitCommand().isOfShard(1).has("/activities/0/name", "checkers");
  }
}
