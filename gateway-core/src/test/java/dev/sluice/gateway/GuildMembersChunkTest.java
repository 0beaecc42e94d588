package dev.sluice.gateway;

import static dev.sluice.gateway.Scenario.scenario;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuildMembersChunkTest {

  private final GatewayConnection connection = scenario().open().hello().ready().connection();

  private Dispatch recv(String type, String data) {
    byte[] message =
        ("{\"t\":\"" + type + "\",\"s\":2,\"op\":0,\"d\":" + data + '}')
            .getBytes(StandardCharsets.UTF_8);
    return Objects.requireNonNull(connection.recv(FrameType.TEXT, ByteBuffer.wrap(message)));
  }

  private Dispatch chunk(String data) {
    return recv("GUILD_MEMBERS_CHUNK", data);
  }

  @Test
  void readsABorrowedChunkAndACopy() throws Exception {
    Dispatch dispatch =
        chunk(
            "{\"not_found\":[1],\"nonce\":\"n-1\",\"members\":[{\"nonce\":\"x\",\"chunk_index\":9}],"
                + "\"guild_id\":\"7\",\"chunk_index\":1,\"chunk_count\":3}");

    assertThat(GuildMembersChunk.of(dispatch)).isEqualTo(new GuildMembersChunk("n-1", 1, 3));
    assertThat(GuildMembersChunk.of(dispatch.copy())).isEqualTo(new GuildMembersChunk("n-1", 1, 3));
  }

  @Test
  void hasNoNonceWhenTheRequestHadNone() throws Exception {
    assertThat(GuildMembersChunk.of(chunk("{\"chunk_count\":1,\"chunk_index\":0}")))
        .isEqualTo(new GuildMembersChunk(null, 0, 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "{\"chunk_index\":0}",
        "{\"chunk_index\":0,\"chunk_count\":0}",
        "{\"chunk_index\":0,\"chunk_count\":2147483648}",
        "{\"chunk_index\":1,\"chunk_count\":1}",
        "{\"chunk_index\":-1,\"chunk_count\":1}",
        "{\"chunk_count\":1}"
      })
  void refusesWhatSaysNotWhichOfHowManyItIs(String data) {
    Dispatch dispatch = chunk(data);

    assertThatExceptionOfType(IOException.class).isThrownBy(() -> GuildMembersChunk.of(dispatch));
  }

  @Test
  void refusesOtherEvents() {
    Dispatch dispatch = recv("TYPING_START", "{}");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> GuildMembersChunk.of(dispatch))
        .withMessage("event: TYPING_START (expected: GUILD_MEMBERS_CHUNK)");
  }
}
