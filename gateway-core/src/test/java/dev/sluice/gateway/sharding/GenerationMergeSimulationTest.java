package dev.sluice.gateway.sharding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.ManualClock;
import dev.sluice.gateway.sharding.GenerationMerge.Generation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A gateway makes up events of a few guilds, most of them repeats to the letter, and gives them to
 * both generations, each with a delay that wanders. However that goes, the merge neither loses nor
 * doubles an event, nor changes the order within a guild.
 */
class GenerationMergeSimulationTest {

  private static final int SEEDS = 40;
  private static final int WINDOW_MILLIS = 2_000;
  private static final int END_MILLIS = 60_000;
  private static final int GUILDS = 4;

  /** One copy of an event, on its way. */
  private record Copy(long atMillis, long order, Generation generation, int guild, Event event) {}

  private record Event(int number, int content) {}

  private static final class World {

    final SplittableRandom random;
    final ManualClock clock = new ManualClock();
    final PriorityQueue<Copy> wire =
        new PriorityQueue<>(
            Comparator.comparingLong(Copy::atMillis).thenComparingLong(Copy::order));
    final Map<String, Long> lastArrival = new HashMap<>();
    final List<List<Event>> sent = new ArrayList<>();
    final List<List<Event>> received = new ArrayList<>();
    final List<List<Event>> missedByOld = new ArrayList<>(); // for it had no session
    final Map<Generation, Integer> meanDelay;
    final GenerationMerge<Copy> merge;
    long nowMillis;
    long order;
    boolean oldGone;
    boolean newGone;
    final Map<Generation, Integer> lostAt = new EnumMap<>(Generation.class); // its session
    final Map<Generation, Integer> backAt = new EnumMap<>(Generation.class);

    World(long seed) {
      this(seed, 1_000_000);
    }

    World(long seed, int maxEvents) {
      random = new SplittableRandom(seed);
      merge =
          GenerationMerge.create(
              Duration.ofMillis(WINDOW_MILLIS),
              maxEvents,
              clock,
              new GenerationMerge.Outlet<>() {
                @Override
                public void deliver(Copy held) {
                  received.get(held.guild).add(held.event);
                }

                @Override
                public void drop(Copy held) {}

                @Override
                public boolean isHandled(long guildId) {
                  return random.nextInt(4) > 0;
                }
              });
      meanDelay =
          Map.of(Generation.OLD, random.nextInt(1, 300), Generation.NEW, random.nextInt(1, 300));
      for (int guild = 0; guild < GUILDS; guild++) {
        sent.add(new ArrayList<>());
        received.add(new ArrayList<>());
        missedByOld.add(new ArrayList<>());
      }
    }

    /** Copies of one session keep their order; each waits a while, a few for long. */
    void send(Generation generation, int guild, Event event) {
      if (isDown(generation)) {
        miss(generation, guild, event);
        return;
      }
      int mean = meanDelay.get(generation);
      long delay = random.nextInt(50) == 0 ? random.nextInt(600) : random.nextInt(2 * mean);
      String session = generation + " " + guild;
      long at = Math.max(nowMillis + delay, lastArrival.getOrDefault(session, 0L));
      lastArrival.put(session, at);
      wire.add(new Copy(at, order++, generation, guild, event));
    }

    boolean isDown(Generation generation) {
      return nowMillis >= lostAt.getOrDefault(generation, Integer.MAX_VALUE)
          && nowMillis < backAt.get(generation);
    }

    /** A session ends with all that is on its way, and a new one begins later. */
    void loseSessions() {
      if (oldGone || newGone) {
        lostAt.values().removeIf(at -> at >= nowMillis); // nobody else would have its events
      }
      lostAt.forEach(
          (generation, at) -> {
            if (nowMillis == at) {
              for (Copy copy : wire) {
                if (copy.generation == generation) {
                  miss(generation, copy.guild, copy.event);
                }
              }
              wire.removeIf(copy -> copy.generation == generation);
            }
            if (generation == Generation.NEW && nowMillis == backAt.get(generation)) {
              for (int guild = 0; guild < GUILDS; guild++) {
                merge.expect(guild);
                send(generation, guild, new Event(-1, -1));
              }
            }
          });
    }

    private void miss(Generation generation, int guild, Event event) {
      if (generation == Generation.OLD && !oldGone) {
        missedByOld.get(guild).add(event);
      }
    }

    void arrive() {
      while (!wire.isEmpty() && wire.peek().atMillis <= nowMillis) {
        Copy copy = wire.remove();
        if (copy.event.content < 0) {
          merge.loaded(copy.guild);
        } else if (!(copy.generation == Generation.OLD ? oldGone : newGone)) {
          boolean now =
              merge.offer(
                  copy.generation,
                  copy.guild,
                  EventType.MESSAGE_UPDATE,
                  copy.event.content,
                  () -> copy);
          if (now) {
            received.get(copy.guild).add(copy.event);
          }
        }
      }
    }

