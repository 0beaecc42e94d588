package dev.sluice.gateway.netty.internal.dial;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HostAddressesTest {

  /** {@return addresses from digits for IPv4 and letters for IPv6} */
  private static List<InetAddress> addresses(String names) throws UnknownHostException {
    List<InetAddress> addresses = new ArrayList<>();
    for (char name : names.toCharArray()) {
      byte[] bytes = new byte[name < 'a' ? 4 : 16];
      bytes[0] = 127;
      bytes[bytes.length - 1] = (byte) name;
      addresses.add(InetAddress.getByAddress(bytes));
    }
    return addresses;
  }

  @ParameterizedTest(name = "{0}, dial {1}: {2}")
  @CsvSource(
      textBlock =
          """
          1,     0, 1
          1,     7, 1
          123,   0, 123
          123,   1, 231
          123,   5, 312
          12ab,  0, 1a2b
          12ab,  1, 2b1a
          ab12,  0, a1b2
          1abc,  0, 1abc
          1abc,  1, 1bca
          a123,  2, a312
          123,   2147483647, 231
          """)
  void familiesTakeTurnsAndEachDialBeginsWithTheNext(String said, int dial, String dialled)
      throws Exception {
    assertThat(HostAddresses.inOrder(addresses(said), dial)).isEqualTo(addresses(dialled));
  }
}
