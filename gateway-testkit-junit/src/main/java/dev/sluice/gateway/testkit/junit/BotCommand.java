package dev.sluice.gateway.testkit.junit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.ShardId;
import org.jspecify.annotations.Nullable;

/**
 * A command that the bot has sent: a presence, a voice state, a request for members, soundboard
 * sounds or values of channels. Immutable.
 *
 * <p>The assertions return the command, to be chained; they throw {@link AssertionError} with the
 * whole command in the message.
 */
public final class BotCommand {

  private final ShardId shard;
  private final Opcode opcode;
  private final JsonNode d;

  BotCommand(ShardId shard, Opcode opcode, JsonNode d) {
    this.shard = shard;
    this.opcode = opcode;
    this.d = d;
  }

  /** {@return the shard that sent it} */
  public ShardId shard() {
    return shard;
  }

  /** {@return the opcode: 3, 4, 8, 31 or 43} */
  public Opcode opcode() {
    return opcode;
  }

  /** {@return its data, a copy} */
  public JsonNode d() {
    return d.deepCopy();
  }

  /**
   * Asserts that a value is there, and what it is.
   *
   * <pre>{@code
   * gateway.awaitCommand(Opcode.PRESENCE_UPDATE)
   *     .has("/status", "dnd")
   *     .has("/activities/0/name", "chess");
   * }</pre>
   *
   * @param pointer where it is in {@link #d}, as a JSON pointer
   * @param expected the value: anything that Jackson writes as JSON, null for JSON's {@code null}.
   *     A number also equals a string of its digits, for ids are sent as strings
   * @return this
   * @throws AssertionError if there is none or another
   * @throws IllegalArgumentException if the pointer is none
   */
  public BotCommand has(String pointer, @Nullable Object expected) {
    Json.requireValue(d, pointer, expected, this);
    return this;
  }

  /**
   * Asserts that there is no value.
   *
   * @param pointer where it would be in {@link #d}, as a JSON pointer
   * @return this
   * @throws AssertionError if there is one, {@code null} too
   * @throws IllegalArgumentException if the pointer is none
   */
  public BotCommand hasNo(String pointer) {
    Json.requireNone(d, pointer, this);
    return this;
  }

  /**
   * Asserts which shard sent it.
   *
   * @param expected the zero-based id of the shard
   * @return this
   * @throws AssertionError if another one sent it
   */
  public BotCommand isOfShard(int expected) {
    if (shard.id() != expected) {
      throw new GatewayAssertionError(
          "shard: " + shard.id() + " (expected: " + expected + ") in " + this);
    }
    return this;
  }

  /** {@return the shard, the name of the opcode and the data} */
  @Override
  public String toString() {
    return opcode + " of shard " + shard + ": " + d;
  }
}
