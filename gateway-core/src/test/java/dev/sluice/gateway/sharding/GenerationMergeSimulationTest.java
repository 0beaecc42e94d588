package dev.sluice.gateway.sharding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.EventType;
import dev.sluice.gateway.ManualClock;
import dev.sluice.gateway.sharding.GenerationMerge.Generation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
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
    final Map<Generation, Integer> meanDelay;
    final GenerationMerge<Copy> merge =
        GenerationMerge.create(
            Duration.ofMillis(WINDOW_MILLIS),
            1_000_000,
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
    long nowMillis;
    long order;
    boolean oldGone;
    boolean newGone;

    World(long seed) {
      random = new SplittableRandom(seed);
      meanDelay =
          Map.of(Generation.OLD, random.nextInt(1, 300), Generation.NEW, random.nextInt(1, 300));
      for (int guild = 0; guild < GUILDS; guild++) {
        sent.add(new ArrayList<>());
        received.add(new ArrayList<>());
      }
    }

    /** Copies of one session keep their order; each waits a while, a few for long. */
    void send(Generation generation, int guild, Event event) {
      int mean = meanDelay.get(generation);
      long delay = random.nextInt(50) == 0 ? random.nextInt(600) : random.nextInt(2 * mean);
      String session = generation + " " + guild;
      long at = Math.max(nowMillis + delay, lastArrival.getOrDefault(session, 0L));
      lastArrival.put(session, at);
      wire.add(new Copy(at, order++, generation, guild, event));
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
        } else if (merge.isCutOver() && !oldGone && !newGone) {
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
}
