package dev.sluice.gateway.sharding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.Intents;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FingerprintTest {

  private final GatewayConnection connection =
      GatewayConnection.create(
          GatewayConfig.builder("token", Intents.of()).compression(Compression.NONE).build());
  private int sequence = 1;

  FingerprintTest() {
    connection.connecting();
    connection.opened();
    recv("{\"op\":10,\"d\":{\"heartbeat_interval\":45000}}");
    connection.sendIter().forEach(outgoing -> {});
    event("READY", "{\"session_id\":\"s\",\"resume_gateway_url\":\"wss://r.test\"}");
  }

  private Dispatch recv(String message) {
    return connection.recv(
        FrameType.TEXT, ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8)));
  }

  private Dispatch event(String name, String d) {
    return recv("{\"t\":\"" + name + "\",\"s\":" + sequence++ + ",\"op\":0,\"d\":" + d + '}');
  }

  private long of(String name, String d) {
    return Fingerprint.of(event(name, d));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"a":1,"b":[1,2,{"c":"x","d":null}]} | {"b":[{"d":null,"c":"x"},2,1],"a":1}
          {"a":"é"}                            | {"a":"\\u00e9"}
          {"a": 1 , "b":true}                  | {"b":true,"a":1}
          {"guild_id":"5","a":[]}              | {"a":[],"guild_id":"5"}
          """)
  void doesNotDependOnOrderAndForm(String one, String other) {
    assertThat(of("MESSAGE_UPDATE", one)).isEqualTo(of("MESSAGE_UPDATE", other));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"a":1}                 | {"a":"1"}
          {"a":1}                 | {"a":2}
          {"a":1}                 | {"b":1}
          {"a":"b"}               | {"b":"a"}
          {"a":{"b":1},"c":{}}    | {"a":{},"c":{"b":1}}
          {"a":[1,2],"b":[3]}     | {"a":[1],"b":[2,3]}
          {"a":[]}                | {"a":{}}
          {"a":[1]}               | {"a":[1,1]}
          {"a":null}              | {}
          {"a":true}              | {"a":false}
          {"guild_id":"5"}        | {"guild_id":"6"}
          []                      | {}
          """)
  void differsWithTheContent(String one, String other) {
    assertThat(of("MESSAGE_UPDATE", one)).isNotEqualTo(of("MESSAGE_UPDATE", other));
  }

  @Test
  void differsWithTheNameEvenOfAnUnknownEvent() {
    assertThat(of("A_NEW_EVENT", "{}")).isEqualTo(of("A_NEW_EVENT", "{}"));
    assertThat(of("A_NEW_EVENT", "{}")).isNotEqualTo(of("ANOTHER_EVENT", "{}"));
  }

  @Test
  void aGuildIsItsIdWhenItIsJoined() {
    long one = of("GUILD_CREATE", "{\"id\":\"5\",\"member_count\":3}");
    assertThat(of("GUILD_CREATE", "{\"id\":\"5\",\"member_count\":4}")).isEqualTo(one);
    assertThat(of("GUILD_CREATE", "{\"id\":\"6\",\"member_count\":3}")).isNotEqualTo(one);
  }

  @Test
  void whatIsNoJsonHasAFingerprintTooAndIsLeftAsItWas() {
    Dispatch broken = event("MESSAGE_UPDATE", "{\"a\":tru}");
    long one = Fingerprint.of(broken);
    assertThat(broken.data().remaining()).isEqualTo(9);
    assertThat(of("MESSAGE_UPDATE", "{\"a\":tru}")).isEqualTo(one);
    assertThat(of("MESSAGE_UPDATE", "{\"a\":fal}")).isNotEqualTo(one);
  }
}
