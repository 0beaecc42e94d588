package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** The sample payloads: one message in a file, named after the event and its variant. */
public final class Payloads {

  private Payloads() {}

  /** {@return the names of all samples; those that are no dispatches begin with an underscore} */
  public static List<String> names() {
    try (Stream<Path> files = Files.list(folder())) {
      return files
          .map(file -> file.getFileName().toString().replace(".json", ""))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return one sample as it travels, without the line end of its file} */
  public static byte[] bytes(String name) {
    return text(name).getBytes(UTF_8);
  }

  /** {@return one sample as it travels, without the line end of its file} */
  public static String text(String name) {
    try {
      return Files.readString(folder().resolve(name + ".json")).stripTrailing();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path folder() {
    URL url = Objects.requireNonNull(Payloads.class.getResource("/payloads"));
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
