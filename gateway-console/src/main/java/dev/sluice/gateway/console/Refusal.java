package dev.sluice.gateway.console;

/**
 * Why a request is not answered: what the status and the JSON of the answer say. Without a stack
 * trace, for it is no error of this program.
 */
final class Refusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  final int status;

  Refusal(int status, String message) {
    super(message, null, false, false);
    this.status = status;
  }
}
