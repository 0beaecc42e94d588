package dev.sluice.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What tells sessions apart without being of use to resume one: the beginning of the SHA-256 of the
 * session's id. Brokers get it in the header {@code session}.
 */
final class SessionMark {

  private static final int BYTES = 8;

  private SessionMark() {}

  static String of(String sessionId) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(sessionId.getBytes(UTF_8));
      return HexFormat.of().formatHex(hash, 0, BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every platform has SHA-256", e);
    }
  }
}
