package dev.sluice.gateway.server;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.internal.EtfReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Payloads as bytes. Those of the server have the keys in the order in which Discord sends them: t,
 * s, op and d in the envelope, reverse alphabetical order within.
 */
final class Payloads {

  static final byte[] HEARTBEAT_ACK = control(Opcode.HEARTBEAT_ACK, "null");
  static final byte[] HEARTBEAT_REQUEST = control(Opcode.HEARTBEAT, "null");
  static final byte[] RECONNECT = control(Opcode.RECONNECT, "null");
  static final byte[] INVALID_SESSION_RESUMABLE = control(Opcode.INVALID_SESSION, "true");
  static final byte[] INVALID_SESSION = control(Opcode.INVALID_SESSION, "false");

  private static final String TRACE = "[\"gateway-sluice-1\",{\"micros\":0.0}]";

  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
  private static final ObjectReader READER = MAPPER.readerFor(JsonNode.class);

  private Payloads() {}

  /** Parses a message of a client, null if it is not one object; consumes it. */
  static @Nullable ObjectNode parse(Encoding encoding, ByteBuffer message) {
    try {
      JsonNode payload = encoding == Encoding.ETF ? etf(message) : json(message);
      return payload instanceof ObjectNode object ? object : null;
    } catch (JsonProcessingException e) {
      return null; // the caller closes with DECODE_ERROR, which says it all
    } catch (IOException e) {
      return null; // malformed UTF-8 is no JsonProcessingException
    }
  }

  /** {@return the data of an event, not consumed; a missing node if it is no JSON object} */
  static JsonNode parseData(ByteBuffer d) {
    ObjectNode object = parse(Encoding.JSON, d.duplicate());
    return object == null ? MissingNode.getInstance() : object;
  }

  private static JsonNode json(ByteBuffer message) throws IOException {
    byte[] bytes = new byte[message.remaining()];
    message.get(bytes);
    return READER.readTree(bytes);
  }

  private static JsonNode etf(ByteBuffer message) throws IOException {
    try (JsonParser parser = EtfReader.payload(message, MAPPER)) {
      return MAPPER.readTree(parser);
    }
  }

  static byte[] hello(long heartbeatIntervalMillis) {
    return control(
        Opcode.HELLO,
        "{\"heartbeat_interval\":"
            + heartbeatIntervalMillis
            + ",\"_trace\":["
            + quote(TRACE)
            + "]}");
  }

  /** The message of an event; the position of {@code d} is not moved. */
  static byte[] dispatch(String type, long sequence, ByteBuffer d) {
    byte[] head =
        ("{\"t\":\"" + type + "\",\"s\":" + sequence + ",\"op\":0,\"d\":")
            .getBytes(StandardCharsets.ISO_8859_1);
    byte[] message = new byte[head.length + d.remaining() + 1];
    System.arraycopy(head, 0, message, 0, head.length);
    d.get(d.position(), message, head.length, d.remaining());
    message[message.length - 1] = '}';
    return message;
  }

  /** The data of READY. */
  static ByteBuffer ready(
      GatewayServerConfig config, String sessionId, ShardId shard, long[] guilds) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    String applicationId = Long.toUnsignedString(config.applicationId());
    ObjectNode d = nodes.objectNode();
    d.put("v", GatewayServer.API_VERSION);
    d.putObject("user_settings");
    d.set("user", user(config));
    d.putArray("shard").add(shard.id()).add(shard.count());
    d.put("session_type", "normal");
    d.put("session_id", sessionId);
    d.put("resume_gateway_url", config.resumeGatewayUrl());
    d.putArray("relationships");
    d.putArray("private_channels");
    d.putArray("presences");
    ArrayNode unavailable = d.putArray("guilds");
    for (long guild : guilds) {
      unavailable.addObject().put("unavailable", true).put("id", Long.toUnsignedString(guild));
    }
    d.putArray("guild_join_requests");
    d.putArray("geo_ordered_rtc_regions");
    d.putObject("auth");
    ObjectNode application = d.putObject("application");
    application.put("id", applicationId);
    application.put("flags_new", "565248");
    application.put("flags", 565_248);
    d.putArray("_trace").add(TRACE);
    return utf8(d.toString());
  }

  /** The bot's user, as READY and {@code GET /users/@me} tell it. */
  static ObjectNode user(GatewayServerConfig config) {
    ObjectNode user = JsonNodeFactory.instance.objectNode();
    user.put("verified", true);
    user.put("username", "sluice");
    user.put("mfa_enabled", true);
    user.put("id", Long.toUnsignedString(config.applicationId()));
    user.putNull("global_name");
    user.put("flags", 0);
    user.putNull("email");
    user.put("discriminator", "4177");
    user.put("bot", true);
    user.putNull("avatar");
    return user;
  }

  static byte[] resumed(long sequence) {
    return dispatch("RESUMED", sequence, utf8("{\"_trace\":[" + quote(TRACE) + "]}"));
  }

  static String quote(String text) {
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }

  private static byte[] control(Opcode opcode, String d) {
    return ("{\"t\":null,\"s\":null,\"op\":" + opcode.code() + ",\"d\":" + d + '}')
        .getBytes(StandardCharsets.UTF_8);
  }

  private static ByteBuffer utf8(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
