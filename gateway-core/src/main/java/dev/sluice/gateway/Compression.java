package dev.sluice.gateway;

import org.jspecify.annotations.Nullable;

/**
 * How the gateway compresses what it sends. Clients never compress.
 *
 * @see <a
 *     href="https://discord.com/developers/docs/events/gateway#encoding-and-compression">Encoding
 *     and compression</a>
 */
public enum Compression {
  /** Nothing is compressed. */
  NONE(null),
  /**
   * Payload compression, asked for by {@code compress} of IDENTIFY: the gateway sends what is large
   * as one complete zlib stream in a BINARY message, and the rest as plain TEXT. Needs {@link
   * Encoding#JSON}. Connections of one thread share the native memory that it takes; the transport
   * compressions make smaller messages.
   */
  PAYLOAD(null),
  /**
   * Transport compression by one zlib stream a connection, flushed at the end of each payload.
   * Costs about 40 kB of native memory a connection.
   */
  ZLIB_STREAM("zlib-stream"),
  /**
   * Transport compression by one zstd stream a connection, flushed at the end of each payload.
   * Smaller and faster than {@link #ZLIB_STREAM}, but costs about 600 kB of native memory a
   * connection: the window that the gateway asks for, 256 kB as of 2024, and 350 kB beside it.
   * Windows of up to 8 MiB are accepted. On JDK 22 and later the library may allocate up to about
   * 200 bytes for a message.
   *
   * <p>Needs the library {@code com.github.luben:zstd-jni}, an optional dependency that is to be
   * added by who uses this; on the module path its module {@code com.github.luben.zstd_jni} must be
   * resolved, as by {@code --add-modules}.
   */
  ZSTD_STREAM("zstd-stream");

  private final @Nullable String parameter;

  Compression(@Nullable String parameter) {
    this.parameter = parameter;
  }

  /** {@return the value of the query parameter {@code compress}, or null when it is left out} */
  public @Nullable String parameter() {
    return parameter;
  }

  /** {@return whether every message of the gateway is part of one compressed stream} */
  boolean isTransport() {
    return parameter != null;
  }
}
