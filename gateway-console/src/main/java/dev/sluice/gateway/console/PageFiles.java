package dev.sluice.gateway.console;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The files of the page and of the library that draws its charts, from the class path; each read
 * once. Confined to the console's thread.
 */
final class PageFiles {

  /** Names as the page's own are: no hidden file, no way up. */
  private static final Pattern PATH =
      Pattern.compile("([A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*");

  private static final Map<String, String> TYPES =
      Map.ofEntries(
          Map.entry("html", "text/html; charset=utf-8"),
          Map.entry("css", "text/css; charset=utf-8"),
          Map.entry("js", "text/javascript; charset=utf-8"),
          Map.entry("mjs", "text/javascript; charset=utf-8"),
          Map.entry("json", "application/json"),
          Map.entry("webmanifest", "application/manifest+json"),
          Map.entry("svg", "image/svg+xml"),
          Map.entry("png", "image/png"),
          Map.entry("ico", "image/x-icon"),
          Map.entry("txt", "text/plain; charset=utf-8"));

  private static final int ETAG_LENGTH = 16;

  private final Map<String, PageFile> known = new HashMap<>();

  /** One file. */
  record PageFile(Buffer content, String type, String etag) {}

  /**
   * {@return the file, or null when there is none}
   *
   * @param path below the page, such as {@code app.js}
   */
  @SuppressWarnings("NullAway") // computeIfAbsent may be given null, and then gives it
  @Nullable PageFile get(String path) {
    String type = TYPES.get(path.substring(path.lastIndexOf('.') + 1));
    if (type == null || !PATH.matcher(path).matches()) {
      return null; // not remembered, for there is no end to such names
    }
    return known.computeIfAbsent(path, missing -> load(path, type)); // which keeps no null
  }

  private static @Nullable PageFile load(String path, String type) {
    String resource = path.startsWith("vendor/") ? path : "page/" + path;
    try (InputStream in = PageFiles.class.getResourceAsStream(resource)) {
      if (in == null) {
        return null;
      }
      byte[] content = in.readAllBytes();
      return new PageFile(Buffer.buffer(content), type, etag(content));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Weak, for what is compressed on its way is the same page in other bytes. */
  private static String etag(byte[] content) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
      return "W/\"" + HexFormat.of().formatHex(digest).substring(0, ETAG_LENGTH) + '"';
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
