package dev.sluice.gateway.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/** The names of the headers of a published event; their values are UTF-8 text. */
final class EventHeaders {

  /** The event's name, {@code MESSAGE_CREATE}. */
  static final String TYPE = "type";

  /** Which shard of how many, {@code 3/64}. */
  static final String SHARD = "shard";

  /** The sequence within the session, decimal. */
  static final String SEQUENCE = "sequence";

  /** What tells sessions apart, without being of use to resume one: 16 hexadecimal digits. */
  static final String SESSION = "session";

  /** The epoch of the assignment that the shard ran under, decimal. */
  static final String EPOCH = "epoch";

  /** The generation of shards, decimal: it rises when the bot is resharded. */
  static final String GENERATION = "generation";

  /** How {@code d} is written: {@code json} or {@code etf}. */
  static final String ENCODING = "encoding";

  private EventHeaders() {}

  static Header of(String name, String value) {
    return new RecordHeader(name, value.getBytes(UTF_8));
  }

  static Header of(String name, long value) {
    return of(name, Long.toString(value));
  }
}
