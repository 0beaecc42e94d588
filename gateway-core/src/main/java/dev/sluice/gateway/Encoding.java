package dev.sluice.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;

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

  /**
   * Parses the bytes of a {@code d} that were taken out of a {@link Dispatch}, as {@link
   * Dispatch#readTree} does.
   *
   * @param data the bytes, between position and limit, which stay as they are
   * @param mapper what parses them
   * @return the tree
   * @throws IOException if the bytes are not valid
   */
  public JsonNode readTree(ByteBuffer data, ObjectMapper mapper) throws IOException {
    return Dispatch.readTree(mapper, this, data, data.position(), data.limit());
  }
}
