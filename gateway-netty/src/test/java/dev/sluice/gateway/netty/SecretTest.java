package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** The token appears in nothing that is logged or told, whatever happens to a session. */
final class SecretTest extends Resources {

  private static final String TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.never-to-be-seen";

  private final Queue<String> told = new ConcurrentLinkedQueue<>();

  @Test
  void appearsNowhereInAWholeSession() throws Exception {
    CapturedLog log =
        open(new CapturedLog(org.slf4j.Logger.ROOT_LOGGER_NAME, Level.TRACE)); // Netty's too
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
            .eventSink(
                (shard, dispatch) -> {
                  recorder.offer(shard, dispatch);
                  if (dispatch.type() == EventType.RESUMED) {
                    throw new IllegalStateException("broken handler");
                  }
                  return true;
                })
            .shardDetails(true)
            .listener(recorder)
            .configure(config -> config.maxBackoff(Duration.ofMillis(50)));
    told.add(builder.toString());
    ShardManager manager = open(builder.build());
    get(manager.start());
    get(manager.ready());
    gateway.fault(Fault.corruptMessage()).on(shard -> shard.id() == 0).forNext(1).start();
    recorder.awaitState(0, GatewayState.READY, 2);
    gateway.fault(Fault.refusal(503)).at(LocalGateway.Endpoint.RESUME).start();
    get(gateway.killAllConnections());
    recorder.awaitState(0, GatewayState.READY, 3);
    recorder.awaitState(1, GatewayState.READY, 2);
    get(gateway.requestReconnect(shard -> true));
    recorder.awaitState(0, GatewayState.READY, 4);
    recorder.awaitState(1, GatewayState.READY, 3);
    get(gateway.invalidateSessions(shard -> shard.id() == 1, false));
    recorder.awaitState(1, GatewayState.IDENTIFYING, 2);
    told.add(manager.health().toString());
    get(gateway.closeConnections(shard -> shard.id() == 0, 4004));
    recorder.awaitState(0, GatewayState.FATAL);
    told.add(manager.toString() + manager.shards() + manager.stats());
    recorder.failures().forEach(failure -> told.add(failure.toString()));
    recorder.reconnects(0).forEach(reconnect -> told.add(reconnect.toString()));
    manager.shards().forEach(shard -> told.add(shard.stats().toString()));
    told.add(manager.health().toString());
    manager.shards().forEach(shard -> told.add(shard.session().toString()));
    manager.close();

    assertThat(log.lines()).anyMatch(line -> line.contains("503"));
    assertThat(log.lines()).anyMatch(line -> line.contains("AUTHENTICATION_FAILED"));
    assertThat(log.lines())
        .anyMatch(line -> line.level() == Level.TRACE || line.level() == Level.DEBUG);
    assertThat(log.lines()).noneMatch(line -> line.contains("never-to-be-seen"));
    assertThat(told).noneMatch(line -> line.contains("never-to-be-seen"));
  }
}
