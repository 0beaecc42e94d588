package dev.sluice.gateway.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.Activity;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayCommand.Raw;
import dev.sluice.gateway.GatewayCommand.RequestChannelInfo;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayCommand.RequestSoundboardSounds;
import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import dev.sluice.gateway.GatewayCommand.UpdateVoiceState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.ShardId;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes the payloads that a client sends, in either encoding. Thread-safe.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway-events#send-events">Send
 *     events</a>
 */
public final class PayloadWriter {

  /**
   * The most bytes that the gateway accepts in one payload.
   *
   * @see <a href="https://discord.com/developers/docs/events/gateway#sending-events">Sending
   *     events</a>
   */
  public static final int MAX_PAYLOAD_BYTES = 4096;

  /** The most bytes that {@link #heartbeat} writes. */
  public static final int MAX_HEARTBEAT_BYTES = 32;

  private static final int USUAL_CHARACTERS = 256;

  private static final JsonMapper MAPPER = new JsonMapper();

  private static final byte[] HEARTBEAT = "{\"op\":1,\"d\":".getBytes(US_ASCII);
  private static final byte[] NULL = "null".getBytes(US_ASCII);

  private PayloadWriter() {}

  /**
   * {@return the payload of a command}
   *
   * @param encoding how to write it
   * @param command the command
   * @throws IllegalArgumentException if the payload has over {@link #MAX_PAYLOAD_BYTES} or cannot
   *     be written in UTF-8; tells the opcode, never the content
   */
  public static byte[] command(Encoding encoding, GatewayCommand command) {
    return write(encoding, command.code(), json -> writeData(json, command));
  }

  /**
   * {@return the payload of IDENTIFY}
   *
   * @param encoding how to write it
   * @param token the bot's token, bare
   * @param properties {@code os}, {@code browser} and {@code device}, written in the map's order
   * @param compress whether to ask for payload compression
   * @param largeThreshold above how many members offline ones are left out of a guild, 50 to 250
   * @param shard the shard
   * @param presence the first presence, null for the default
   * @param intents the events to get
   * @throws IllegalArgumentException if the payload has over {@link #MAX_PAYLOAD_BYTES} or cannot
   *     be written in UTF-8; tells the opcode, never the content
   */
  public static byte[] identify(
      Encoding encoding,
      String token,
      Map<String, String> properties,
      boolean compress,
      int largeThreshold,
      ShardId shard,
      @Nullable Presence presence,
      Intents intents) {
    return write(
        encoding,
        Opcode.IDENTIFY.code(),
        json -> {
          json.writeStartObject();
          json.writeStringField("token", token);
          json.writeObjectFieldStart("properties");
          for (Map.Entry<String, String> property : properties.entrySet()) {
            json.writeStringField(property.getKey(), property.getValue());
          }
          json.writeEndObject();
          json.writeBooleanField("compress", compress);
          json.writeNumberField("large_threshold", largeThreshold);
          json.writeFieldName("shard");
          json.writeArray(new int[] {shard.id(), shard.count()}, 0, 2);
          if (presence != null) {
            json.writeFieldName("presence");
            writePresence(json, presence);
          }
          json.writeNumberField("intents", intents.value());
          json.writeEndObject();
        });
  }

  /**
   * {@return the payload of RESUME}
   *
   * @param encoding how to write it
   * @param token the bot's token, bare
   * @param sessionId the session to go on with
   * @param sequence the last sequence that was received
   * @throws IllegalArgumentException if the payload has over {@link #MAX_PAYLOAD_BYTES} or cannot
   *     be written in UTF-8; tells the opcode, never the content
   */
  public static byte[] resume(Encoding encoding, String token, String sessionId, long sequence) {
    return write(
        encoding,
        Opcode.RESUME.code(),
        json -> {
          json.writeStartObject();
          json.writeStringField("token", token);
          json.writeStringField("session_id", sessionId);
          json.writeNumberField("seq", sequence);
          json.writeEndObject();
        });
  }

  /**
   * Writes a heartbeat at the position of a buffer, which moves behind it. Allocates nothing.
   *
   * @param encoding how to write it
   * @param sequence the last sequence that was received; any negative number before the first
   * @param out a buffer with room for {@link #MAX_HEARTBEAT_BYTES}
   * @return how many bytes were written
   * @throws BufferOverflowException if the heartbeat does not fit; nothing has been written
   */
  public static int heartbeat(Encoding encoding, long sequence, ByteBuffer out) {
    if (encoding == Encoding.ETF) {
      return EtfWriter.heartbeat(sequence, out);
    }
    int digits = digits(sequence);
    int length = HEARTBEAT.length + (sequence < 0 ? NULL.length : digits) + 1;
    if (out.remaining() < length) {
      throw new BufferOverflowException();
    }
    out.put(HEARTBEAT);
    if (sequence < 0) {
      out.put(NULL);
    } else {
      int last = out.position() + digits - 1;
      long rest = sequence;
      for (int i = 0; i < digits; i++) {
        out.put(last - i, (byte) ('0' + rest % 10));
        rest /= 10;
      }
      out.position(last + 1);
    }
    out.put((byte) '}');
    return length;
  }

