package dev.sluice.gateway;

/** Why an application stops a connection, which decides what becomes of its session. */
public enum StopMode {
  /**
   * It comes back: the session stays alive for some minutes and can be resumed. Closes with 4900.
   */
  RESTART(CloseCode.CLOSE_TO_RESUME),
  /** It does not: the session ends and the bot goes offline at once. Closes with 1000. */
  GOODBYE(CloseCode.CLOSE_FOR_GOOD);

  private final int closeCode;

  StopMode(int closeCode) {
    this.closeCode = closeCode;
  }

  /** {@return the code of the close frame} */
  public int closeCode() {
    return closeCode;
  }
}
