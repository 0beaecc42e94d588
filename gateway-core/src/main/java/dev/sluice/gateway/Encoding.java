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
  JSON("json");

  private final String parameter;

  Encoding(String parameter) {
    this.parameter = parameter;
  }

  /** {@return the value of the query parameter {@code encoding}} */
  public String parameter() {
    return parameter;
  }
}
