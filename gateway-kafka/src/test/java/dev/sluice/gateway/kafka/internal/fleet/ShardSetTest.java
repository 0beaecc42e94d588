package dev.sluice.gateway.kafka.internal.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ShardSetTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {"''", "0", "0-7", "1-2,4", "0,2,4-5,7"})
  void aSetIsReadAsItWasWritten(String text) {
    BitSet set = ShardSet.parse(text, 8);

    assertThat(ShardSet.format(set)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {"8", "3-8", "x", "-1", "5-3", "1-x", ",", "99999999999"})
  void whatIsNoShardIsNotInIt(String text) {
    assertThat(ShardSet.parse(text, 8)).isEqualTo(new BitSet());
  }
}
