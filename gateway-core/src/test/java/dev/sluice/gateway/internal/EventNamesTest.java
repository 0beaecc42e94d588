package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.EventType;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventNamesTest {

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNKNOWN")
  void everyNameIsFoundAnywhereInABuffer(EventType type) {
    byte[] bytes = ("xyz" + type + "XYZ").getBytes(US_ASCII);
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes);

    assertThat(EventNames.find(ByteBuffer.wrap(bytes), 3, bytes.length - 3)).isEqualTo(type);
    assertThat(EventNames.find(direct, 3, bytes.length - 3)).isEqualTo(type);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNKNOWN")
  void aNameThatDiffersInOneByteIsUnknown(EventType type) {
    for (int i = 0; i < type.name().length(); i++) {
      byte[] bytes = type.name().getBytes(US_ASCII);
      bytes[i] ^= 0x20;
      assertThat(find(bytes)).isEqualTo(EventType.UNKNOWN);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "R", "READ", "READYY", "UNKNOWN", "MESSAGE_CREATE_", "GUILD_JOIN"})
  void anyOtherNameIsUnknown(String name) {
    assertThat(find(name.getBytes(US_ASCII))).isEqualTo(EventType.UNKNOWN);
  }

  @Test
  void bytesAboveAsciiAreUnknown() {
    assertThat(find(new byte[] {-1, -128, 127, 0, -1})).isEqualTo(EventType.UNKNOWN);
  }

  private static EventType find(byte[] name) {
    return EventNames.find(ByteBuffer.wrap(name), 0, name.length);
  }
}
