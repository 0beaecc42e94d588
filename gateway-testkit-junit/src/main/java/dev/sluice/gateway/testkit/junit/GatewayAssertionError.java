package dev.sluice.gateway.testkit.junit;

import java.io.Serial;
import org.opentest4j.AssertionFailedError;

/** A failed expectation, whose message says all that is known. */
final class GatewayAssertionError extends AssertionFailedError {

  @Serial private static final long serialVersionUID = 1;

  GatewayAssertionError(String message) {
    super(message);
  }

  GatewayAssertionError(String message, Object expected, Object actual) {
    super(message, expected, actual);
  }
}
