package dev.sluice.app;

/** A token or password, which no {@code toString} tells. Immutable. */
final class Secret {

  private final String value;
  private final String origin;

  /**
   * @param value the secret
   * @param origin where it came from, which may be told
   */
  Secret(String value, String origin) {
    this.value = value;
    this.origin = origin;
  }

  String value() {
    return value;
  }

  String origin() {
    return origin;
  }

  @Override
  public String toString() {
    return "(hidden, from " + origin + ')';
  }
}
