package dev.sluice.gateway.simulation;

import static dev.sluice.gateway.simulation.Invariant.CHECKPOINT;
import static dev.sluice.gateway.simulation.Invariant.CLOSE_KEEPS_SESSION;
import static dev.sluice.gateway.simulation.Invariant.DEAD_TRANSPORT_FOUND;
import static dev.sluice.gateway.simulation.Invariant.DIAL_STORM;
import static dev.sluice.gateway.simulation.Invariant.ENDS;
import static dev.sluice.gateway.simulation.Invariant.EVENTS_IN_ORDER;
import static dev.sluice.gateway.simulation.Invariant.HEALTHY_TRANSPORT_KEPT;
import static dev.sluice.gateway.simulation.Invariant.HEARTBEATS;
import static dev.sluice.gateway.simulation.Invariant.IDENTIFY_BUDGET;
import static dev.sluice.gateway.simulation.Invariant.IDENTIFY_SPACING;
import static dev.sluice.gateway.simulation.Invariant.INVALID_SESSION;
import static dev.sluice.gateway.simulation.Invariant.NO_EXCEPTION;
import static dev.sluice.gateway.simulation.Invariant.OLD_TRANSPORT;
import static dev.sluice.gateway.simulation.Invariant.POISON;
import static dev.sluice.gateway.simulation.Invariant.PROTOCOL;
import static dev.sluice.gateway.simulation.Invariant.READY_AGAIN;
import static dev.sluice.gateway.simulation.Invariant.RECONNECT_ONCE;
import static dev.sluice.gateway.simulation.Invariant.SEND_LIMIT;
import static dev.sluice.gateway.simulation.Invariant.SEQUENCE_NEVER_FALLS;
import static dev.sluice.gateway.simulation.Invariant.SESSION_NOT_ABANDONED;
import static dev.sluice.gateway.simulation.Invariant.STOPS;

import java.util.List;
import java.util.Set;

/**
 * A mistake that gateway clients have made, as a patch of ours.
 *
 * @param lesson what it does in the field
 * @param edits of one source file
 * @param signs the invariants by which it may show
 */
record PlantedBug(String name, String lesson, String file, List<Edit> edits, Set<Invariant> signs) {

  /** Replaces a text that occurs once. */
  record Edit(String text, String replacement) {}

  private static final String CONNECTION = "GatewayConnection.java";
  private static final String MONITOR = "HeartbeatMonitor.java";

