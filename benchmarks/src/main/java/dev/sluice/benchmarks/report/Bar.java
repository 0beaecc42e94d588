package dev.sluice.benchmarks.report;

import dev.sluice.benchmarks.report.Bound.Verdict;

/**
 * One bar: what was wanted, what the rounds show.
 *
 * @param group the heading that it stands under
 * @param text what is measured
 * @param bound what was wanted
 * @param samples the rounds
 * @param note what limits the verdict, empty if nothing does
 * @param extra whether nobody asked for it, so that it is left out where it was not measured
 */
record Bar(String group, String text, Bound bound, Samples samples, String note, boolean extra) {

  Bar(String group, String text, Bound bound, Samples samples) {
    this(group, text, bound, samples, "", false);
  }

  /** {@return what the rounds say; undecided if the two that are compared did not do the same} */
  Verdict verdict() {
    Verdict verdict = bound.verdict(samples);
    return note.isEmpty() || verdict == Verdict.NOT_MEASURED ? verdict : Verdict.UNDECIDED;
  }
}
