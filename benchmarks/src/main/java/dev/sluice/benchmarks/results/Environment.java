package dev.sluice.benchmarks.results;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * Where, when and with what a run was made: the first line of each run in a results file.
 *
 * @param date the day, in UTC, as {@code 2026-11-26}
 * @param jdk the version of the JDK and its vendor
 * @param os the operating system, its version and the architecture
 * @param cpu the model of the processor, as the system names it
 * @param cores the processors that the JVM may use
 * @param heapFlags the flags of the measured JVMs
 * @param versions the versions of what was measured, by name
 * @param command the command of the run, without the paths of a machine
 */
public record Environment(
    String date,
    String jdk,
    String os,
    String cpu,
    int cores,
    String heapFlags,
    Map<String, String> versions,
    String command)
    implements Result {

  /** Checks that nothing is missing. */
  public Environment {
    LocalDate.parse(date);
    Require.text("jdk", jdk);
    Require.text("os", os);
    Require.text("cpu", cpu);
    Require.atLeast("cores", cores, 1);
    Require.text("command", command);
    versions = Collections.unmodifiableSortedMap(new TreeMap<>(versions));
  }

  /**
   * {@return the environment of this JVM today, with the versions that this jar was built with}
   *
   * @param heapFlags the flags of the measured JVMs
   * @param command the command of the run; where it writes to is left out
   */
  public static Environment current(String heapFlags, String command) {
    return new Environment(
        LocalDate.now(ZoneOffset.UTC).toString(),
        System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ')',
        System.getProperty("os.name")
            + ' '
            + System.getProperty("os.version")
            + ' '
            + System.getProperty("os.arch"),
        cpuModel(),
        Runtime.getRuntime().availableProcessors(),
        heapFlags,
        builtWith(),
        command.replaceAll(" --out=\\S*", ""));
  }

  private static String cpuModel() {
    Path info = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(info)) {
      return "unknown";
    }
    try {
      for (String line : Files.readAllLines(info)) {
        if (line.startsWith("model name")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return "unknown";
  }

  private static Map<String, String> builtWith() {
    Properties properties = new Properties();
    try (InputStream in = Environment.class.getResourceAsStream("versions.properties")) {
      if (in == null) {
        throw new IllegalStateException("versions.properties: missing (expected: in the jar)");
      }
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, String> versions = new TreeMap<>();
    for (String name : properties.stringPropertyNames()) {
      versions.put(name, properties.getProperty(name));
    }
    return versions;
  }
}
