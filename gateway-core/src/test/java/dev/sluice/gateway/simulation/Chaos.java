package dev.sluice.gateway.simulation;

import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.simulation.SimulatedTransport.Corruption;
import dev.sluice.gateway.simulation.Trace.Line;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Makes things go wrong, at random moments, until it is told to stop. */
final class Chaos {

  private static final int[] CLOSE_CODES = {
    1000, 1001, 1009, 1011, 1012, 1013, 3000, 4000, 4001, 4002, 4003, 4005, 4006, 4007, 4008, 4009,
    4242, 4999
  };
  private static final int[] FATAL_CLOSE_CODES = {4004, 4010, 4011, 4012, 4013, 4014};

  private final Simulation simulation;
  private final VirtualTime time;
  private final Settings settings;
  private final SplittableRandom random;
  private boolean over;
  private long faults;

  Chaos(Simulation simulation, SplittableRandom random) {
    this.simulation = simulation;
    this.time = simulation.time();
    this.settings = simulation.settings();
    this.random = random;
  }

  long faults() {
    return faults;
  }

  void start() {
    if (!settings.faults.isEmpty()) {
      scheduleNext();
    }
    if (settings.fatalClose) {
      time.after(random.nextLong(settings.chaosNanos), this::closeFatally);
    }
  }

  /** What still lasts ends now; transports that are dead stay so, those with wrong bits end. */
  void stop() {
    over = true;
    SimulatedNetwork network = simulation.network();
    network.troubled = false;
    network.namesFailUntilNanos = 0;
    network.resumeHostDownUntilNanos = 0;
    SimulatedGateway gateway = simulation.gateway();
    gateway.flappingUntilNanos = 0;
    gateway.endOutage();
    for (SimulatedShard shard : simulation.bot().shards()) {
      SimulatedTransport transport = shard.transport();
      if (transport != null) {
        transport.down.corruptNext = Corruption.NONE;
        transport.down.cutAfterBytes = -1;
        transport.up.cutAfterBytes = -1;
        if (transport.tainted) {
          network.cut(transport); // a READY or RESUMED that a wrong bit hid is waited for for ever
        }
      }
      shard.reads(true);
    }
  }

  private void scheduleNext() {
    double seconds = -Math.log(1 - random.nextDouble()) / settings.faultsPerSecond;
    time.after(
        (long) (seconds * VirtualTime.SECOND),
        () -> {
          if (!over) {
            faults++;
            inject(settings.faults.get(random.nextInt(settings.faults.size())));
            scheduleNext();
          }
        });
  }

  private void inject(Fault fault) {
    long now = time.now();
    SimulatedGateway gateway = simulation.gateway();
    SimulatedNetwork network = simulation.network();
    SimulatedShard shard = anyShard();
    SimulatedTransport transport = shard.transport();
    simulation.trace().add(shard.id(), Line.FAULT, 0, 0, fault);
    switch (fault) {
      case NAME_FAILURE -> network.namesFailUntilNanos = now + upTo(5 * VirtualTime.MINUTE);
      case RESUME_HOST_DOWN ->
          network.resumeHostDownUntilNanos = now + upTo(5 * VirtualTime.MINUTE);
      case FLAPPING -> gateway.flappingUntilNanos = now + upTo(2 * VirtualTime.MINUTE);
      case OUTAGE -> startOutage(gateway);
      case STORM -> storm(gateway);
      case BOT_CRASH -> simulation.bot().crash();
      case SHARD_CRASH -> simulation.bot().crash(shard);
      case RESTART -> shard.stop(StopMode.RESTART);
      case GOODBYE -> shard.stop(StopMode.GOODBYE);
      case PAUSES -> pauseAgainAndAgain(shard, 1 + random.nextInt(20));
      case COMMANDS -> queueCommands(shard);
      case POISON -> withSession(gateway::poison);
      case SESSION_FORGOTTEN -> withSession(gateway::forget);
      case CUT,
          HALF_OPEN,
          GARBAGE,
          BIT_FLIP,
          STALL,
          HEARTBEAT_REQUEST,
          RECONNECT,
          INVALID_RESUMABLE,
          INVALID,
          CLOSE,
          ACKS_WITHHELD -> {
        if (transport != null && transport.clientOpen && transport.serverOpen) {
          disturb(fault, transport, transport.server);
        }
      }
    }
  }

