package dev.sluice.gateway;

/**
 * A queued command that will not be sent. Only those that were queued with an attachment are
 * reported.
 *
 * @param command the command
 * @param attachment what it was queued with
 * @param reason why it will not be sent
 */
public record DroppedCommand(GatewayCommand command, Object attachment, Reason reason) {

  /** Why a command will not be sent. */
  public enum Reason {
    /** A later presence update took its place. */
    OVERWRITTEN,
    /** The session that was there when it was queued is lost. */
    SESSION_LOST,
    /** The connection ended, or is about to. */
    ENDED
  }
}
