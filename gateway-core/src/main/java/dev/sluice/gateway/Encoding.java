package dev.sluice.gateway;

/**
 * How payloads are written, in both directions: the query parameter {@code encoding}.
 *
 * @see <a
 *     href="https://discord.com/developers/docs/events/gateway#encoding-and-compression">Encoding
 *     and compression</a>
 */
public enum Encoding {
  /** JSON, the encoding that Discord recommends. */
  JSON("json"),
  /**
   * Erlang's external term format. Ids arrive as integers or as strings, and so they do in what
   * {@link Dispatch#readTree} yields.
   *
   * @see <a href="https://discord.com/developers/docs/events/gateway#using-etf">Using ETF</a>
   */
  ETF("etf");

  private final String parameter;

  Encoding(String parameter) {
    this.parameter = parameter;
  }

  /** {@return the value of the query parameter {@code encoding}} */
  public String parameter() {
    return parameter;
  }

  /** {@return the kind of WebSocket message that uncompressed payloads travel in} */
  public FrameType frameType() {
    return this == JSON ? FrameType.TEXT : FrameType.BINARY;
  }
}
