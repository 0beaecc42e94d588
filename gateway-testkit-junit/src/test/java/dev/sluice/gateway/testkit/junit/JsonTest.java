package dev.sluice.gateway.testkit.junit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class JsonTest {

  @ParameterizedTest(name = "{0} for {1}: {2}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1                 | 1                 | true
          1                 | 1.0               | true
          1                 | 2                 | false
          "7"               | 7                 | true
          "7"               | 8                 | false
          7                 | "7"               | false
          "a"               | "a"               | true
          true              | "true"            | false
          null              | null              | true
          null              | 0                 | false
          [1,"2"]           | [1,2]             | true
          [1,2]             | [2,1]             | false
          [1]               | [1,2]             | false
          {"a":1,"b":"2"}   | {"b":2,"a":1.0}   | true
          {"a":1}           | {"a":1,"b":null}  | false
          {"a":1,"b":null}  | {"a":1,"c":null}  | false
          {"a":{"b":["1"]}} | {"a":{"b":[1]}}   | true
          {}                | []                | false
          """)
  void matchesByValue(String actual, String expected, boolean matches) {
    assertThat(Json.matches(Json.parseAny(actual), Json.parseAny(expected))).isEqualTo(matches);
  }
}
