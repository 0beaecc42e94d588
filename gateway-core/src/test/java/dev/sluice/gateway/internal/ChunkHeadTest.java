package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Encoding;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkHeadTest {

  private static final String WHOLE =
      " { \"members\" : [ { \"nonce\":\"inner\\\"\", \"chunk_index\" : 5 } ] , \"nonce\" : \"a\\u0062\" ,"
          + " \"chunk_index\" : 2 , \"chunk_count\" : 10 , \"guild_id\" : \"7\" } ";

  private final ChunkHead head = new ChunkHead();

  private boolean json(String data) {
    byte[] bytes = data.getBytes(UTF_8);
    return head.read(Encoding.JSON, ByteBuffer.wrap(bytes), 0, bytes.length);
  }

  private boolean etf(byte[] data) {
    return head.read(Encoding.ETF, ByteBuffer.wrap(data), 0, data.length);
  }

  private void expect(@Nullable String nonce, long index, long count) {
    assertThat(head.nonce()).isEqualTo(nonce);
    assertThat(head.index()).isEqualTo(index);
    assertThat(head.count()).isEqualTo(count);
  }

  @Test
  void readsTheFirstLevelOnly() {
    assertThat(json(WHOLE)).isTrue();
    expect("ab", 2, 10);
  }

  @Test
  void readsARangeOfABufferWhoseNeighboursDoNotMatter() {
    byte[] bytes = ("}}" + WHOLE + "{{").getBytes(UTF_8);
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();

    assertThat(head.read(Encoding.JSON, direct.asReadOnlyBuffer(), 2, bytes.length - 2)).isTrue();
    expect("ab", 2, 10);
  }

  @Test
  void refusesWhatIsCutOffAnywhere() {
    String trimmed = WHOLE.trim();
    for (int length = 0; length < trimmed.length(); length++) {
      assertThat(json(trimmed.substring(0, length))).as("%d bytes", length).isFalse();
    }
  }

  @Test
  void forgetsWhatItReadBefore() {
    json(WHOLE);

    assertThat(json("{}")).isTrue();
    expect(null, -1, -1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"nonce":null,"chunk_index":"1","chunk_count":1.5} | | -1 | -1
          {"nonce":7,"chunk_index":-1,"chunk_count":1e3} | | -1 | -1
          {"chunk_index":1,"chunk_index":2} | | 2 | -1
          {"nonce":"","chunk_index":0,"chunk_count":9223372036854775807} | '' | 0 | 9223372036854775807
          """)
  void takesWhatHasTheRightKind(String data, @Nullable String nonce, long index, long count) {
    assertThat(json(data)).isTrue();
    expect(nonce, index, count);
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "null", "{]", "{\"a\" 1}", "{\"a\":1;}", "{\"a\":}", "{a:1}"})
  void refusesWhatIsNoObject(String data) {
    assertThat(json(data)).isFalse();
  }

  @Test
  void readsEtf() {
    byte[] data =
        EtfTerms.terms()
            .map(5)
            .atom("members")
            .list(1)
            .map(1)
            .binary("nonce")
            .binary("inner")
            .hex("6a")
            .binary("nonce")
            .binary("ab")
            .atom("chunk_index")
            .hex("61 02")
            .atom("chunk_count")
            .integer(300)
            .atom("guild_id")
            .hex("6e 01 00 07")
            .toBytes();

    assertThat(etf(data)).isTrue();
    expect("ab", 2, 300);
    for (int length = 0; length < data.length; length++) {
      assertThat(head.read(Encoding.ETF, ByteBuffer.wrap(data), 0, length))
          .as("%d bytes", length)
          .isFalse();
    }
  }

  @Test
  void takesOfEtfWhatHasTheRightKind() {
    for (String wrong : List.of("77 03 6e 69 6c", "6a")) { // nil, the empty list
      byte[] data =
          EtfTerms.terms()
              .map(3)
              .atom("nonce")
              .hex(wrong)
              .atom("chunk_index")
              .hex(wrong)
              .atom("chunk_count")
              .hex(wrong)
              .toBytes();

      assertThat(etf(data)).isTrue();
      expect(null, -1, -1);
    }
  }

  @Test
  void refusesEtfThatIsNoMap() {
    assertThat(etf(EtfTerms.terms().hex("6a").toBytes())).isFalse();
  }
}
