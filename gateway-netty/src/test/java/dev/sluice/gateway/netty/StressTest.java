package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the classes {@code *Stress} by jcstress: every interleaving that two cores can be led to.
 */
final class StressTest {

  @Test
  void forASecondEach(@TempDir Path directory) throws Exception {
    // One set of options of the compiler, which else are many.
    run(directory, 120, "-jvmArgs", "-Xmx256m", "-sc", "false", "-iters", "1", "-time", "1000");
  }

  @Test
  @Tag("soak")
  void withEverySetOfCompilerOptions(@TempDir Path directory) throws Exception {
    run(directory, 3_600, "-iters", "5", "-time", "2000");
  }

  private static void run(Path directory, long timeoutSeconds, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    Collections.addAll(
        command,
        ProcessHandle.current().info().command().orElse("java"),
        "-cp",
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
        "org.openjdk.jcstress.Main",
        "-t",
        "dev.sluice",
        "-f",
        "1",
        "-fsm",
        "1",
        "-c",
        "2",
        "-r",
        directory.toString());
    Collections.addAll(command, options);
    Path output = directory.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    boolean ended = process.waitFor(timeoutSeconds, TimeUnit.SECONDS);
    process.destroyForcibly();
    String text = Files.readString(output, StandardCharsets.UTF_8);
    assertThat(ended).as(text).isTrue();
    assertThat(process.exitValue()).as(text).isZero();
    assertThat(text).contains("3 matching test results");
  }
}