  static final List<PlantedBug> ALL =
      List.of(
          bug(
              "closes with 1000 to resume",
              "the session ends, and each zombie costs a session start",
              CONNECTION,
              Set.of(CLOSE_KEEPS_SESSION),
              edit(
                  """
                  "no heartbeat ACK and no other sign of life",
                            CloseCode.CLOSE_TO_RESUME,
                  """,
                  """
                  "no heartbeat ACK and no other sign of life",
                            CloseCode.CLOSE_FOR_GOOD,
                  """)),
          bug(
              "a received 1000 ends the session",
              "a routine move of the gateway costs session starts",
              "CloseCode.java",
              Set.of(SESSION_NOT_ABANDONED),
              edit("NORMAL(1000, Outcome.RESUME)", "NORMAL(1000, Outcome.NEW_SESSION)")),
          bug(
              "reconnect is a level",
              "one cause leads to two transports",
              CONNECTION,
              Set.of(RECONNECT_ONCE),
              edit(
                  """
                          reconnect = null;
                          timers.arm(TimerKind.CONNECT,\
                  """,
                  """
                          timers.arm(TimerKind.CONNECT,\
                  """)),
          bug(
              "timers outlive their transport",
              "a new transport is closed by the deadline of an old one",
              CONNECTION,
              Set.of(PROTOCOL, HEALTHY_TRANSPORT_KEPT, HEARTBEATS, ENDS, NO_EXCEPTION),
              edit("    timers.cancelAll();\n    heartbeat.reset();", "    heartbeat.reset();"),
              edit("case IDLE, BACKOFF, FATAL, STOPPED -> timers", "case FATAL, STOPPED -> timers"),
              edit(
                  "      case CONNECTING -> {",
                  "      case IDLE, BACKOFF -> {}\n      case CONNECTING -> {")),
          bug(
              "the send limiter has fixed windows",
              "two bursts around the boundary are closed with 4008",
              "SlidingLog.java",
              Set.of(SEND_LIMIT),
              edit(
                  "while (size > 0 && nowNanos - ring[head] >= windowNanos) {",
                  "boolean over = size > 0 && nowNanos - ring[head] >= windowNanos;\n"
                      + "    while (size > 0 && over) {")),
          bug(
              "a stored session has what was received",
              "what was not handled when the process died is lost",
              CONNECTION,
              Set.of(CHECKPOINT),
              edit("        acknowledgements.checkpoint(),", "        received,")),
          bug(
              "inputs of an old transport are taken",
              "the close of the old transport closes the new one",
              CONNECTION,
              Set.of(OLD_TRANSPORT),
              edit("if (generation != this.generation) {", "if (generation > this.generation) {")),
          bug(
              "a missing ACK is remembered",
              "the first beat of a new transport finds it dead",
              MONITOR,
              Set.of(HEALTHY_TRANSPORT_KEPT),
              edit("    intervalNanos = 0;\n    ackOutstanding = false;", "    intervalNanos = 0;"),
              edit(
                  "    this.intervalNanos = intervalNanos;\n    ackOutstanding = false;",
                  "    this.intervalNanos = intervalNanos;")),
          bug(
              "op 9 without a wait",
              "all shards that a storm hit come back in the same moment",
              CONNECTION,
              Set.of(INVALID_SESSION),
              edit("long pause = between(SECOND_NANOS, 5 * SECOND_NANOS);", "long pause = 0;")),
          bug(
              "op 9 keeps the session",
              "it is resumed again and again",
              CONNECTION,
              Set.of(INVALID_SESSION, CLOSE_KEEPS_SESSION),
              edit(
                  "    if (!keep) {\n      loseSession(\"gateway invalidated it\");\n    }\n", "")),
          bug(
              "IDENTIFY without a permit",
              "shards identify together and are refused",
              CONNECTION,
              Set.of(IDENTIFY_BUDGET),
              edit(
                  "if (!config.identifyPermitsGranted()) {",
                  "if (config.identifyPermitsGranted()) {")),
          bug(
              "a permit outlives its transport",
              "a failed resume falls to an IDENTIFY that nobody counted",
              CONNECTION,
              Set.of(IDENTIFY_BUDGET),
              edit(
                  "    resumeSent = false;\n    permitted = false;\n",
                  "    resumeSent = false;\n")),
          bug(
              "buckets are always open",
              "two IDENTIFYs within 5 s, op 9 for both",
              "sharding/IdentifyQueue.java",
              Set.of(IDENTIFY_SPACING),
              edit(
                  "    bucket.used = true;\n    bucket.unanswered = shardId;\n",
                  "    bucket.unanswered = shardId;\n")),
          bug(
              "the first event resets the backoff",
              "a gateway that closes each session at once is stormed",
              "ReconnectLadder.java",
              Set.of(DIAL_STORM),
              edit(
                  "void progress() {\n    resumeFailures = 0;",
                  "void progress() {\n    attempts = 0;\n    resumeFailures = 0;")),
          bug(
              "a day of session starts ends on the dot",
              "an IDENTIFY too many ends all sessions and resets the token",
              "sharding/SessionStartBudget.java",
              Set.of(IDENTIFY_BUDGET),
              edit("Duration.ofSeconds(5)", "Duration.ZERO")),
          bug(
              "a heartbeat has 0 for null",
              "the gateway closes with 4007",
              CONNECTION,
              Set.of(HEARTBEATS),
              edit(
                  "(config.encoding(), received, out)",
                  "(config.encoding(), Math.max(0, received), out)")),
          bug(
              "replayed events do not count",
              "the next resume replays them again",
              CONNECTION,
              Set.of(SEQUENCE_NEVER_FALLS, EVENTS_IN_ORDER),
              edit(
                  """
                      if (sequence > received) {
                        received = sequence;
                  """,
                  """
                      if (sequence > received && state != GatewayState.RESUMING) {
                        received = sequence;
                  """)),
          bug(
              "a poison message is replayed for ever",
              "the shard never gets past it",
              "ReconnectLadder.java",
              Set.of(POISON),
              edit("return again;", "return false;")),
          bug(
              "no HELLO deadline",
              "a transport that opened and stays silent hangs",
              CONNECTION,
              Set.of(DEAD_TRANSPORT_FOUND),
              edit(
                  """
                          timers.cancel(TimerKind.CONNECT);
                          timers.arm(TimerKind.HELLO, now + config.helloTimeout().toNanos());
                  """,
                  """
                          timers.cancel(TimerKind.CONNECT);
                  """)),
          bug(
              "the READY deadline does not see ACKs",
              "an outage of the gateway costs an IDENTIFY a minute",
              CONNECTION,
              Set.of(HEALTHY_TRANSPORT_KEPT),
              edit(
                  "if (inbound || heartbeat.isExcused(now)) {", "if (heartbeat.isExcused(now)) {")),
          bug(
              "the closing handshake never ends",
              "a stop hangs when the peer is gone",
              CONNECTION,
              Set.of(DEAD_TRANSPORT_FOUND, READY_AGAIN, STOPS),
              edit(
                  "timers.arm(TimerKind.CLOSE, now + config.closeTimeout().toNanos());",
                  "timers.cancel(TimerKind.CLOSE);")),
          bug(
              "the decompression context is kept",
              "nothing of the next transport can be read",
              CONNECTION,
              Set.of(HEALTHY_TRANSPORT_KEPT),
              edit("      stream.end();\n      stream = null;\n", ""),
              edit(
                  "    stream = StreamDecompressor.open(",
                  "    if (stream == null)\n      stream = StreamDecompressor.open(")),
          bug(
              "a pause of reading is ignored",
              "a slow application loses healthy transports",
              CONNECTION,
              Set.of(HEALTHY_TRANSPORT_KEPT),
              edit("    heartbeat.paused(clock.nanoTime());\n", "")),
          bug(
              "a missing ACK is ignored",
              "a half-open transport is never found",
              MONITOR,
              Set.of(DEAD_TRANSPORT_FOUND),
              edit(
                  "boolean isZombie(long nowNanos) {\n    if (!ackOutstanding) {",
                  "boolean isZombie(long nowNanos) {\n    if (intervalNanos > 0) {")));

  @Override
  public String toString() {
    return name;
  }

  private static PlantedBug bug(
      String name, String lesson, String file, Set<Invariant> signs, Edit... edits) {
    return new PlantedBug(name, lesson, file, List.of(edits), signs);
  }

  private static Edit edit(String text, String replacement) {
    return new Edit(text, replacement);
  }
}
