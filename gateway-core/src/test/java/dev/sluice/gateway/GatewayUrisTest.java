package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class GatewayUrisTest {

  private static final URI SECURE = URI.create("wss://gateway.discord.gg");
  private static final URI PLAIN = URI.create("ws://127.0.0.1:9000");

  @ParameterizedTest
  @CsvSource({
    "wss://gateway.discord.gg, wss://gateway.discord.gg",
    "wss://gateway.discord.gg/, wss://gateway.discord.gg",
    "wss://gateway.discord.gg//, wss://gateway.discord.gg",
    "wss://gateway.discord.gg/?v=9&encoding=etf, wss://gateway.discord.gg",
    "wss://gateway.discord.gg:443/proxy/, wss://gateway.discord.gg:443/proxy",
    "ws://[::1]:9000, ws://[::1]:9000",
  })
  void normalisesABase(String uri, String base) {
    assertThat(GatewayUris.checkBase(URI.create(uri))).isEqualTo(URI.create(base));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"https://gateway.discord.gg", "wss:opaque", "gateway.discord.gg", "wss:///x"})
  void refusesWhatIsNoGateway(String uri) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GatewayUris.checkBase(URI.create(uri)))
        .withMessageContaining("expected: wss://host");
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {"", " ", "garbage", "wss://", "wss://a b", "http://x.test", "ws://x.test"})
  void aResumeUrlOfNoUseIsNone(String url) {
    assertThat(GatewayUris.resumeBase(url, SECURE)).isNull();
  }

  @Test
  void aResumeUrlMayBePlainWhereTheGatewayIs() {
    assertThat(GatewayUris.resumeBase("ws://127.0.0.1:9001/", PLAIN))
        .isEqualTo("ws://127.0.0.1:9001");
    assertThat(GatewayUris.resumeBase("wss://resume.test/", PLAIN)).isEqualTo("wss://resume.test");
  }
}
