package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Reconnect;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The host slept, and the transports died meanwhile. */
final class SleepTest extends Resources {

  private static final long HOUR_MILLIS = 3_600_000;

  private final Recorder recorder = new Recorder();
  private final AtomicLong wallMillis = new AtomicLong();

  private ShardManager manager(ScriptedGateway gateway) {
    ShardManagerBuilder builder =
        ShardManager.builder("token", Intents.of())
            .gatewayUri(gateway.uri())
            .shards(1)
            .maxConcurrency(1)
            .compression(Compression.NONE)
            .listener(recorder);
    builder.wallMillis = wallMillis::get; // stands still, which is no sleep
    return open(builder.build());
  }

  @Test
  void aTransportThatDiedInTheSleepIsLeftAndTheSessionResumed() throws Exception {
    ScriptedGateway gateway = open(new ScriptedGateway());
    ShardManager manager = manager(gateway);
    CompletionStage<Void> started = manager.start();
    ScriptedGateway.Peer dead = open(gateway.ready(HOUR_MILLIS));
    get(started);
    get(manager.ready());

    wallMillis.addAndGet(HOUR_MILLIS);

    dead.expectOp(1); // and no answer
    assertThat(dead.awaitClose()).isEqualTo(4900);
    ScriptedGateway.Peer next = open(gateway.greet(HOUR_MILLIS));
    assertThat(next.expectOp(6).at("/d/session_id").asText()).isEqualTo("session-0");
    assertThat(recorder.reconnects(0))
        .singleElement()
        .satisfies(
            reconnect -> {
              assertThat(reconnect.cause()).isEqualTo(Reconnect.Cause.ZOMBIE);
              assertThat(reconnect.detail()).startsWith("suspected");
            });
  }
}
