package dev.sluice.gateway.netty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.testkit.Fault;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every encoding with every compression, over a socket. */
final class CodecTest extends Resources {

  private final Recorder recorder = new Recorder();

  @ParameterizedTest(name = "{0} {1}, a zstd frame per message: {2}")
  @CsvSource({
    "JSON, NONE, false",
    "JSON, PAYLOAD, false",
    "JSON, ZLIB_STREAM, false",
    "JSON, ZSTD_STREAM, false",
    "JSON, ZSTD_STREAM, true",
    "ETF, NONE, false",
    "ETF, ZLIB_STREAM, false",
    "ETF, ZSTD_STREAM, false"
  })
  void aShardReceivesIsCutResumesAndSends(
      Encoding encoding, Compression compression, boolean framePerMessage) throws Exception {
    LocalGateway gateway =
        open(
            LocalGateway.builder()
                .listener(recorder)
                .server(
                    server -> {
                      server
                          .payloadCompressionThreshold(500)
                          .replayCapacity(100_000) // so that no busy machine loses a session
                          .replayMaxBytes(256 << 20);
                      if (framePerMessage) {
                        server.zstdFramePerMessage();
                      }
                    })
                .start());
    ShardManager manager =
        open(
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .encoding(encoding)
                .compression(compression)
                .shards(1)
                .eventSink(recorder)
                .listener(recorder)
                .configure(config -> config.maxBackoff(Duration.ofMillis(200)))
                .build());
    get(manager.start());
    get(manager.ready());

    Traffic traffic = Traffic.of(TrafficMix.ALL_INTENTS, 7, 200).withLargeEventEvery(90);
    get(gateway.startTraffic(traffic));
    recorder.await("events", () -> recorder.received(0).size() >= 100);
    get(gateway.killAllConnections());
    recorder.awaitState(0, GatewayState.READY, 2);
    get(gateway.stopTraffic());
    get(gateway.whenSent());
    gateway.fault(Fault.corruptMessage()).forNext(1).start();
    get(gateway.dispatch(ShardId.SINGLE, "TYPING_START", "{\"guild_id\":\"41\"}".getBytes(UTF_8)));
    recorder.awaitState(0, GatewayState.READY, 3);
    recorder.await("all events", () -> recorder.received(0).size() >= recorder.sent(0).size());

    assertThat(recorder.received(0)).isEqualTo(recorder.sent(0));
    assertThat(recorder.reconnects(0).get(1).cause()).isEqualTo(Reconnect.Cause.PROTOCOL_ERROR);
    assertThat(recorder.identifies()).isEqualTo(1);
    assertThat(recorder.resumes()).isEqualTo(2);
    Shard shard = manager.shards().iterator().next();
    assertThat(get(shard.send(GatewayCommand.UpdateVoiceState.join(41, 42))))
        .isEqualTo(CommandOutcome.SENT);
    recorder.await("the command", () -> !recorder.commands().isEmpty());
    assertThat(recorder.commands().get(0).data().path("channel_id").asText()).isEqualTo("42");
  }

  @Test
  void aManagerRefusesWhatDoesNotGoTogether() {
    ShardManagerBuilder settings =
        ShardManager.builder("token", Intents.all())
            .apiUri(URI.create("http://127.0.0.1:1/api/v10"))
            .encoding(Encoding.ETF)
            .compression(Compression.PAYLOAD);

    assertThatIllegalArgumentException()
        .isThrownBy(settings::build)
        .withMessage("compression: PAYLOAD with encoding ETF (expected: JSON)");
  }
}
