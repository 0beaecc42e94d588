package dev.sluice.benchmarks.micro;

import dev.sluice.benchmarks.results.Environment;
import dev.sluice.benchmarks.results.MicroResult;
import dev.sluice.benchmarks.results.ResultFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs JMH benchmarks in rounds: in each round every benchmark has one fork, one after another. So
 * what is compared was measured within a minute or two, and ratios can be taken round by round,
 * which a machine that changes its pace between rounds does not disturb. Each round begins with the
 * next benchmark, so that none is always the first or always behind the same one.
 *
 * <pre>{@code
 * java -cp benchmarks/target/benchmarks.jar dev.sluice.benchmarks.micro.MicroRounds \
 *     --rounds=7 --include=RecvBenchmark --out=benchmarks/results/jdk17/micro.jsonl
 * }</pre>
 *
 * <p>Options, all with a default:
 *
 * <ul>
 *   <li>{@code --rounds=7}
 *   <li>{@code --include=regex}, again for more: which benchmarks, of class and method; all
 *   <li>{@code --param=name=value,value}, again for more: instead of the values of the benchmarks
 *   <li>{@code --bars}: what the bars are made of, instead of {@code --include} and {@code --param}
 *   <li>{@code --warmup=500} and {@code --time=200}: milliseconds of each of 2 iterations to warm
 *       up and of 3 that count
 *   <li>{@code --out=file}: where results are appended as lines of JSON; without it they are only
 *       printed
 * </ul>
 */
public final class MicroRounds {

  private static final int WARMUP_ITERATIONS = 2;
  private static final int ITERATIONS = 3;
  private static final List<String> HEAP_FLAGS = List.of("-Xms1g", "-Xmx1g");
  private static final String ALLOCATED = "gc.alloc.rate.norm";

  private int rounds = 7;
  private final List<String> includes = new ArrayList<>();
  private final Map<String, List<String>> params = new LinkedHashMap<>();
  private boolean bars;
  private int warmupMillis = 500;
  private int millis = 200;
  private Path out;

  private MicroRounds(String[] args) {
    for (String arg : args) {
      String[] option = arg.split("=", 2);
      String value = option.length == 2 ? option[1] : "";
      switch (option[0]) {
        case "--rounds" -> rounds = positive("rounds", value);
        case "--include" -> includes.add(value);
        case "--param" -> {
          String[] param = value.split("=", 2);
          if (param.length < 2) {
            throw new IllegalArgumentException("param: " + value + " (expected: name=value)");
          }
          params.put(param[0], List.of(param[1].split(",", -1)));
        }
        case "--bars" -> bars = true;
        case "--warmup" -> warmupMillis = positive("warmup", value);
        case "--time" -> millis = positive("time", value);
        case "--out" -> out = Path.of(value);
        default ->
            throw new IllegalArgumentException(
                "option: "
                    + arg
                    + " (expected: --rounds, --include, --param, --bars, --warmup, --time or"
                    + " --out)");
      }
    }
    if (bars && !(includes.isEmpty() && params.isEmpty())) {
      throw new IllegalArgumentException("bars: with an include or param (expected: alone)");
    }
  }

  private static int positive(String name, String value) {
    int number;
    try {
      number = Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: a number)", e);
    }
    if (number < 1) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
    }
    return number;
  }

  /**
   * Runs the rounds.
   *
   * @param args the options
   * @throws IOException if the results cannot be written
   * @throws RunnerException if a benchmark fails, or there is none of that name
   */
  public static void main(String[] args) throws IOException, RunnerException {
    MicroRounds rounds;
    try {
      rounds = new MicroRounds(args);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(2);
      return;
    }
    rounds.run(String.join(" ", args));
  }

  /** As {@link #main}, but a wrong option is thrown. */
  static void run(String... args) throws IOException, RunnerException {
    new MicroRounds(args).run(String.join(" ", args));
  }

  private void run(String options) throws IOException, RunnerException {
    if (out != null) {
      String command = ("MicroRounds " + options).strip();
      ResultFile.append(out, Environment.current(String.join(" ", HEAP_FLAGS), command));
    }
    List<Selection> selections = bars ? Selection.BARS : selections();
    for (int round = 1; round <= rounds; round++) {
      // One at a time, for its result to be kept at once.
      for (Selection selection : inOrder(selections, round)) {
        for (RunResult run : new Runner(options(selection).build()).run()) {
          MicroResult result = result(round, run);
          System.out.println(line(result));
          if (out != null) {
            ResultFile.append(out, result);
          }
        }
      }
    }
  }

  /** {@return the same elements, from another first one in each round} */
  static <T> List<T> inOrder(List<T> elements, int round) {
    List<T> rotated = new ArrayList<>(elements);
    Collections.rotate(rotated, 1 - round);
    return rotated;
  }

  private List<Selection> selections() throws RunnerException {
    List<Selection> selections =
        BenchmarkList.defaultList()
            .find(
                OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT),
                includes,
                List.of())
            .stream()
            .map(BenchmarkListEntry::getUsername)
            .map(name -> new Selection(classAndMethod(name), params))
            .toList();
    if (selections.isEmpty()) {
      throw new NoBenchmarksException();
    }
    return selections;
  }

  private static String classAndMethod(String name) {
    int method = name.lastIndexOf('.');
    return name.substring(name.lastIndexOf('.', method - 1) + 1);
  }

  private ChainedOptionsBuilder options(Selection selection) {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("\\b" + Pattern.quote(selection.benchmark()) + '$')
            .forks(1)
            .warmupIterations(WARMUP_ITERATIONS)
            .warmupTime(TimeValue.milliseconds(warmupMillis))
            .measurementIterations(ITERATIONS)
            .measurementTime(TimeValue.milliseconds(millis))
            .jvmArgs(HEAP_FLAGS.toArray(String[]::new))
            .addProfiler(GCProfiler.class)
            .verbosity(VerboseMode.SILENT)
            .shouldFailOnError(true);
    selection
        .params()
        .forEach((name, values) -> options.param(name, values.toArray(String[]::new)));
    return options;
  }

  private static MicroResult result(int round, RunResult run) {
    String name = classAndMethod(run.getParams().getBenchmark());
    Map<String, String> params = new TreeMap<>();
    for (String key : run.getParams().getParamsKeys()) {
      params.put(key, run.getParams().getParam(key));
    }
    Result<?> score = run.getPrimaryResult();
    Result<?> allocated = run.getSecondaryResults().get(ALLOCATED);
    if (allocated == null) {
      throw new IllegalStateException(
          name + ": without " + ALLOCATED + " (expected: from the profiler)");
    }
    return new MicroResult(
        round,
        name,
        params,
        run.getParams().getMode().shortLabel(),
        score.getScoreUnit(),
        score.getScore(),
        allocated.getScore());
  }

  private static String line(MicroResult result) {
    return String.format(
        Locale.ROOT,
        "round %d  %-44s %-28s %,14.1f %s %,14.1f B/op",
        result.round(),
        result.benchmark(),
        result.params(),
        result.score(),
        result.unit(),
        result.allocatedBytesPerOp());
  }
}
