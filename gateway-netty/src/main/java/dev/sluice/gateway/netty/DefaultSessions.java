package dev.sluice.gateway.netty;

import dev.sluice.gateway.netty.internal.store.DirectoryClaim;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a manager keeps its sessions unless it is told: in a directory of the bot's own, below the
 * working directory, that no other process uses unless an assignment divides the shards; in memory
 * if there is no such thing.
 */
final class DefaultSessions {

  static final Path PARENT = Path.of("sluice-sessions");

  private static final Logger log = LoggerFactory.getLogger(DefaultSessions.class);
  private static final int HASH_BYTES = 8;

  private DefaultSessions() {}

  /**
   * Opens the store of a bot. Touches the disk.
   *
   * @param shared whether an assignment sees to it that no shard runs in two processes at a time
   */
  static SessionStore open(Path parent, String token, boolean shared) {
    Path directory = parent.resolve(name(token)).toAbsolutePath();
    if (shared) {
      log.info("sessions are kept in {}", directory);
      return SessionStore.directory(directory);
    }
    try {
      DirectoryClaim claim = DirectoryClaim.of(directory);
      if (claim == null) {
        // Two processes would resume the same sessions, and take them from each other for ever.
        log.warn("sessions are kept in memory: {} is in use by another manager", directory);
        return SessionStore.inMemory();
      }
      log.info("sessions are kept in {}", directory);
      return DirectorySessionStore.builder(directory).claim(claim).build();
    } catch (IOException | UnsupportedOperationException e) {
      log.warn("sessions are kept in memory: {} cannot be used: {}", directory, e.toString());
      return SessionStore.inMemory();
    }
  }

  /**
   * The bot's id, with which its token begins, or what nobody can get the token from: a part of its
   * hash.
   */
  static String name(String token) {
    int end = token.indexOf('.');
    if (end > 0) {
      try {
        String id =
            new String(
                Base64.getUrlDecoder().decode(token.substring(0, end)), StandardCharsets.US_ASCII);
        if (id.matches("[0-9]{15,20}")) {
          return id;
        }
      } catch (IllegalArgumentException e) {
        log.debug("the token does not begin with an id"); // nor is its text fit for a log
      }
    }
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, HASH_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
