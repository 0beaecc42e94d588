package dev.sluice.gateway.kafka.internal.events;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/** The names of the headers of a published event; their values are UTF-8 text. */
public final class EventHeaders {

  /** The event's name, {@code MESSAGE_CREATE}. */
  public static final String TYPE = "type";

  /** Which shard of how many, {@code 3/64}. */
  public static final String SHARD = "shard";

  /** The sequence within the session, decimal. */
  public static final String SEQUENCE = "sequence";

  /** What tells sessions apart, without being of use to resume one: 16 hexadecimal digits. */
  public static final String SESSION = "session";

  /** The epoch of the assignment that the shard ran under, decimal. */
  public static final String EPOCH = "epoch";

  /** The generation of shards, decimal: it rises when the bot is resharded. */
  public static final String GENERATION = "generation";

  /** How {@code d} is written: {@code json} or {@code etf}. */
  public static final String ENCODING = "encoding";

  private EventHeaders() {}

  static Header of(String name, String value) {
    return new RecordHeader(name, value.getBytes(UTF_8));
  }

  static Header of(String name, long value) {
    return of(name, Long.toString(value));
  }
}
