package dev.sluice.gateway.netty;

import java.io.IOException;

/**
 * GET /gateway/bot did not answer as it should. The message says what came and what was expected.
 */
public final class GatewayApiException extends IOException {

  private static final long serialVersionUID = 1L;

  /** 0 when there was no answer. */
  private final int httpStatus;

  /** What the answer asked to wait. */
  private final long retryAfterNanos;

  GatewayApiException(String message, int httpStatus, Throwable cause) {
    super(message, cause);
    this.httpStatus = httpStatus;
    this.retryAfterNanos = 0;
  }

  GatewayApiException(String message, int httpStatus, long retryAfterNanos) {
    super(message);
    this.httpStatus = httpStatus;
    this.retryAfterNanos = retryAfterNanos;
  }

  /** {@return the HTTP status of the answer, 0 when there was none} */
  public int httpStatus() {
    return httpStatus;
  }

  /** How long the answer said to wait, 0 when it did not. */
  long retryAfterNanos() {
    return retryAfterNanos;
  }

  /** Whether asking again may help. */
  boolean isTransient() {
    return httpStatus == 0 || httpStatus == 408 || httpStatus == 429 || httpStatus >= 500;
  }
}
