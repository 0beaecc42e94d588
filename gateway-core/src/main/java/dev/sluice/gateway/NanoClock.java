package dev.sluice.gateway;

/**
 * The monotonic time that a connection lives by. A test or a simulation supplies its own and so
 * owns every timer of the protocol.
 *
 * <p>Values have an arbitrary origin and may wrap, as those of {@link System#nanoTime()} do; only
 * differences mean anything.
 */
@FunctionalInterface
public interface NanoClock {

  /** {@return the current time in nanoseconds, from an arbitrary origin} */
  long nanoTime();

  /** {@return the clock of the platform, {@link System#nanoTime()}} */
  static NanoClock system() {
    return System::nanoTime;
  }
}
