package dev.sluice.gateway.sharding;

import static dev.sluice.gateway.DispatchMark.GUILD_AVAILABLE;
import static dev.sluice.gateway.DispatchMark.GUILD_JOINED;
import static dev.sluice.gateway.DispatchMark.GUILD_LOADED;
import static dev.sluice.gateway.DispatchMark.NONE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.DispatchMark;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class GuildAvailabilityTest {

  private final GuildAvailability guilds = new GuildAvailability();

  @Test
  void guildsThatReadyAnnouncedAreLoadedOneByOne() {
    guilds.ready(List.of(1L, 2L, 3L));
    assertThat(guilds.missing()).isEqualTo(3);
    assertThat(guilds.isAvailable(1)).isFalse();

    assertThat(guilds.created(2, false)).isEqualTo(GUILD_LOADED);
    assertThat(guilds.created(1, false)).isEqualTo(GUILD_LOADED);
    assertThat(guilds.missing()).isEqualTo(1);
    assertThat(guilds.created(3, false)).isEqualTo(GUILD_LOADED);

    assertThat(guilds.missing()).isZero();
    assertThat(guilds.announced()).isEqualTo(3);
    assertThat(guilds.isAvailable(1)).isTrue();
    assertThat(guilds.created(1, false)).as("once more").isEqualTo(NONE);
  }

  @Test
  void aGuildThatReadyDidNotAnnounceWasJoined() {
    guilds.ready(List.of(1L));

    assertThat(guilds.created(2, false)).isEqualTo(GUILD_JOINED);

    assertThat(guilds.size()).isEqualTo(2);
    assertThat(guilds.missing()).isEqualTo(1);
  }

  @Test
  void anOutageEndsWithTheGuildAvailableAgain() {
    guilds.ready(List.of(1L));
    guilds.created(1, false);

    guilds.deleted(1, true);
    assertThat(guilds.unavailable()).isEqualTo(1);
    assertThat(guilds.isAvailable(1)).isFalse();
    guilds.deleted(1, true);
    assertThat(guilds.unavailable()).isEqualTo(1);

    assertThat(guilds.created(1, false)).isEqualTo(GUILD_AVAILABLE);
    assertThat(guilds.unavailable()).isZero();
  }

  @Test
  void aGuildThatIsInAnOutageAtTheStartHasComeAndIsAvailableLater() {
    guilds.ready(List.of(1L, 2L));

    assertThat(guilds.created(1, true)).isEqualTo(NONE);
    guilds.deleted(2, true);

    assertThat(guilds.missing()).isZero();
    assertThat(guilds.unavailable()).isEqualTo(2);
    assertThat(guilds.created(1, false)).isEqualTo(GUILD_AVAILABLE);
    assertThat(guilds.created(2, false)).isEqualTo(GUILD_AVAILABLE);
  }

  @Test
  void aGuildThatWasJoinedInAnOutageIsJoinedOnceItsDataComes() {
    guilds.ready(List.of());
    assertThat(guilds.created(1, true)).isEqualTo(NONE);
    assertThat(guilds.created(1, true)).isEqualTo(NONE);
    guilds.deleted(1, true);
    assertThat(guilds.unavailable()).isEqualTo(1);

    assertThat(guilds.created(1, false)).isEqualTo(GUILD_JOINED);
    assertThat(guilds.unavailable()).isZero();
  }

  @Test
  void aGuildThatWasLeftIsForgottenAndJoinedAnew() {
    guilds.ready(List.of(1L, 2L, 3L));
    guilds.created(1, false);
    guilds.deleted(2, true);

    guilds.deleted(1, false);
    guilds.deleted(2, false);
    guilds.deleted(3, false);
    guilds.deleted(4, false);

    assertThat(guilds.size()).isZero();
    assertThat(guilds.missing()).as("one that was left does not come any more").isZero();
    assertThat(guilds.unavailable()).isZero();
    assertThat(guilds.created(1, false)).isEqualTo(GUILD_JOINED);
  }

  @Test
  void withoutReadyOnlyAnOutageIsToldApart() {
    assertThat(guilds.isKnown()).isFalse();
    assertThat(guilds.isAvailable(1)).isFalse();
    guilds.deleted(9, false);
    assertThat(guilds.created(1, false)).isEqualTo(NONE);
    assertThat(guilds.created(2, true)).isEqualTo(NONE);
    guilds.deleted(1, true);
    guilds.deleted(3, true);

    assertThat(guilds.created(1, false)).isEqualTo(GUILD_AVAILABLE);
    assertThat(guilds.created(2, false)).isEqualTo(GUILD_AVAILABLE);
    assertThat(guilds.created(3, false)).isEqualTo(GUILD_AVAILABLE);
  }

  @Test
  void anotherReadyStartsAnew() {
    guilds.ready(List.of(1L, 2L));
    guilds.created(1, false);
    guilds.deleted(2, true);

    guilds.ready(List.of(1L, 3L));

    assertThat(guilds.isKnown()).isTrue();
    assertThat(guilds.missing()).isEqualTo(2);
    assertThat(guilds.unavailable()).isZero();
    assertThat(guilds.created(1, false)).isEqualTo(GUILD_LOADED);
    assertThat(guilds.created(2, false)).isEqualTo(GUILD_JOINED);
  }

  @Test
  void whatHasNoIdIsPassedOver() {
    guilds.ready(List.of(0L, 1L, 1L));
    assertThat(guilds.announced()).isEqualTo(1);

    assertThat(guilds.created(0, false)).isEqualTo(NONE);
    guilds.deleted(0, false);

    assertThat(guilds.isAvailable(0)).isFalse();
    assertThat(guilds.size()).isEqualTo(1);
  }

  @Test
  void agreesWithAMapWhateverComesAndGoes() {
    SplittableRandom random = new SplittableRandom(7);
    Map<Long, DispatchMark> expected = new HashMap<>(); // what the next GUILD_CREATE means
    List<Long> first = new ArrayList<>();
    long[] universe = LongStream.range(0, 3_000).map(i -> (i * 977 + 1) << 22 | i).toArray();
    for (int i = 0; i < 1_000; i++) {
      first.add(universe[i]);
      expected.put(universe[i], GUILD_LOADED);
    }
    guilds.ready(first);
    for (int step = 0; step < 200_000; step++) {
      long id = universe[random.nextInt(universe.length)];
      switch (random.nextInt(3)) {
        case 0 -> {
          assertThat(guilds.created(id, false)).isEqualTo(expected.getOrDefault(id, GUILD_JOINED));
          expected.put(id, NONE);
        }
        case 1 -> {
          guilds.deleted(id, true);
          expected.put(id, GUILD_AVAILABLE);
        }
        default -> {
          guilds.deleted(id, false);
          expected.remove(id);
        }
      }
      assertThat(guilds.size()).isEqualTo(expected.size());
    }
    assertThat(guilds.unavailable())
        .isEqualTo((int) expected.values().stream().filter(GUILD_AVAILABLE::equals).count());
    assertThat(guilds.missing())
        .isEqualTo((int) expected.values().stream().filter(GUILD_LOADED::equals).count());
  }
}
