package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.Frames.CONTINUATION;
import static dev.sluice.gateway.netty.Frames.FIN;
import static dev.sluice.gateway.netty.Frames.TEXT;
import static dev.sluice.gateway.netty.Frames.event;
import static dev.sluice.gateway.netty.Frames.frame;
import static dev.sluice.gateway.netty.Frames.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a shard asks of TLS and WebSocket, and what it takes from them, with its defaults. */
final class WireTest {

  private static final int LARGE = 5 << 20;
  private static final int SUPPORTED_VERSIONS = 43;
  private static final int TLS_1_2 = 0x0303;
  private static final int TLS_1_3 = 0x0304;

  @ParameterizedTest
  @EnumSource(
      value = SslProvider.class,
      names = {"JDK", "OPENSSL"})
  void tlsNamesTheHostAndOffersNothingOlderThanVersion12(SslProvider provider) throws Exception {
    assumeThat(provider == SslProvider.JDK || OpenSsl.isAvailable())
        .as("%s: netty-tcnative is not on the class path", provider)
        .isTrue();
    EmbeddedChannel channel = new EmbeddedChannel();
    new Tls(
            ShardManagerBuilder.tlsDefaults(SslContextBuilder.forClient().sslProvider(provider))
                .build())
        .addTo(channel.pipeline(), URI.create("wss://gateway.discord.gg/?v=10"));
    SslHandler tls = channel.pipeline().get(SslHandler.class);

    ByteBuf clientHello = channel.readOutbound();
    byte[] bytes = ByteBufUtil.getBytes(clientHello);

    assertThat(new String(bytes, StandardCharsets.ISO_8859_1)).contains("gateway.discord.gg");
    // What is sent, for the engine of OpenSSL says SSLv2Hello too, whatever it was told.
    assertThat(versionsOf(clientHello)).containsExactlyInAnyOrder(TLS_1_2, TLS_1_3);
    assertThat(tls.engine().getSSLParameters().getEndpointIdentificationAlgorithm())
        .isEqualTo("HTTPS");
    clientHello.release();
    channel.finishAndReleaseAll();
  }

  /** {@return the versions that the extension of RFC 8446, 4.2.1, offers} */
  private static List<Integer> versionsOf(ByteBuf clientHello) {
    assertThat(clientHello.readUnsignedByte())
        .as("a handshake record of TLS")
        .isEqualTo((short) 22);
    clientHello.skipBytes(2 + 2); // the record's version and length
    assertThat(clientHello.readUnsignedByte()).as("ClientHello").isEqualTo((short) 1);
    clientHello.skipBytes(3 + 2 + 32); // length, version of old, random
    clientHello.skipBytes(clientHello.readUnsignedByte()); // session id
    clientHello.skipBytes(clientHello.readUnsignedShort()); // cipher suites
    clientHello.skipBytes(clientHello.readUnsignedByte()); // compression
    ByteBuf extensions = clientHello.readSlice(clientHello.readUnsignedShort());
    List<Integer> versions = new ArrayList<>();
    while (extensions.isReadable()) {
      int type = extensions.readUnsignedShort();
      ByteBuf extension = extensions.readSlice(extensions.readUnsignedShort());
      if (type == SUPPORTED_VERSIONS) {
        for (int left = extension.readUnsignedByte(); left > 0; left -= 2) {
          versions.add(extension.readUnsignedShort());
        }
      }
    }
    return versions;
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
