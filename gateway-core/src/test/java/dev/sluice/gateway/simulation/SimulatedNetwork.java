package dev.sluice.gateway.simulation;

import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.simulation.SimulatedTransport.Corruption;
import dev.sluice.gateway.simulation.SimulatedTransport.Direction;
import java.net.URI;
import java.util.SplittableRandom;

/**
 * Carries messages with a delay that differs from one to the next, in order within a transport, and
 * fails as it is told.
 */
final class SimulatedNetwork {

  private static final int FRAME_BYTES = 6;

  private final Simulation simulation;
  private final VirtualTime time;
  private final Settings settings;
  private final SplittableRandom random;

  boolean troubled = true;
  long namesFailUntilNanos;
  long resumeHostDownUntilNanos;

  SimulatedNetwork(Simulation simulation, SplittableRandom random) {
    this.simulation = simulation;
    this.time = simulation.time();
    this.settings = simulation.settings();
    this.random = random;
  }

  /** Dials; the outcome comes later, or never. */
  SimulatedTransport dial(SimulatedShard shard, URI uri) {
    SimulatedTransport transport = new SimulatedTransport(shard);
    long now = time.now();
    boolean resumeHost = SimulatedGateway.RESUME_HOST.equals(uri.getHost());
    if (now < namesFailUntilNanos) {
      fail(transport, 0);
    } else if (resumeHost && now < resumeHostDownUntilNanos) {
      fail(transport, 503);
    } else if (troubled && random.nextDouble() < settings.dialTrouble) {
      switch (random.nextInt(5)) {
        case 0, 1 -> fail(transport, 0);
        case 2 -> fail(transport, 500 + random.nextInt(5));
        case 3 -> open(transport, uri, random.nextLong(30 * VirtualTime.SECOND)); // perhaps late
        default -> {
          // There is no outcome: the packets go nowhere.
        }
      }
    } else {
      open(transport, uri, 0);
    }
    return transport;
  }

  private void fail(SimulatedTransport transport, int status) {
    time.after(2 * delay(), () -> transport.shard.dialFailed(transport, status));
  }

  private void open(SimulatedTransport transport, URI uri, long extraNanos) {
    long roundTrip = 2 * delay();
    time.after(
        roundTrip + extraNanos,
        () -> {
          if (!transport.shard.dials(transport)) {
            return;
          }
          transport.clientOpen = true;
          transport.serverOpen = true;
          if (troubled && random.nextDouble() < settings.muteAtStart) {
            transport.healthy = false;
            die(transport, transport.down);
          }
          transport.shard.opened(transport);
          simulation.gateway().accept(transport, uri.getQuery());
        });
  }

  void toServer(SimulatedTransport transport, FrameType type, byte[] bytes, int opcode) {
    send(transport, transport.up, Message.fromClient(type, bytes, opcode));
  }

  void toClient(SimulatedTransport transport, Message message) {
    Message sent = message;
    Direction down = transport.down;
    if (down.corruptNext != Corruption.NONE) {
      sent = corrupt(transport, message);
      down.corruptNext = Corruption.NONE;
    }
    send(transport, down, sent);
  }

  /** The client closes; 0 is the end without a close frame. */
  void closeByClient(SimulatedTransport transport, int code) {
    send(transport, transport.up, code == 0 ? Message.lost() : Message.close(code));
  }

  void closeByServer(SimulatedTransport transport, int code) {
    send(transport, transport.down, code == 0 ? Message.lost() : Message.close(code));
  }

  private void send(SimulatedTransport transport, Direction direction, Message message) {
    boolean up = direction.equals(transport.up);
    if (transport.cut) {
      return;
    }
    long undisturbed = Math.max(time.now() + delay(), direction.lastUndisturbedNanos);
    direction.lastUndisturbedNanos = undisturbed;
    if (direction.dead) {
      return;
    }
    long at = Math.max(Math.max(undisturbed, direction.lastNanos), direction.stalledUntilNanos);
    direction.lastNanos = at;
    if (direction.cutAfterBytes >= 0) {
      direction.cutAfterBytes -= message.bytes.length + FRAME_BYTES;
      if (direction.cutAfterBytes < 0) {
        cut(transport);
        return;
      }
    }
    if (up) {
      if (message.kind == Message.Kind.PAYLOAD) {
        simulation.judge().arrives(transport, message, undisturbed);
      }
      time.at(at, () -> simulation.gateway().recv(transport, message));
    } else {
      time.at(at, () -> transport.shard.recv(transport, message));
    }
  }

  /** Both ends hear of it, after what is on its way to them. */
  void cut(SimulatedTransport transport) {
    if (!transport.cut) {
      transport.healthy = false;
      send(transport, transport.up, Message.lost());
      send(transport, transport.down, Message.lost());
      transport.cut = true;
    }
  }

  void die(SimulatedTransport transport, Direction direction) {
    direction.dead = true;
    transport.healthy = false;
    if (direction.equals(transport.down) && transport.deadSinceNanos < 0) {
      simulation.judge().fallsSilent(transport, Math.max(time.now(), direction.lastNanos));
    }
  }

  private Message corrupt(SimulatedTransport transport, Message message) {
    transport.healthy = false;
    transport.corrupted = true;
    byte[] bytes = message.bytes.clone();
    if (transport.down.corruptNext == Corruption.BIT_FLIP && bytes.length > 0) {
      transport.tainted = true;
      SessionRecord record = transport.record;
      if (record != null) {
        record.tainted = true;
      }
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    } else {
      random.nextBytes(bytes);
      if (bytes.length > 0) {
        bytes[0] = (byte) 0xff; // no JSON begins so, and no block of deflate
      }
    }
    return message.with(bytes);
  }

  private long delay() {
    return settings.latencyNanos + random.nextLong(settings.jitterNanos);
  }
}
