package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.Frames.CONTINUATION;
import static dev.sluice.gateway.netty.Frames.FIN;
import static dev.sluice.gateway.netty.Frames.TEXT;
import static dev.sluice.gateway.netty.Frames.event;
import static dev.sluice.gateway.netty.Frames.frame;
import static dev.sluice.gateway.netty.Frames.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a shard asks of TLS and WebSocket, and what it takes from them, with its defaults. */
final class WireTest {

  private static final int LARGE = 5 << 20;

  @Test
  void tlsNamesTheHostAndOffersNothingOlderThanVersion12() throws Exception {
    EmbeddedChannel channel = new EmbeddedChannel();
    new Tls(SslContextBuilder.forClient().build())
        .addTo(channel.pipeline(), URI.create("wss://gateway.discord.gg/?v=10"));
    SslHandler tls = channel.pipeline().get(SslHandler.class);

    ByteBuf clientHello = channel.readOutbound();
    byte[] bytes = ByteBufUtil.getBytes(clientHello);
    clientHello.release();

    assertThat(new String(bytes, StandardCharsets.ISO_8859_1)).contains("gateway.discord.gg");
    assertThat(tls.engine().getEnabledProtocols()).isNotEmpty().isSubsetOf("TLSv1.2", "TLSv1.3");
    assertThat(tls.engine().getSSLParameters().getEndpointIdentificationAlgorithm())
        .isEqualTo("HTTPS");
    channel.finishAndReleaseAll();
  }

  @Test
  void anUpgradeAsksForNoExtensionAndNoSubProtocol() {
    EmbeddedShard shard = new EmbeddedShard().dial();

    ByteBuf request = shard.channel.readOutbound();

    assertThat(request.toString(StandardCharsets.US_ASCII))
        .containsIgnoringCase("sec-websocket-version: 13\r\n")
        .doesNotContainIgnoringCase("sec-websocket-extensions")
        .doesNotContainIgnoringCase("sec-websocket-protocol");
    request.release();
    shard.channel.finishAndReleaseAll();
  }

  @ParameterizedTest
  @ValueSource(ints = {LARGE, 128 << 10, 60_000})
  void aMessageOfMegabytesIsTakenInFramesOfAnySize(int frameBytes) {
    EmbeddedShard shard = new EmbeddedShard().ready();
    byte[] message = utf8(event("LARGE", 2, "{\"a\":\"" + "x".repeat(LARGE - 100) + "\"}"));

    for (int start = 0; start < message.length; start += frameBytes) {
      int end = Math.min(message.length, start + frameBytes);
      int firstByte = (start == 0 ? TEXT : CONTINUATION) | (end == message.length ? FIN : 0);
      shard.in(frame(firstByte, Arrays.copyOfRange(message, start, end)));
    }

    assertThat(shard.events()).containsExactly("READY", "LARGE");
    assertThat(shard.recorder.events(0).get(1).data().path("a").asText()).hasSize(LARGE - 100);
    shard.channel.releaseOutbound();
    shard.channel.finishAndReleaseAll();
  }
}
