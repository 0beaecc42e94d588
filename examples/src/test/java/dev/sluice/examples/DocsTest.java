package dev.sluice.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the pages show is what the examples compile, and where they point to is something. */
final class DocsTest {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern CODE =
      Pattern.compile("^ *```java\n(.*?)^ *```$", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern FENCE =
      Pattern.compile("^ *```.*?^ *```$", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern INLINE_CODE = Pattern.compile("`[^`\n]+`");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);
  private static final Pattern MEMBER = Pattern.compile("`([A-Z]\\w+)\\.([a-zA-Z_]\\w*)[^`\n]*`");
  private static final Pattern EXAMPLE =
      Pattern.compile("dev\\.sluice\\.examples(\\.[a-z0-9]+)*\\.[A-Z]\\w+");

  @Test
  void snippetsStandInExamples() throws IOException {
    List<String> examples =
        sources("examples").values().stream().map(DocsTest::unindented).toList();
    List<String> strange = new ArrayList<>();
    int snippets = 0;
    for (Path page : pages()) {
      for (MatchResult code : CODE.matcher(read(page)).results().toList()) {
        snippets++;
        String snippet = unindented(code.group(1));
        if (examples.stream().noneMatch(example -> example.contains(snippet))) {
          strange.add(ROOT.relativize(page) + ":\n" + snippet);
        }
      }
    }
    assertThat(snippets).isPositive();
    assertThat(strange).as("snippets that no example has").isEmpty();
  }

  @Test
  void linksLeadSomewhere() throws IOException {
    List<String> dead = new ArrayList<>();
    for (Path page : pages()) {
      Matcher link = LINK.matcher(prose(page));
      while (link.find()) {
        String target = link.group(1);
        if (!target.contains("://") && !leadsSomewhere(page, target)) {
          dead.add(ROOT.relativize(page) + ": " + target);
        }
      }
    }
    assertThat(dead).isEmpty();
  }

  @Test
  void examplesThatPagesNameExist() throws IOException {
    String all = pages().stream().map(DocsTest::read).collect(Collectors.joining("\n"));
    List<String> classes =
        EXAMPLE.matcher(all).results().map(MatchResult::group).distinct().toList();
    List<String> sources = sources("examples").keySet().stream().map(DocsTest::slashed).toList();

    assertThat(classes)
        .isNotEmpty()
        .allSatisfy(
            name -> {
              String path = '/' + name.replace('.', '/');
              assertThat(sources)
                  .anyMatch(
                      source ->
                          source.endsWith(path + ".java")
                              || source.endsWith(path.replaceAll("Kt$", "") + ".kt"));
            });
  }

  @Test
  void membersThatPagesNameExist() throws IOException {
    Map<String, String> classes = new HashMap<>();
    sources("")
        .forEach(
            (file, text) ->
                classes.merge(
                    file.getFileName().toString().replaceAll("\\.\\w+$", ""),
                    text,
                    (one, other) -> one + other));
    List<String> strange = new ArrayList<>();
    for (Path page : pages()) {
      for (MatchResult member : MEMBER.matcher(ownWords(page)).results().toList()) {
        String text = classes.get(member.group(1));
        if (text != null && !text.matches("(?s).*\\b" + member.group(2) + "\\b.*")) {
          strange.add(ROOT.relativize(page) + ": " + member.group());
        }
      }
    }
    assertThat(strange).isEmpty();
  }

  /** Without fenced code, and without what other libraries call theirs: the first cell of a row. */
  private static String ownWords(Path page) {
    String text = FENCE.matcher(read(page)).replaceAll("");
    return page.getFileName().toString().startsWith("migrating-from-")
        ? text.replaceAll("(?m)^\\|[^|\n]*\\|", "|")
        : text;
  }

  private static boolean leadsSomewhere(Path page, String target) {
    int hash = target.indexOf('#');
    String file = hash < 0 ? target : target.substring(0, hash);
    Path path = file.isEmpty() ? page : page.resolveSibling(file).normalize();
    if (!Files.exists(path)) {
      return false;
    }
    return hash < 0 || anchors(path).contains(target.substring(hash + 1));
  }

  /** The names that GitHub gives to the headings of a page. */
  private static Set<String> anchors(Path page) {
    Set<String> anchors = new HashSet<>();
    HEADING
        .matcher(FENCE.matcher(read(page)).replaceAll(""))
        .results()
        .map(heading -> heading.group(1))
        .map(
            heading ->
                heading
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N}\\p{M} _-]", "")
                    .replace(' ', '-'))
        .forEach(anchors::add);
    return anchors;
  }

  private static String prose(Path page) {
    String withoutFences = FENCE.matcher(read(page)).replaceAll("");
    return INLINE_CODE.matcher(withoutFences).replaceAll("");
  }

  /** All pages: those of the root and of docs. */
  private static List<Path> pages() throws IOException {
    try (Stream<Path> root = Files.list(ROOT);
        Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      return Stream.concat(root, docs)
          .filter(file -> file.toString().endsWith(".md"))
          .sorted()
          .toList();
    }
  }

  /** The sources of the modules whose directories begin so. */
  private static Map<Path, String> sources(String module) throws IOException {
    Map<Path, String> sources = new TreeMap<>();
    Files.walkFileTree(
        ROOT,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            if (directory.equals(ROOT)) {
              return FileVisitResult.CONTINUE;
            }
            String name = directory.getFileName().toString();
            boolean another =
                directory.getParent().equals(ROOT)
                    && !(name.startsWith(module) && Files.exists(directory.resolve("pom.xml")));
            return another || name.equals("target") || name.startsWith(".")
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".java") || file.toString().endsWith(".kt")) {
              sources.put(file, read(file));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return sources;
  }

  private static String slashed(Path path) {
    return path.toString().replace('\\', '/');
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