  private void disturb(
      Fault fault, SimulatedTransport transport, @Nullable GatewayServerConnection server) {
    SimulatedNetwork network = simulation.network();
    SimulatedGateway gateway = simulation.gateway();
    if (server == null) {
      return;
    }
    switch (fault) {
      case CUT -> {
        transport.healthy = false;
        if (random.nextInt(3) == 0) {
          network.cut(transport);
        } else if (random.nextBoolean()) {
          transport.down.cutAfterBytes = random.nextInt(3000);
        } else {
          transport.up.cutAfterBytes = random.nextInt(500);
        }
      }
      case HALF_OPEN -> {
        int which = random.nextInt(3);
        if (which != 0) {
          network.die(transport, transport.down);
        }
        if (which != 1) {
          network.die(transport, transport.up);
        }
      }
      case GARBAGE -> transport.down.corruptNext = Corruption.GARBAGE;
      case BIT_FLIP -> transport.down.corruptNext = Corruption.BIT_FLIP;
      case STALL -> {
        transport.healthy = false;
        long until = time.now() + upTo(90 * VirtualTime.SECOND);
        transport.down.stalledUntilNanos = until;
        if (random.nextBoolean()) {
          transport.up.stalledUntilNanos = until;
        }
      }
      case HEARTBEAT_REQUEST -> gateway.requestHeartbeat(transport, server);
      case RECONNECT -> gateway.reconnect(transport, server);
      case INVALID_RESUMABLE -> gateway.invalidate(transport, server, true);
      case INVALID -> gateway.invalidate(transport, server, false);
      case CLOSE ->
          gateway.close(transport, server, CLOSE_CODES[random.nextInt(CLOSE_CODES.length)]);
      case ACKS_WITHHELD -> withholdAcks(transport, server);
      default ->
          throw new IllegalArgumentException("fault: " + fault + " (expected: a transport's)");
    }
  }

  private void withholdAcks(SimulatedTransport transport, GatewayServerConnection server) {
    if (transport.acksWithheld) {
      return;
    }
    transport.acksWithheld = true;
    server.acknowledgeHeartbeats(false);
    if (random.nextBoolean()) {
      transport.acksWithheldForGood = true;
      simulation.judge().fallsMute(transport);
    } else {
      time.after(
          upTo(3 * VirtualTime.MINUTE),
          () -> {
            server.acknowledgeHeartbeats(true);
          });
    }
  }

  private void startOutage(SimulatedGateway gateway) {
    if (time.now() >= gateway.outageUntilNanos) {
      long lasts = upTo(5 * VirtualTime.MINUTE);
      gateway.outageUntilNanos = time.now() + lasts;
      time.after(
          lasts,
          () -> {
            if (!over) {
              gateway.endOutage();
            }
          });
    }
  }

  private void storm(SimulatedGateway gateway) {
    double share = random.nextDouble();
    Fault fault =
        switch (random.nextInt(4)) {
          case 0 -> Fault.RECONNECT;
          case 1 -> Fault.INVALID_RESUMABLE;
          case 2 -> Fault.CLOSE;
          default -> Fault.INVALID;
        };
    for (SimulatedTransport transport : simulation.bot().transports()) {
      boolean open = transport.clientOpen && transport.serverOpen;
      if (open && random.nextDouble() < share) {
        simulation.trace().add(transport.shard.id(), Line.FAULT, 1, 0, fault);
        disturb(fault, transport, transport.server);
      }
    }
  }

  private void pauseAgainAndAgain(SimulatedShard shard, int times) {
    if (over || times == 0) {
      return;
    }
    shard.reads(false);
    time.after(
        upTo(VirtualTime.MINUTE),
        () -> {
          shard.reads(true);
          time.after(upTo(20 * VirtualTime.SECOND), () -> pauseAgainAndAgain(shard, times - 1));
        });
  }

  private void queueCommands(SimulatedShard shard) {
    for (int i = random.nextInt(200); i >= 0; i--) {
      shard.queue(GatewayCommand.UpdateVoiceState.leave(1 + random.nextInt(1000)));
    }
  }

  private void closeFatally() {
    SimulatedShard shard = anyShard();
    SimulatedTransport transport = shard.transport();
    GatewayServerConnection server = transport == null ? null : transport.server;
    if (!over && transport != null && server != null && transport.serverOpen) {
      int code = FATAL_CLOSE_CODES[random.nextInt(FATAL_CLOSE_CODES.length)];
      simulation.trace().add(shard.id(), Line.FAULT, code);
      simulation.gateway().close(transport, server, code);
    }
  }

  private void withSession(Consumer<SessionRecord> fault) {
    List<SessionRecord> live = simulation.gateway().liveSessions();
    if (!live.isEmpty()) {
      SessionRecord record = live.get(random.nextInt(live.size()));
      simulation.trace().add(record.shard.id(), Line.FAULT, record.number);
      fault.accept(record);
    }
  }

  private SimulatedShard anyShard() {
    return simulation.bot().shard(random.nextInt(settings.shards));
  }

  private long upTo(long nanos) {
    return 1 + random.nextLong(nanos);
  }
}
