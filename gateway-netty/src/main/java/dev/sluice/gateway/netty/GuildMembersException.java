package dev.sluice.gateway.netty;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/** Says why a request for guild members has no answer, or not the whole of it. */
public final class GuildMembersException extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** Why there is no answer. */
  public enum Reason {
    /** The shard of the guild does not run here. */
    NOT_HERE,
    /** Too many commands wait, or too many answers are waited for, or the shard has ended. */
    REFUSED,
    /** The session in which it was asked, or was to be asked, is lost. It can be asked again. */
    SESSION_LOST,
    /** The shard was stopped, or ended in a fatal state, or its event loop ended. */
    SHARD_ENDED,
    /** No chunk came for too long, or it took too long in all. */
    TIMED_OUT,
    /** The {@link GuildMembersHandler} failed; its exception is the cause. */
    HANDLER_FAILED
  }

  /** Which it is. */
  private final Reason reason;

  GuildMembersException(Reason reason, String message) {
    this(reason, message, null);
  }

  GuildMembersException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = requireNonNull(reason, "reason");
  }

  /** {@return why there is no answer} */
  public Reason reason() {
    return reason;
  }
}
