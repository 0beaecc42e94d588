package dev.sluice.gateway;

import java.util.StringJoiner;

/**
 * The set of {@link Intent}s of a session, as the bit set of IDENTIFY. Immutable.
 *
 * @param value the bit set; bits without a constant are kept as they are
 */
public record Intents(int value) {

  /**
   * {@return the set of the given intents}
   *
   * @param intents any number of them; none asks for the events that need no intent
   */
  public static Intents of(Intent... intents) {
    int value = 0;
    for (Intent intent : intents) {
      value |= intent.value();
    }
    return new Intents(value);
  }

  /** {@return every documented intent, the privileged ones too} */
  public static Intents all() {
    return of(Intent.values());
  }

  /** {@return every documented intent that is not privileged} */
  public static Intents nonPrivileged() {
    int value = 0;
    for (Intent intent : Intent.values()) {
      if (!intent.isPrivileged()) {
        value |= intent.value();
      }
    }
    return new Intents(value);
  }

  /**
   * {@return whether an intent is in the set}
   *
   * @param intent the intent to look for
   */
  public boolean contains(Intent intent) {
    return (value & intent.value()) != 0;
  }

  /** {@return the bit set and the names of its intents} */
  @Override
  public String toString() {
    StringJoiner names = new StringJoiner(", ", value + " [", "]");
    for (Intent intent : Intent.values()) {
      if (contains(intent)) {
        names.add(intent.name());
      }
    }
    return names.toString();
  }
}
