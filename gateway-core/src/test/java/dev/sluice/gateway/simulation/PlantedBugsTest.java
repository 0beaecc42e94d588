package dev.sluice.gateway.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The simulation can fail: it finds what is known to be wrong, and by the right sign. */
class PlantedBugsTest {

  private static final int MAX_SEEDS = 150;
  private static final int MAX_SHARDS = 40;

  static List<PlantedBug> bugs() {
    return PlantedBug.ALL;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("bugs")
  void isFound(PlantedBug bug) throws Exception {
    Class<?> simulation = new PlantedClassLoader(bug).loadClass(Simulation.class.getName());
    Method run = simulation.getDeclaredMethod("run", long.class);
    run.setAccessible(true);
    int runs = 0;
    String sign = null;
    String failure = null;
    long seed = 0;
    while (sign == null && runs < MAX_SEEDS) {
      seed++;
      if (new Settings(seed).shards <= MAX_SHARDS) {
        runs++;
        Object outcome = run.invoke(null, seed);
        sign = text(outcome, "invariant");
        failure = text(outcome, "failure");
      }
    }
    System.out.println(
        String.format(Locale.ROOT, "%-45s %3d seeds, seed %3d: %s", bug.name(), runs, seed, sign));

    assertThat(sign).as("%s: in %d seeds", bug.lesson(), runs).isNotNull();
    assertThat(bug.signs()).as(failure).contains(Invariant.valueOf(sign));
  }

  /** A component of an outcome that another class loader knows. */
  private static @Nullable String text(Object outcome, String component)
      throws ReflectiveOperationException {
    Method accessor = outcome.getClass().getDeclaredMethod(component);
    accessor.setAccessible(true);
    Object value = accessor.invoke(outcome);
    return value == null ? null : value.toString();
  }
}
