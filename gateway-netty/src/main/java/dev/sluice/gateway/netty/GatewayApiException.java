package dev.sluice.gateway.netty;

import java.io.IOException;

/**
 * GET /gateway/bot did not answer as it should. The message says what came and what was expected.
 */
public final class GatewayApiException extends IOException {

  private static final long serialVersionUID = 1L;

  private final int httpStatus;

  GatewayApiException(String message, int httpStatus, Throwable cause) {
    super(message, cause);
    this.httpStatus = httpStatus;
  }

  GatewayApiException(String message, int httpStatus) {
    super(message);
    this.httpStatus = httpStatus;
  }

  /** {@return the HTTP status of the answer, 0 when there was none} */
  public int httpStatus() {
    return httpStatus;
  }

  /** Whether asking again may help. */
  boolean isTransient() {
    return httpStatus == 0 || httpStatus == 429 || httpStatus >= 500;
  }
}
