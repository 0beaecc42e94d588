package dev.sluice.gateway;

import java.util.random.RandomGenerator;

/**
 * Where to dial next, how long to wait before, and when a session has proved to be of no use.
 *
 * <p>The steps are the resume URL, the base URL, and a new session; each has a count of its own
 * failures. A resume URL that led to no HELLO makes way for the base URL, which may know the
 * session as well; when that one fails too the fault is hardly the URL's, so the two take turns
 * until one of them answers. Only RESUMEs without an answer, or a message that breaks the stream
 * again and again, end a session.
 *
 * <p>The first RESUME is immediate, for the gateway's replay buffer is short; after that the wait
 * doubles, with full jitter, up to a cap, and starts over only after a stable period.
 */
final class ReconnectLadder {

  /** So many RESUMEs in a row without any answer and the session is given up. */
  static final int MAX_RESUME_FAILURES = 5;

  private static final long FIRST_BACKOFF_NANOS = 1_000_000_000L;
  private static final int MAX_DOUBLINGS = 30;

  private final long maxBackoffNanos;
  private final RandomGenerator random;
  private int attempts; // since the last stable period
  private int resumeUrlFailures;
  private int baseUrlFailures;
  private int resumeFailures;
  private long poisonedAt = -1;

  ReconnectLadder(long maxBackoffNanos, RandomGenerator random) {
    this.maxBackoffNanos = maxBackoffNanos;
    this.random = random;
  }

  /** The wait before the next dial, which is to resume or not; each call is an attempt. */
  long nextDelayNanos(boolean resume) {
    int attempt = attempts++;
    if (attempt == 0 && resume) {
      return 0;
    }
    int doublings = Math.max(0, Math.min(attempt - 1, MAX_DOUBLINGS));
    long ceiling = Math.min(maxBackoffNanos, FIRST_BACKOFF_NANOS << doublings);
    return (long) (random.nextDouble() * ceiling);
  }

  /** The wait after an answer that will hardly change soon: the upper half of the cap. */
  long longestNanos() {
    return maxBackoffNanos / 2 + random.nextLong(maxBackoffNanos / 2 + 1);
  }

  /** The session was live for the whole stable period. */
  void stable() {
    attempts = 0;
    poisonedAt = -1;
  }

  /** Whether to resume at the resume URL rather than at the base URL. */
  boolean prefersResumeUrl() {
    return resumeUrlFailures <= baseUrlFailures;
  }

  /** A dial led to no HELLO. */
  void dialFailed(boolean atResumeUrl) {
    if (atResumeUrl) {
      resumeUrlFailures++;
    } else {
      baseUrlFailures++;
    }
  }

  /**
   * HELLO came; returns whether that proves the resume URL to be dead, for the base URL answers
   * where it did not.
   */
  boolean dialAnswered(boolean atResumeUrl) {
    boolean dead = !atResumeUrl && resumeUrlFailures > 0;
    resumeUrlFailures = 0;
    baseUrlFailures = 0;
    return dead;
  }

  /** An event of the session came. */
  void progress() {
    resumeFailures = 0;
  }

  /**
   * A transport ended between RESUME and RESUMED; returns whether the session should be dropped.
   */
  boolean resumeFailed() {
    return ++resumeFailures >= MAX_RESUME_FAILURES;
  }

  /**
   * The stream broke behind the given sequence; returns whether it broke there the last time too,
   * so that a RESUME would only meet the same message again.
   */
  boolean isPoisoned(long received) {
    boolean again = poisonedAt == received;
    poisonedAt = received;
    return again;
  }

  void sessionDropped() {
    resumeUrlFailures = 0;
    baseUrlFailures = 0;
    resumeFailures = 0;
    poisonedAt = -1;
  }
}
