package dev.sluice.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.benchmarks.results.Measured;
import dev.sluice.benchmarks.results.MicroResult;
import dev.sluice.benchmarks.results.Run;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {

  private static final Path DOCS = Path.of("..", "docs");
  private static final Path README = Path.of("..", "README.md");
  private static final Path RESULTS = Path.of("results");

  @TempDir Path directory;

  @Test
  void theSameResultsGiveTheSameBytes() throws IOException {
    Path results = directory.resolve("results");
    Fabricated.write(results.resolve("jdk25/all.jsonl"), Fabricated.everything());
    Fabricated.write(results.resolve("jdk17/all.jsonl"), Fabricated.everything());
    List<Map<String, String>> written = new ArrayList<>();
    for (String name : List.of("first", "second")) {
      Path docs = copyOfDocs(name);
      Report.write(Jdk.readAll(results), docs);
      written.add(contents(docs));
    }
    assertThat(written.get(0)).isEqualTo(written.get(1));
    assertThat(written.get(0)).containsKeys("benchmarks/jdk17/cpu-batches.svg", "operating.md");
  }

  @Test
  void thePageHasEveryJdkOldestFirstAndEveryChart() throws IOException {
    Path results = directory.resolve("results");
    Fabricated.write(results.resolve("jdk25/all.jsonl"), Fabricated.everything());
    Fabricated.write(results.resolve("jdk17/all.jsonl"), Fabricated.everything());
    Path docs = copyOfDocs("docs");
    Report.write(Jdk.readAll(results), docs);
    String page = Files.readString(docs.resolve("benchmarks.md"));
    assertThat(page).contains("| JDK 17: median (range) | rounds | verdict | JDK 25: median");
    contents(docs).keySet().stream()
        .filter(name -> name.endsWith(".svg"))
        .forEach(name -> assertThat(page).contains("](" + name + ')'));
  }

  @Test
  void chartsAreXmlWithoutAnythingThatIsNotANumber() throws Exception {
    Map<String, String> charts = Charts.of(new Jdk("jdk17", List.of(Fabricated.everything())));
    assertThat(charts.keySet())
        .contains(
            "payload-size",
            "cpu-batches",
            "cpu-paced",
            "throughput-none",
            "throughput-zlib",
            "idle-heap",
            "idle-rss",
            "latency-none",
            "latency-none-50");
    for (String svg : charts.values()) {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
      assertThat(svg).doesNotContain("NaN").doesNotContain("Infinity");
    }
  }

  @Test
  void chartsOfASingleRoundOfASingleClientCanBeDrawn() throws IOException {
    Run run =
        new Run(Fabricated.ENVIRONMENT, List.of(Fabricated.flood(1, "sluice", "none", 1_000)));
    assertThat(Charts.of(new Jdk("jdk17", List.of(run))).keySet())
        .containsExactly("cpu-batches", "throughput-none");
  }

  @Test
  void benchmarksOfOneClassStandBesideEachOtherByTheirParameters() {
    Run run =
        new Run(
            Fabricated.ENVIRONMENT,
            List.of(
                micro("RecvBenchmark.recv", "MIXED", "ns/op", 58.123, 0.02),
                micro("RecvBenchmark.recv", "4096", "ns/op", 60, 24),
                micro("RecvBenchmark.copy", "MIXED", "us/op", 2, 0)));
    assertThat(Tables.micro(new Jdk("jdk17", List.of(run))))
        .isEqualTo(
            """
            **RecvBenchmark**

            |  | MIXED: ns/op | B/op | 4096 event: ns/op | B/op |
            | --- | ---: | ---: | ---: | ---: |
            | `recv` | 58.1 | 0 | 60.0 | 24.0 |
            | `copy` | 2.00 us/op | 0 |  |  |
            """);
  }

  private static MicroResult micro(
      String benchmark, String event, String unit, double score, double bytes) {
    return new MicroResult(1, benchmark, Map.of("event", event), "avgt", unit, score, bytes);
  }

  @Test
  void whatAPeerDoesBetterIsListed() {
    List<Measured> results = new ArrayList<>();
    results.add(Fabricated.flood(1, "sluice", "zlib", 3_000));
    results.add(Fabricated.flood(1, "netty", "zlib", 2_000));
    results.add(Fabricated.flood(1, "jda", "zlib", 2_500));
    results.add(Fabricated.flood(1, "kord", "none", 1));
    assertThat(Tables.losses(new Jdk("jdk17", List.of(new Run(Fabricated.ENVIRONMENT, results)))))
        .contains("| 1 shard, zlib-stream, batches | CPU ns/event | 3,000 | 2,500 | JDA |")
        .doesNotContain("Netty")
        .doesNotContain("Kord")
        .doesNotContain("B/event");
  }

  @Test
  void theReadmeHasMediansAndBlanks() {
    List<Measured> results = new ArrayList<>();
    for (double nanos : new double[] {2_000, 2_900, 9_000}) {
      results.add(Fabricated.flood(results.size() + 1, "sluice", "zlib", nanos));
    }
    results.add(Fabricated.flood(1, "jda", "zlib", 9_410));
    results.add(Fabricated.flood(1, "sluice", "none", 1));
    results.add(Fabricated.flood(1, "netty", "zlib", 1));
    assertThat(Summary.of(new Jdk("jdk17", List.of(new Run(Fabricated.ENVIRONMENT, results)))))
        .isEqualTo(
            """
            |  | Sluice | JDA 6.5.0 |
            | --- | ---: | ---: |
            | processor time an event, in batches | 2.90 µs | 9.41 µs |
            | the same, one event a packet |  |  |
            | allocated an event | 41.0 B | 11.0 kB |
            | heap a shard, 64 idle |  |  |
            | threads of the process then |  |  |
            """);
    assertThat(Summary.of(new Jdk("jdk17", List.of()))).isEqualTo(Tables.NO_RESULTS);
  }

  @Test
  void thePagesSayWhatTheResultsSay() throws IOException {
    List<Jdk> jdks = Jdk.readAll(RESULTS);
    Map<String, Map<String, String>> charts = new LinkedHashMap<>();
    for (Jdk jdk : jdks) {
      charts.put(jdk.directory(), Charts.of(jdk));
      for (Map.Entry<String, String> chart : charts.get(jdk.directory()).entrySet()) {
        assertThat(
                DOCS.resolve("benchmarks")
                    .resolve(jdk.directory())
                    .resolve(chart.getKey() + ".svg"))
            .as("run report.Report, see CONTRIBUTING.md")
            .hasContent(chart.getValue());
      }
    }
    assertIsFilled(DOCS.resolve("benchmarks.md"), Report.benchmarksPage(jdks, charts));
    assertIsFilled(DOCS.resolve("operating.md"), Report.operatingPage(jdks));
    assertIsFilled(README, Report.readme(jdks));
  }

  private static void assertIsFilled(Path page, Map<String, String> parts) throws IOException {
    String text = Files.readString(page);
    assertThat(text)
        .as("%s: run report.Report, see CONTRIBUTING.md", page.getFileName())
        .isEqualTo(Page.filled(text, parts));
  }

  private Path copyOfDocs(String name) throws IOException {
    Path root = Files.createDirectory(directory.resolve(name));
    Files.copy(README, root.resolve("README.md"));
    Path docs = Files.createDirectory(root.resolve("docs"));
    for (String page : List.of("benchmarks.md", "operating.md")) {
      Files.copy(DOCS.resolve(page), docs.resolve(page));
    }
    return docs;
  }

  private static Map<String, String> contents(Path docs) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(docs)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(docs.relativize(file).toString().replace('\\', '/'), Files.readString(file));
      }
    }
    return contents;
  }
}
