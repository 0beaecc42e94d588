package dev.sluice.app;

import java.util.Locale;

/**
 * What a check found.
 *
 * @param verdict whether it is good
 * @param what what was looked at, in a word
 * @param text what there is
 */
record Finding(Verdict verdict, String what, String text) {

  /** How good it is. */
  enum Verdict {
    OK,
    NOTE,
    FAILED;

    String text() {
      return this == FAILED ? name() : name().toLowerCase(Locale.ROOT);
    }
  }

  static Finding ok(String what, String text) {
    return new Finding(Verdict.OK, what, text);
  }

  static Finding note(String what, String text) {
    return new Finding(Verdict.NOTE, what, text);
  }

  static Finding failed(String what, String text) {
    return new Finding(Verdict.FAILED, what, text);
  }
}
