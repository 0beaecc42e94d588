package dev.sluice.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the README shows is what the examples compile. */
class ReadmeTest {

  private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @Test
  void everySnippetStandsInAnExample() throws IOException {
    List<String> snippets =
        JAVA_BLOCK
            .matcher(Files.readString(Path.of("../README.md")))
            .results()
            .map(block -> unindented(block.group(1)))
            .toList();
    assertThat(snippets).isNotEmpty();

    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      String examples =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .map(ReadmeTest::read)
              .map(ReadmeTest::unindented)
              .collect(Collectors.joining("\n"));
      assertThat(snippets).allSatisfy(snippet -> assertThat(examples).contains(snippet));
    }
  }

  private static String unindented(String code) {
    return code.lines().map(String::strip).collect(Collectors.joining("\n"));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