  private static int digits(long number) {
    int digits = 1;
    for (long rest = number; rest >= 10; rest /= 10) {
      digits++;
    }
    return digits;
  }

  private static byte[] write(Encoding encoding, int code, DataWriter data) {
    StringWriter text = new StringWriter(USUAL_CHARACTERS);
    byte[] payload;
    try {
      try (JsonGenerator json = MAPPER.createGenerator(text)) {
        json.writeStartObject();
        json.writeNumberField("op", code);
        json.writeFieldName("d");
        data.write(json);
        json.writeEndObject();
      }
      // Unlike the one that a generator brings along, this encoder refuses halves of characters.
      ByteBuffer utf8 = UTF_8.newEncoder().encode(CharBuffer.wrap(text.toString()));
      payload = new byte[utf8.remaining()];
      utf8.get(payload);
    } catch (IOException e) {
      throw unwritable(code, e);
    }
    if (encoding == Encoding.ETF) {
      try {
        payload = EtfWriter.client(payload);
      } catch (IOException e) {
        throw unwritable(code, e);
      }
    }
    if (payload.length > MAX_PAYLOAD_BYTES) {
      throw new IllegalArgumentException(
          "payload with opcode "
              + code
              + ": "
              + payload.length
              + " bytes (expected: <= "
              + MAX_PAYLOAD_BYTES
              + ')');
    }
    return payload;
  }

  private static IllegalArgumentException unwritable(int code, IOException e) {
    // Not as the cause, which would quote the content, and that may hold the token.
    return new IllegalArgumentException(
        "payload with opcode "
            + code
            + ": "
            + e.getClass().getSimpleName()
            + " (expected: JSON in UTF-8)");
  }

  private static void writeData(JsonGenerator json, GatewayCommand command) throws IOException {
    if (command instanceof UpdatePresence update) {
      writePresence(json, update.presence());
    } else if (command instanceof UpdateVoiceState update) {
      writeVoiceState(json, update);
    } else if (command instanceof RequestGuildMembers request) {
      writeGuildMembers(json, request);
    } else if (command instanceof RequestSoundboardSounds request) {
      json.writeStartObject();
      writeIds(json, "guild_ids", request.guildIds());
      json.writeEndObject();
    } else if (command instanceof RequestChannelInfo request) {
      json.writeStartObject();
      writeId(json, "guild_id", request.guildId());
      json.writeArrayFieldStart("fields");
      for (String field : request.fields()) {
        json.writeString(field);
      }
      json.writeEndArray();
      json.writeEndObject();
    } else if (command instanceof Raw raw) {
      json.writeTree(raw.data());
    }
  }

  private static void writePresence(JsonGenerator json, Presence presence) throws IOException {
    json.writeStartObject();
    if (presence.since() == null) {
      json.writeNullField("since");
    } else {
      json.writeNumberField("since", presence.since().toEpochMilli());
    }
    json.writeArrayFieldStart("activities");
    for (Activity activity : presence.activities()) {
      json.writeStartObject();
      json.writeStringField("name", activity.name());
      json.writeNumberField("type", activity.type().code());
      if (activity.state() != null) {
        json.writeStringField("state", activity.state());
      }
      if (activity.url() != null) {
        json.writeStringField("url", activity.url());
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeStringField("status", presence.status().value());
    json.writeBooleanField("afk", presence.afk());
    json.writeEndObject();
  }

  private static void writeVoiceState(JsonGenerator json, UpdateVoiceState update)
      throws IOException {
    json.writeStartObject();
    writeId(json, "guild_id", update.guildId());
    if (update.channelId() == null) {
      json.writeNullField("channel_id");
    } else {
      writeId(json, "channel_id", update.channelId());
    }
    json.writeBooleanField("self_mute", update.selfMute());
    json.writeBooleanField("self_deaf", update.selfDeaf());
    json.writeEndObject();
  }

  private static void writeGuildMembers(JsonGenerator json, RequestGuildMembers request)
      throws IOException {
    json.writeStartObject();
    writeId(json, "guild_id", request.guildId());
    if (request.query() != null) {
      json.writeStringField("query", request.query());
      json.writeNumberField("limit", request.limit());
    }
    // Optional; only the form with a query states the default, as Discord's examples do.
    if (request.query() != null || request.presences()) {
      json.writeBooleanField("presences", request.presences());
    }
    if (request.query() == null) {
      writeIds(json, "user_ids", request.userIds());
    }
    if (request.nonce() != null) {
      json.writeStringField("nonce", request.nonce());
    }
    json.writeEndObject();
  }

  private static void writeIds(JsonGenerator json, String name, List<Long> ids) throws IOException {
    json.writeArrayFieldStart(name);
    for (long id : ids) {
      json.writeString(Long.toUnsignedString(id));
    }
    json.writeEndArray();
  }

  private static void writeId(JsonGenerator json, String name, long id) throws IOException {
    json.writeStringField(name, Long.toUnsignedString(id));
  }

  /** Writes the {@code d} of a payload. */
  private interface DataWriter {
    void write(JsonGenerator json) throws IOException;
  }
}
