package dev.sluice.app;

import dev.sluice.gateway.netty.GatewayApiException;
import java.util.concurrent.CompletionException;

/**
 * Why a node ended.
 *
 * @param exitCode what the process says
 * @param reason one line
 */
record End(int exitCode, String reason) {

  /** It was told to. */
  static final int OK = 0;

  /** Something failed that may go well the next time. */
  static final int FAILED = 1;

  /** The command line or the settings are wrong. */
  static final int USAGE = 2;

  /** Discord refuses the bot until somebody changes something: do not start it again. */
  static final int REFUSED = 4; // a JVM that runs out of memory exits with 3

  private static final int UNAUTHORIZED = 401;

  /** {@return why a manager or a fleet could not start} */
  static End ofFailedStart(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    boolean refused = cause instanceof GatewayApiException api && api.httpStatus() == UNAUTHORIZED;
    return new End(refused ? REFUSED : FAILED, "cannot start: " + Checks.reason(cause));
  }
}
