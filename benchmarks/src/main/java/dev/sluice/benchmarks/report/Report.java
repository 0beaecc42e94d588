package dev.sluice.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Writes the generated parts of {@code README.md}, {@code docs/benchmarks.md} and {@code
 * docs/operating.md}, and the charts in {@code docs/benchmarks/}, from the files of results. The
 * same results give the same bytes.
 *
 * <pre>{@code
 * java -cp benchmarks/target/benchmarks.jar dev.sluice.benchmarks.report.Report
 * }</pre>
 *
 * <p>Options: {@code --results=benchmarks/results}, {@code --docs=docs}.
 */
public final class Report {

  private static final String RESULTS = "--results=";
  private static final String DOCS = "--docs=";
  private static final String CHARTS = "benchmarks";

  private Report() {}

  /**
   * Writes all of it and prints the bars.
   *
   * @param args the options
   * @throws IOException if a file of results is not one, or a page cannot be written
   */
  public static void main(String[] args) throws IOException {
    Path results = Path.of("benchmarks", "results");
    Path docs = Path.of("docs");
    for (String arg : args) {
      if (arg.startsWith(RESULTS)) {
        results = Path.of(arg.substring(RESULTS.length()));
      } else if (arg.startsWith(DOCS)) {
        docs = Path.of(arg.substring(DOCS.length()));
      } else {
        throw new IllegalArgumentException(
            "option: " + arg + " (expected: " + RESULTS + "... or " + DOCS + "...)");
      }
    }
    List<Jdk> jdks = Jdk.readAll(results);
    write(jdks, docs);
    System.out.print(Tables.bars(jdks));
  }

  /**
   * Writes pages and charts.
   *
   * @param jdks what was measured
   * @param docs the directory of the pages, beside the README
   * @throws IOException if a page or a chart cannot be written
   */
  static void write(List<Jdk> jdks, Path docs) throws IOException {
    Map<String, Map<String, String>> charts = new LinkedHashMap<>();
    for (Jdk jdk : jdks) {
      charts.put(jdk.directory(), Charts.of(jdk));
    }
    for (Map.Entry<String, Map<String, String>> ofJdk : charts.entrySet()) {
      Path directory = Files.createDirectories(docs.resolve(CHARTS).resolve(ofJdk.getKey()));
      for (Map.Entry<String, String> chart : ofJdk.getValue().entrySet()) {
        Files.writeString(directory.resolve(chart.getKey() + ".svg"), chart.getValue());
      }
    }
    Page.fill(docs.resolve("benchmarks.md"), benchmarksPage(jdks, charts));
    Page.fill(docs.resolve("operating.md"), operatingPage(jdks));
    Page.fill(docs.resolveSibling("README.md"), readme(jdks));
  }

  /**
   * {@return the generated parts of docs/benchmarks.md}
   *
   * @param jdks what was measured
   * @param charts the charts by name, by the directory of their JDK
   */
  static Map<String, String> benchmarksPage(
      List<Jdk> jdks, Map<String, Map<String, String>> charts) {
    Map<String, String> parts = new LinkedHashMap<>();
    parts.put("bars", Tables.bars(jdks));
    parts.put("losses", eachJdk(jdks, charts, List.of(), Tables::losses));
    parts.put("environments", Tables.environments(jdks));
    parts.put("micro", eachJdk(jdks, charts, List.of("payload-size"), Tables::micro));
    parts.put(
        "batches",
        eachJdk(
            jdks,
            charts,
            List.of("cpu-batches", "throughput-"),
            jdk -> Tables.floods(jdk, "batches")));
    parts.put(
        "paced", eachJdk(jdks, charts, List.of("cpu-paced"), jdk -> Tables.floods(jdk, "paced")));
    parts.put("idle", eachJdk(jdks, charts, List.of("idle-"), Tables::idle));
    parts.put("latency", eachJdk(jdks, charts, List.of("latency-"), Tables::latency));
    return parts;
  }

  /**
   * {@return the generated parts of docs/operating.md}
   *
   * @param jdks what was measured
   */
  static Map<String, String> operatingPage(List<Jdk> jdks) {
    return Map.of("memory", jdks.isEmpty() ? Tables.NO_RESULTS : Tables.memory(jdks.get(0)));
  }

  /**
   * {@return the generated parts of README.md}
   *
   * @param jdks what was measured
   */
  static Map<String, String> readme(List<Jdk> jdks) {
    return Map.of("figures", jdks.isEmpty() ? Tables.NO_RESULTS : Summary.of(jdks.get(0)));
  }

  /** Charts and a table for each JDK; those after the first are folded. */
  private static String eachJdk(
      List<Jdk> jdks,
      Map<String, Map<String, String>> charts,
      List<String> chartPrefixes,
      Function<Jdk, String> table) {
    if (jdks.isEmpty()) {
      return Tables.NO_RESULTS;
    }
    StringBuilder text = new StringBuilder();
    for (Jdk jdk : jdks) {
      boolean folded = jdk != jdks.get(0);
      if (folded) {
        text.append("\n<details><summary>").append(jdk.title()).append("</summary>\n\n");
      } else if (jdks.size() > 1) {
        text.append(jdk.title()).append(":\n\n");
      }
      for (String name : charts.getOrDefault(jdk.directory(), Map.of()).keySet()) {
        if (chartPrefixes.stream().anyMatch(name::startsWith)) {
          text.append("![").append(name).append(" on ").append(jdk.title()).append("](");
          text.append(CHARTS).append('/').append(jdk.directory()).append('/').append(name);
          text.append(".svg)\n\n");
        }
      }
      text.append(table.apply(jdk));
      if (folded) {
        text.append("\n</details>\n");
      }
    }
    return text.toString();
  }
}