    void run(boolean failsHalfWay, boolean goesOn) {
      int[] startMillis = new int[GUILDS];
      double[] rate = new double[GUILDS];
      for (int guild = 0; guild < GUILDS; guild++) {
        startMillis[guild] = random.nextInt(500, 4_000);
        rate[guild] = Math.pow(10, -3 * random.nextDouble()); // 1 to 1000 events a second
        merge.expect(guild);
      }
      int contents = random.nextInt(1, 6);
      int failsAt = failsHalfWay ? random.nextInt(3_000, 12_000) : Integer.MAX_VALUE;
      long lastSent = 0;
      for (nowMillis = 0; nowMillis < END_MILLIS; nowMillis++) {
        loseSessions();
        for (int guild = 0; guild < GUILDS; guild++) {
          if (nowMillis == startMillis[guild]) {
            send(Generation.NEW, guild, new Event(-1, -1)); // GUILD_CREATE
          }
          boolean quiet = !goesOn && nowMillis > 20_000;
          if (random.nextDouble() < rate[guild] && !quiet && nowMillis < END_MILLIS - 5_000) {
            int number = sent.get(guild).size();
            boolean unique = random.nextInt(20) == 0;
            Event event = new Event(number, unique ? 1_000 + number : random.nextInt(contents));
            sent.get(guild).add(event);
            send(Generation.OLD, guild, event);
            if (nowMillis >= startMillis[guild]) {
              send(Generation.NEW, guild, event);
            }
            lastSent = nowMillis;
          }
        }
        arrive();
        if (nowMillis % 50 == 0) {
          merge.tick();
        }
        if (nowMillis == failsAt && !oldGone) {
          newGone = true;
          merge.abandonNew();
        } else if (merge.isCutOver() && !isDown(Generation.NEW) && !oldGone && !newGone) {
          oldGone = true;
          merge.retireOld();
        }
        clock.advanceMillis(1);
      }
      assertThat(lastSent).isPositive();
    }
  }

  private static Map<Integer, Long> counts(List<Integer> contents) {
    return contents.stream()
        .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nothingIsLostOrDoubledAndTheOrderStays(boolean failsHalfWay) {
    for (int seed = 0; seed < SEEDS; seed++) {
      World world = new World(seed);
      world.run(failsHalfWay, seed % 2 == 0);

      boolean decided = world.merge.forcedCuts() == 0;
      for (int guild = 0; guild < GUILDS; guild++) {
        List<Integer> sent = world.sent.get(guild).stream().map(Event::content).toList();
        List<Integer> received = world.received.get(guild).stream().map(Event::content).toList();
        if (decided) {
          assertThat(received).as("seed %d, guild %d", seed, guild).isEqualTo(sent);
        } else {
          Map<Integer, Long> counts = counts(received);
          counts(sent)
              .forEach(
                  (content, count) ->
                      assertThat(counts.getOrDefault(content, 0L)).isGreaterThanOrEqualTo(count));
        }
      }
      assertThat(world.merge.isSettled()).as("seed %d", seed).isTrue();
      assertThat(failsHalfWay || world.oldGone).as("seed %d", seed).isTrue();
    }
  }

  /**
   * A new session that is lost, or a bound of what may wait, costs no event; an old one costs no
   * more than it would without the other generation.
   */
  @ParameterizedTest
  @CsvSource({"OLD, 1000000", "NEW, 1000000", "OLD, 20", "NEW, 20"})
  void onlyWhatAnOldSessionMissesMayBeLost(Generation generation, int maxEvents) {
    for (int seed = 0; seed < 3 * SEEDS; seed++) {
      World world = new World(seed, maxEvents);
      int lostAt = world.random.nextInt(4_500, 14_000);
      world.lostAt.put(generation, lostAt);
      world.backAt.put(generation, lostAt + world.random.nextInt(1, 4_000));
      world.run(seed % 5 == 4, seed % 4 < 2);

      for (int guild = 0; guild < GUILDS; guild++) {
        Map<Integer, Long> received =
            counts(world.received.get(guild).stream().map(Event::content).toList());
        Map<Integer, Long> missed =
            counts(world.missedByOld.get(guild).stream().map(Event::content).toList());
        for (Map.Entry<Integer, Long> sent :
            counts(world.sent.get(guild).stream().map(Event::content).toList()).entrySet()) {
          int content = sent.getKey();
          assertThat(received.getOrDefault(content, 0L) + missed.getOrDefault(content, 0L))
              .as("seed %d, guild %d, content %d", seed, guild, content)
              .isGreaterThanOrEqualTo(sent.getValue());
        }
      }
    }
  }
}
