package dev.sluice.app;

/** A command could not do what it was told; the message says why. */
final class CommandFailedException extends Exception {

  private static final long serialVersionUID = 1;

  CommandFailedException(String message) {
    super(message);
  }
}
