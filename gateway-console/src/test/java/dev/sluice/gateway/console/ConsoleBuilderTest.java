package dev.sluice.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.netty.ShardManager;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConsoleBuilderTest extends Resources {

  private ShardManager manager;

  @BeforeEach
  void manager() {
    manager = open(ShardManager.builder("token", Intents.of()).build());
  }

  private record Wrong(Consumer<ConsoleBuilder> setting, String message) {}

  private static Stream<Wrong> wrong() {
    return Stream.of(
        new Wrong(b -> b.port(-1), "port: -1 (expected: 0..65535)"),
        new Wrong(b -> b.port(65_536), "port: 65536 (expected: 0..65535)"),
        new Wrong(b -> b.bindAddress(" "), "bind address: empty (expected: an address or a name)"),
        new Wrong(b -> b.bearerToken("short"), "bearer token: 5 characters (expected: >= 16)"),
        new Wrong(
            b -> b.bearerToken("0123456789 abcdef"),
            "bearer token: other characters (expected: A-Z a-z 0-9 . _ ~ + / -, and = at the end)"),
        new Wrong(
            b -> b.allowedHost("example.org:80"),
            "allowed host: example.org:80 (expected: a name or an address, without a port)"));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void aWrongValueIsNamed(Wrong wrong) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> wrong.setting.accept(Console.builder(manager)))
        .withMessage(wrong.message);
  }

  @Test
  void aSettingIsSetOnce() {
    assertThatIllegalStateException()
        .isThrownBy(() -> Console.builder(manager).control(true).control(false))
        .withMessage("control: set already (expected: once)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.1", "no.such.host.invalid"})
  void nobodyElseIsLetInWithoutAToken(String address) {
    assertThatIllegalStateException()
        .isThrownBy(() -> Console.builder(manager).bindAddress(address).port(0).start())
        .withMessage(
            "bind address: "
                + address
                + " without a bearer token (expected: a loopback address, or bearerToken(...))");
  }

  @Test
  void withATokenItListensToAll() throws Exception {
    Console console =
        console(Console.builder(manager).bindAddress("0.0.0.0").bearerToken("0123456789abcdef"));

    assertThat(console.uri().toString()).matches("http://127\\.0\\.0\\.1:[0-9]+/");
    assertThat(new Client(console).get("/health/live").statusCode()).isEqualTo(200);
  }

  @Test
  void oneLineIsEnough() {
    ConsoleBuilder builder = Console.builder(manager);

    assertThat(builder.port).isEqualTo(8_077);
    assertThat(builder.bindAddress).isEqualTo("127.0.0.1");
    assertThat(builder.control).isFalse();
    assertThat(builder.bearerToken).isNull();
  }
}
