package dev.sluice.benchmarks.report;

import dev.sluice.benchmarks.results.ResultFile;
import dev.sluice.benchmarks.results.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What was measured on one JDK: all files of one directory, {@code jdk17} for JDK 17.
 *
 * @param directory the name of the directory
 * @param runs the runs, in the order of the names of their files
 */
record Jdk(String directory, List<Run> runs) {

  private static final String PREFIX = "jdk";

  /** Copies the list. */
  Jdk {
    runs = List.copyOf(runs);
  }

  /** {@return the name for tables, as {@code JDK 17}} */
  String title() {
    return "JDK " + directory.substring(PREFIX.length());
  }

  /**
   * {@return what was measured, oldest JDK first}
   *
   * @param results the directory with a directory for each JDK; none is like an empty one
   * @throws IOException if a file cannot be read or is not one of results
   */
  static List<Jdk> readAll(Path results) throws IOException {
    if (!Files.isDirectory(results)) {
      return List.of();
    }
    List<Jdk> all = new ArrayList<>();
    for (Path directory : sorted(results, PREFIX + "*")) {
      List<Run> runs = new ArrayList<>();
      for (Path file : sorted(directory, "*.jsonl")) {
        runs.addAll(ResultFile.read(file));
      }
      all.add(new Jdk(directory.getFileName().toString(), runs));
    }
    return List.copyOf(all);
  }

  private static List<Path> sorted(Path directory, String names) throws IOException {
    try (Stream<Path> paths = Files.list(directory)) {
      var matcher = directory.getFileSystem().getPathMatcher("glob:" + names);
      return paths.filter(path -> matcher.matches(path.getFileName())).sorted().toList();
    }
  }
}
