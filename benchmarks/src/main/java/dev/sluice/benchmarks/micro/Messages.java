package dev.sluice.benchmarks.micro;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.testkit.TrafficGenerator;
import dev.sluice.gateway.testkit.TrafficMix;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Messages in JSON as the gateway writes them, the same in every run. */
final class Messages {

  /** Stands for events of every kind, as a bot without presences gets them. */
  static final String MIXED = "MIXED";

  /** Nine digits, so that the number can rise for a long time without growing. */
  static final long FIRST_SEQUENCE = 100_000_000;

  static final String SESSION_ID = "0123456789abcdef0123456789abcdef";

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final long SEED = 1;
  private static final int GUILDS = 4;
  private static final int NAME_START = "{\"t\":\"".length();
  private static final String SEQUENCE_KEY = "\",\"s\":";

  private Messages() {}

  static byte[] hello() {
    return utf8("{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
  }

  static byte[] ready() {
    return event(
        "READY",
        1,
        utf8(
            "{\"v\":10,\"user\":{\"id\":\"80351110224678912\",\"username\":\"bot\",\"bot\":true},"
                + "\"guilds\":[],\"session_id\":\""
                + SESSION_ID
                + "\",\"resume_gateway_url\":\"wss://gateway-us-east1-b.discord.gg\","
                + "\"shard\":[0,1],\"application\":{\"id\":\"80351110224678912\",\"flags\":0}}"));
  }

  static byte[] resumed(long sequence) {
    return event("RESUMED", sequence, utf8("{\"_trace\":[\"[\\\"gateway-prd\\\",{}]\"]}"));
  }

  static byte[] reconnect() {
    return utf8("{\"t\":null,\"s\":null,\"op\":7,\"d\":null}");
  }

  static byte[] heartbeatAck() {
    return utf8("{\"t\":null,\"s\":null,\"op\":11,\"d\":null}");
  }

  /**
   * {@return messages with the sequences from {@link #FIRST_SEQUENCE} on}
   *
   * @param event the type of all of them, or {@link #MIXED}
   * @param count how many
   */
  static List<byte[]> of(String event, int count) {
    TrafficGenerator generator = TrafficGenerator.create(TrafficMix.NO_PRESENCES, GUILDS, 0, SEED);
    List<byte[]> messages = new ArrayList<>(count);
    while (messages.size() < count) {
      String type = generator.next(ShardId.SINGLE);
      if (event.equals(MIXED) || event.equals(type)) {
        messages.add(event(type, FIRST_SEQUENCE + messages.size(), bytes(generator.data())));
      }
    }
    return messages;
  }

  /**
   * {@return the GUILD_CREATE of a guild that has as many members as it takes to fill a message}
   *
   * @param length of the message in bytes, at least 4096
   * @param sequence its sequence
   * @throws IOException if it cannot be put together
   */
  static byte[] guildCreate(int length, long sequence) throws IOException {
    TrafficGenerator generator = TrafficGenerator.create(TrafficMix.NO_PRESENCES, GUILDS, 0, SEED);
    generator.largeGuildCreate(ShardId.SINGLE);
    ObjectNode guild = (ObjectNode) MAPPER.readTree(bytes(generator.data()));
    JsonNode members = guild.path("members");
    for (String key : List.of("channels", "roles", "emojis", "stickers", "presences", "threads")) {
      guild.putArray(key);
    }
    ArrayNode listed = guild.putArray("members");
    guild.put("description", "");
    int missing = length - event("GUILD_CREATE", sequence, MAPPER.writeValueAsBytes(guild)).length;
    for (int i = 0; ; i++) {
      JsonNode member = members.get(i % members.size());
      int memberLength = MAPPER.writeValueAsBytes(member).length + 1; // and a comma
      if (memberLength > missing) {
        break;
      }
      listed.add(member);
      missing -= memberLength;
    }
    // The first member has no comma before it.
    guild.put("description", "x".repeat(missing + (listed.isEmpty() ? 0 : 1)));
    byte[] message = event("GUILD_CREATE", sequence, MAPPER.writeValueAsBytes(guild));
    if (message.length != length) {
      throw new IllegalStateException(
          "message: " + message.length + " bytes (expected: " + length + ')');
    }
    return message;
  }

  static byte[] event(String type, long sequence, byte[] data) {
    byte[] head = utf8("{\"t\":\"" + type + SEQUENCE_KEY + sequence + ",\"op\":0,\"d\":");
    byte[] message = new byte[head.length + data.length + 1];
    System.arraycopy(head, 0, message, 0, head.length);
    System.arraycopy(data, 0, message, head.length, data.length);
    message[message.length - 1] = '}';
    return message;
  }

  /** {@return the index of the first digit of the sequence of an {@link #event}} */
  static int sequenceStart(byte[] message) {
    int head = Math.min(message.length, 128);
    int key = new String(message, 0, head, US_ASCII).indexOf(SEQUENCE_KEY, NAME_START);
    if (key < 0) {
      throw new IllegalArgumentException("message without s (expected: t, s, op, d)");
    }
    return key + SEQUENCE_KEY.length();
  }

  static ByteBuffer direct(byte[] message) {
    return ByteBuffer.allocateDirect(message.length).put(message).flip();
  }

  static byte[] utf8(String text) {
    return text.getBytes(UTF_8);
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}
