package dev.sluice.gateway.sharding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.sharding.GuildPhases.Phase;
import org.junit.jupiter.api.Test;

class GuildPhasesTest {

  @Test
  void keepsThePhaseOfEachGuildAsItGrows() {
    GuildPhases phases = new GuildPhases();
    for (long guild = 0; guild < 10_000; guild++) {
      assertThat(phases.phase(guild << 22)).isEqualTo(Phase.UNKNOWN);
      phases.put(guild << 22, Phase.EXPECTED, guild);
      if (guild % 3 == 0) {
        phases.put(guild << 22, Phase.CUT, -guild);
      }
    }
    for (long guild = 0; guild < 10_000; guild++) {
      boolean cut = guild % 3 == 0;
      assertThat(phases.phase(guild << 22)).isEqualTo(cut ? Phase.CUT : Phase.EXPECTED);
      assertThat(phases.sinceNanos(guild << 22)).isEqualTo(cut ? -guild : guild);
    }
    assertThat(phases.phase(-1)).isEqualTo(Phase.UNKNOWN);
  }
}
