package dev.sluice.gateway.simulation;

import dev.sluice.gateway.server.GatewayServerConnection;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** A WebSocket between one shard and the server, and what an observer between them knows of it. */
final class SimulatedTransport {

  enum Corruption {
    NONE,
    GARBAGE,
    BIT_FLIP
  }

  /** One way through the network; messages keep their order. */
  static final class Direction {
    long lastNanos; // of the last arrival
    long lastUndisturbedNanos;
    long stalledUntilNanos;
    boolean dead;
    long cutAfterBytes = -1;
    Corruption corruptNext = Corruption.NONE;
  }

  final SimulatedShard shard;
  final int process; // of the shard
  final Direction up = new Direction();
  final Direction down = new Direction();
  boolean cut;

  // The client's end.
  boolean clientOpen;
  int generation;

  // The server's end.
  @Nullable GatewayServerConnection server;
  boolean serverOpen;
  long serverTimerNanos = Long.MAX_VALUE;
  Message.Tag nextTag = Message.Tag.NONE;
  final Queue<Message> withheld = new ArrayDeque<>(2); // IDENTIFY or RESUME, in an outage
  boolean closedByFault;

  // What happened to it.
  boolean healthy = true; // until the network or the server disturbs it
  boolean corrupted; // the client cannot be expected to understand what follows
  boolean tainted; // a wrong bit may have changed a meaning
  boolean helloDelivered;
  long helloNanos;
  long lastDeliveredNanos;
  boolean askedToLeave; // op 7 or op 9 was delivered
  boolean invalidDelivered;
  boolean invalidResumableDelivered;
  boolean acksWithheld;
  boolean acksWithheldForGood;
  boolean mute; // no ACK comes any more
  long deadSinceNanos = -1; // nothing reaches the client after this
  boolean resumeSent;
  boolean eventSeen;
  @Nullable SessionRecord record; // that it is attached to
  int logins;
  int heartbeats;
  int heartbeatRequests;

  // The arrivals of the last 120 payloads.
  final long[] arrivals = new long[Judge.SEND_LIMIT];
  int arrived;

  SimulatedTransport(SimulatedShard shard) {
    this.shard = shard;
    this.process = shard.process();
  }
}
