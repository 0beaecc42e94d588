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
  /** Every payload is a TEXT message of plain JSON. */
  NONE(null),
  /**
   * Transport compression by one zlib stream a connection, flushed at the end of each payload.
   * Costs about 40 kB of native memory a connection.
   */
  ZLIB_STREAM("zlib-stream");

  private final @Nullable String parameter;

  Compression(@Nullable String parameter) {
    this.parameter = parameter;
  }

  /** {@return the value of the query parameter {@code compress}, or null when it is left out} */
  public @Nullable String parameter() {
    return parameter;
  }

  /** {@return the kind of WebSocket message that payloads of the gateway arrive in} */
  public FrameType frameType() {
    return this == NONE ? FrameType.TEXT : FrameType.BINARY;
  }
}
