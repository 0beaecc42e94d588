package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IntentsTest {

  @ParameterizedTest
  @EnumSource
  void allButThePrivilegedNeedNoApproval(Intent intent) {
    assertThat(Intents.all().contains(intent)).isTrue();
    assertThat(Intents.nonPrivileged().contains(intent)).isEqualTo(!intent.isPrivileged());
  }

  @Test
  void keepsBitsThatHaveNoNameYet() {
    Intents intents = new Intents(1 << 30 | Intent.GUILDS.value());

    assertThat(intents.value()).isEqualTo((1 << 30) + 1);
    assertThat(intents).hasToString("1073741825 [GUILDS]");
  }

  @Test
  void withoutIntentsThereAreNone() {
    assertThat(Intents.of()).isEqualTo(new Intents(0)).hasToString("0 []");
  }
}
