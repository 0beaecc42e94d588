package dev.sluice.gateway.internal;

import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.EventType;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The envelope of one payload: {@code op}, {@code s}, {@code t} and where {@code d} stands. Not
 * thread-safe; one instance is reused for all messages of a thread, and keeps hold of the last one.
 */
public sealed interface Envelope permits JsonEnvelope, EtfEnvelope {

  /** {@return the encoding that it reads} */
  Encoding encoding();

  /**
   * Reads the envelope of one message. Position, limit and byte order of the buffer neither matter
   * nor change. The bytes must stay as they are while {@link #name} and {@link #guildId} are in
   * use.
   *
   * @param message one whole message, in a buffer of any kind
   * @param start the index of the first byte
   * @param end the index after the last byte
   * @return whether the message is an object with an {@code op} that is a non-negative int, an
   *     {@code s} that is absent, null or a non-negative long, and a {@code t} that is absent, null
   *     or text. If not, only {@link #error}, {@link #sequence} and {@link #type} mean anything
   * @throws IndexOutOfBoundsException if the range is not within the limit; never for the bytes
   */
  boolean scan(ByteBuffer message, int start, int end);

  /** {@return the opcode, at least 0; -1 before the first scan} */
  int op();

  /**
   * {@return the sequence, -1 when absent or null} After a scan that returned false it is the
   * sequence of a dispatch whose {@code op} and {@code s} were readable, -1 otherwise.
   */
  long sequence();

  /**
   * {@return the event type, null when {@code t} is absent or null} After a scan that returned
   * false it is null too when {@code t} was not readable.
   */
  @Nullable EventType type();

  /**
   * {@return the event name, null when {@code t} is absent or null} Makes a string only for {@link
   * EventType#UNKNOWN}, from the bytes of the message.
   */
  @Nullable String name();

  /** {@return the buffer that {@code d} is in: the one scanned, or what was inflated from it} */
  ByteBuffer message();

  /** {@return the index of the first byte of {@code d}, -1 when absent} */
  int dataStart();

  /** {@return the index after the last byte of {@code d}, -1 when absent} */
  int dataEnd();

  /**
   * {@return the id of the guild that the event belongs to, unsigned; 0 when there is none} Found
   * by a scan of {@code d} at its first level: {@code guild_id}, or {@code id} of events about a
   * guild itself. Allocates nothing.
   */
  long guildId();

  /**
   * {@return why the last scan returned false, null when it returned true} Tells a position, one
   * byte and what was expected there, so no content.
   */
  @Nullable String error();
}
