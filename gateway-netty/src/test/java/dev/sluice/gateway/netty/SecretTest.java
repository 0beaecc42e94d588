package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The token appears in nothing that is logged or told, whatever happens to a session. */
final class SecretTest extends Resources {

  private static final String TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.never-to-be-seen";

  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final Queue<String> logged = new ConcurrentLinkedQueue<>();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          logged.add(event.getLoggerName() + ' ' + event.getFormattedMessage());
          for (IThrowableProxy t = event.getThrowableProxy(); t != null; t = t.getCause()) {
            logged.add(t.getClassName() + ' ' + t.getMessage());
          }
        }
      };
  private Level before;

  @BeforeEach
  void listen() {
    before = root.getLevel();
    root.iteratorForAppenders().forEachRemaining(console -> console.stop());
    root.setLevel(Level.TRACE);
    appender.setContext(root.getLoggerContext());
    appender.start();
    root.addAppender(appender);
  }

  @AfterEach
  void stopListening() {
    root.detachAppender(appender);
    root.setLevel(before);
    root.iteratorForAppenders().forEachRemaining(console -> console.start());
  }

  @Test
  void appearsNowhereInAWholeSession() throws Exception {
    Recorder recorder = new Recorder();
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .token(TOKEN)
                .listener(recorder)
                .server(server -> server.heartbeatInterval(Duration.ofSeconds(1)).maxConcurrency(2))
                .start());
    ShardManagerBuilder builder =
        ShardManager.builder(TOKEN, Intents.all())
            .apiUri(gateway.apiUri())
            .shards(2)
            .eventSink(recorder)
            .listener(recorder)
            .configure(config -> config.maxBackoff(Duration.ofMillis(50)));
    logged.add(builder.toString());
    ShardManager manager = open(builder.build());
    get(manager.start());
    get(manager.ready());
    gateway.fault(Fault.corruptMessage()).on(shard -> shard.id() == 0).forNext(1).start();
    recorder.awaitState(0, GatewayState.READY, 2);
    gateway.fault(Fault.refusal(503)).at(LocalGateway.Endpoint.RESUME).start();
    get(gateway.killAllConnections());
    recorder.awaitState(0, GatewayState.READY, 3);
    get(gateway.closeConnections(shard -> shard.id() == 0, 4004));
    recorder.awaitState(0, GatewayState.FATAL);
    logged.add(manager.toString() + manager.shards() + manager.stats());
    recorder.failures().forEach(failure -> logged.add(failure.toString()));
    recorder.reconnects(0).forEach(reconnect -> logged.add(reconnect.toString()));
    manager.shards().forEach(shard -> logged.add(shard.session().toString()));
    manager.close();

    assertThat(logged).anyMatch(line -> line.contains("503"));
    assertThat(logged).anyMatch(line -> line.contains("4004") || line.contains("AUTHENTICATION"));
    assertThat(logged).noneMatch(line -> line.contains("never-to-be-seen"));
  }
}
