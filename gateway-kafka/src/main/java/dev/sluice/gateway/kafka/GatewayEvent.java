package dev.sluice.gateway.kafka;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.kafka.internal.events.EventHeaders;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/**
 * An event of the gateway as a worker finds it in the topic: what its headers say, and {@code d},
 * untouched until somebody asks for it. Immutable, as long as nobody writes to {@link #data()}.
 *
 * @see GatewayEvents
 */
public final class GatewayEvent {

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final String KEY_WITHOUT_GUILD = "shard-";

  private final ConsumerRecord<byte[], byte[]> record;
  private final String name;
  private final ShardId shard;
  private final long sequence;
  private final String session;
  private final long epoch;
  private final int generation;
  private final Encoding encoding;
  private final long guildId;

  private GatewayEvent(ConsumerRecord<byte[], byte[]> record) {
    this.record = record;
    this.name = text(record, EventHeaders.TYPE);
    this.shard = shard(text(record, EventHeaders.SHARD));
    this.sequence = number(record, EventHeaders.SEQUENCE, Long.MAX_VALUE);
    this.session = text(record, EventHeaders.SESSION);
    this.epoch = number(record, EventHeaders.EPOCH, Long.MAX_VALUE);
    this.generation = (int) number(record, EventHeaders.GENERATION, Integer.MAX_VALUE);
    this.encoding = encoding(text(record, EventHeaders.ENCODING));
    this.guildId = guildId(record.key());
    if (record.value() == null) {
      throw unexpected("value", "null", "the bytes of d");
    }
  }

  /**
   * Reads the headers of a record that a node of the fleet has published.
   *
   * @param record the record
   * @return the event
   * @throws IllegalArgumentException if it is some other record: a header is missing or has another
   *     form; the message names the header
   */
  public static GatewayEvent of(ConsumerRecord<byte[], byte[]> record) {
    return new GatewayEvent(record);
  }

  private static String text(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    if (header == null || header.value() == null) {
      throw unexpected(name, "missing", "in every event");
    }
    return new String(header.value(), UTF_8);
  }

  private static long number(ConsumerRecord<byte[], byte[]> record, String name, long most) {
    String text = text(record, name);
    try {
      long number = Long.parseLong(text);
      if (number >= 0 && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw (IllegalArgumentException) unexpected(name, text, "a decimal number").initCause(e);
    }
    throw unexpected(name, text, "0.." + most);
  }

  private static ShardId shard(String text) {
    int slash = text.indexOf('/');
    try {
      if (slash > 0) {
        return new ShardId(
            Integer.parseInt(text, 0, slash, 10),
            Integer.parseInt(text, slash + 1, text.length(), 10));
      }
    } catch (IllegalArgumentException e) {
      throw (IllegalArgumentException) unexpected(EventHeaders.SHARD, text, "3/64").initCause(e);
    }
    throw unexpected(EventHeaders.SHARD, text, "3/64");
  }

  private static Encoding encoding(String text) {
    for (Encoding encoding : Encoding.values()) {
      if (encoding.parameter().equals(text)) {
        return encoding;
      }
    }
    throw unexpected(EventHeaders.ENCODING, text, "json or etf");
  }

  private static long guildId(byte[] key) {
    String text = key == null ? "null" : new String(key, US_ASCII);
    if (text.startsWith(KEY_WITHOUT_GUILD)) {
      return 0;
    }
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      throw (IllegalArgumentException)
          unexpected("key", text, "a guild's id or " + KEY_WITHOUT_GUILD + "3").initCause(e);
    }
  }

  private static IllegalArgumentException unexpected(String name, String value, String expected) {
    return new IllegalArgumentException(
        "record of an event: " + name + ": " + value + " (expected: " + expected + ')');
  }

  /** {@return the event; {@link EventType#UNKNOWN} for a name that has no constant} */
  public EventType type() {
    return EventType.of(name);
  }

  /** {@return the event's name as the gateway wrote it} */
  public String name() {
    return name;
  }

  /** {@return the shard that it came on; the count changes when the bot is resharded} */
  public ShardId shard() {
    return shard;
  }

  /** {@return the sequence within the session} */
  public long sequence() {
    return sequence;
  }

  /**
   * {@return what tells the session from all others} With the sequence it names the event. It is a
   * hash, of no use to resume the session.
   */
  public String session() {
    return session;
  }

  /** {@return the epoch of the assignment that the shard ran under: a later owner's is higher} */
  public long epoch() {
    return epoch;
  }

  /** {@return the generation of shards: it rises when the bot is resharded} */
  public int generation() {
    return generation;
  }

  /** {@return how {@link #data()} is written} */
  public Encoding encoding() {
    return encoding;
  }

  /** {@return the guild that the event belongs to, as an unsigned snowflake, 0 if it names none} */
  public long guildId() {
    return guildId;
  }

  /** {@return {@code d}: the array of the record itself} */
  public byte[] data() {
    return record.value();
  }

  /** {@return the record that it was read from} */
  public ConsumerRecord<byte[], byte[]> record() {
    return record;
  }

  /**
   * Parses {@code d} to a tree. Ids are strings in JSON; in ETF most are integers, so read them by
   * {@code asText()}, which yields the unsigned decimal of both.
   *
   * @return the tree
   * @throws IOException if {@code d} is not valid
   */
  public JsonNode readTree() throws IOException {
    return readTree(MAPPER);
  }

  /**
   * Parses {@code d} to a tree by a mapper of the application's.
   *
   * @param mapper the mapper
   * @return the tree
   * @throws IOException if {@code d} is not valid
   */
  public JsonNode readTree(ObjectMapper mapper) throws IOException {
    return encoding.readTree(ByteBuffer.wrap(data()), mapper);
  }

  /** {@return name, shard, sequence and size; never the content} */
  @Override
  public String toString() {
    return name + " #" + sequence + " of shard " + shard + ", " + data().length + " bytes";
  }
}
