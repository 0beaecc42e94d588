package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.Encoding;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A copy of an event that a sink has taken by {@link InFlightEvents#take}, until it is acknowledged
 * or given up. Immutable but for that; any thread may have it.
 */
public final class InFlightEvent {

  private static final VarHandle ENDED;

  static {
    try {
      ENDED = MethodHandles.lookup().findVarHandle(InFlightEvent.class, "ended", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final ShardInFlight ofShard;
  private final String name;
  private final Encoding encoding;
  private final int sessionEpoch;
  private final long sequence;
  private final long guildId;
  private final byte[] data;

  @SuppressWarnings("unused") // by its handle
  private boolean ended;

  // Written before the event is handed to its event loop, read by that.
  @Nullable InFlightEvent next;
  boolean givenUp;

  InFlightEvent(ShardInFlight ofShard, Dispatch dispatch) {
    this.ofShard = ofShard;
    this.name = dispatch.name();
    this.encoding = dispatch.encoding();
    this.sessionEpoch = dispatch.sessionEpoch();
    this.sequence = dispatch.sequence();
    this.guildId = dispatch.guildId();
    this.data = new byte[dispatch.dataLength()];
    dispatch.data().get(data);
  }

  /** {@return the shard that the event came on} */
  public Shard shard() {
    return ofShard.shard;
  }

  /** {@return the event's name as the gateway wrote it} */
  public String name() {
    return name;
  }

  /** {@return how {@link #data()} is written} */
  public Encoding encoding() {
    return encoding;
  }

  /** {@return the number of the session within its connection} */
  public int sessionEpoch() {
    return sessionEpoch;
  }

  /** {@return the sequence within the session} */
  public long sequence() {
    return sequence;
  }

  /** {@return the guild that the event belongs to, as an unsigned snowflake, 0 if it names none} */
  public long guildId() {
    return guildId;
  }

  /** {@return {@code d}: the array itself, which nobody writes to} */
  public byte[] data() {
    return data;
  }

  /**
   * Acknowledges the event: it is where it should be. A stored session resumes after the last event
   * before which all are acknowledged. In any order, from any thread; only the first call of this
   * or of {@link #giveUp()} changes anything.
   */
  public void acknowledge() {
    end(false);
  }

  /**
   * Gives the event up without an acknowledgement: it counts no more, and comes again where its
   * session is resumed. For the events of a shard that runs elsewhere by now, and for those alone:
   * one that is given up while its shard goes on stays unacknowledged, and so does all after it.
   */
  public void giveUp() {
    end(true);
  }

  private void end(boolean givesUp) {
    if (!(boolean) ENDED.getAndSet(this, true)) {
      givenUp = givesUp;
      ofShard.ended(this);
    }
  }

  /** {@return name, sequence and size; never the content} */
  @Override
  public String toString() {
    return name + " #" + sequence + " of " + data.length + " bytes";
  }
}
