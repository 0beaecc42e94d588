package dev.sluice.gateway.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AllowedHostsTest {

  private final AllowedHosts hosts = new AllowedHosts(List.of("Console.Example.org"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LOCALHOST:8077",
        "127.0.0.1:8077",
        "[::1]",
        "[::1]:8077",
        "console.example.org",
        "console.example.org:443"
      })
  void allowsItsOwnNames(String host) {
    assertThat(hosts.allows(host)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ":8077", "evil.example", "localhost.evil.example:8077", "127.0.0.2", "::1"})
  void refusesOthers(String host) {
    assertThat(hosts.allows(host)).isFalse();
  }

  @Test
  void refusesARequestThatNamesNone() {
    assertThat(hosts.allows(null)).isFalse();
  }
}
