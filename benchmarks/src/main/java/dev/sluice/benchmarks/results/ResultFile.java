package dev.sluice.benchmarks.results;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Files of results: one JSON object a line. Each run begins with its {@link Environment}; a run
 * that is appended to a file stays apart from those before it, since only results of the same run
 * are compared.
 */
public final class ResultFile {

  /** Strict: a field that is misspelt or missing is an error, and not a figure that is left out. */
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private ResultFile() {}

  /**
   * Appends a result; creates the file and its directories if they are not there.
   *
   * @param file the file
   * @param result the result; the first of each run is its environment
   * @throws IOException if the file cannot be written
   */
  public static void append(Path file, Result result) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null) {
      Files.createDirectories(directory);
    }
    Files.writeString(
        file, toJson(result) + '\n', StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /**
   * {@return a result as one line of JSON, without the end of the line}
   *
   * @param result the result
   */
  public static String toJson(Result result) {
    try {
      return MAPPER.writerFor(Result.class).writeValueAsString(result);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("result: " + result + " (expected: one that is JSON)", e);
    }
  }

  /**
   * {@return a result that was one line of JSON}
   *
   * @param line the line
   * @throws IOException if it is no result
   */
  public static Result fromJson(String line) throws IOException {
    return MAPPER.readValue(line, Result.class);
  }

  /**
   * {@return the runs of a file, in the order in which they were written}
   *
   * @param file the file
   * @throws IOException if it cannot be read, or a line is no result, or the first no environment
   */
  public static List<Run> read(Path file) throws IOException {
    List<Run> runs = new ArrayList<>();
    Environment environment = null;
    List<Measured> results = new ArrayList<>();
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      Result result;
      try {
        result = fromJson(line);
      } catch (IOException e) {
        throw new IOException(file.getFileName() + ", line " + number + ": " + e.getMessage(), e);
      }
      if (result instanceof Environment next) {
        if (environment != null) {
          runs.add(new Run(environment, results));
        }
        environment = next;
        results.clear();
      } else if (environment == null) {
        throw new IOException(
            file.getFileName() + ", line " + number + ": " + line + " (expected: an environment)");
      } else if (result instanceof Measured measured) {
        results.add(measured);
      }
    }
    if (environment != null) {
      runs.add(new Run(environment, results));
    }
    return List.copyOf(runs);
  }
}
