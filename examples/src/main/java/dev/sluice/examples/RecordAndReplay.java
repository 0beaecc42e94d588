package dev.sluice.examples;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.Scratch;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.TrafficRecorder;
import dev.sluice.gateway.netty.TrafficRecording;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * Records what the gateway sends to a file, and plays it to connections that have no socket: to
 * find out what an event costs, or to repeat what once went wrong.
 */
public final class RecordAndReplay {

  static final int EVENTS = 5_000;

  private static final long MAX_SECONDS = 60;

  private RecordAndReplay() {}

  /**
   * Records some thousand events, for a minute at most: of Discord if {@code TOKEN} is set, else of
   * a local gateway.
   *
   * @param args the file to record to, which must not exist; a temporary one if there is none
   */
  public static void main(String[] args) throws Exception {
    Path file =
        args.length == 0
            ? Files.createTempDirectory("sluice").resolve("traffic.rec")
            : Path.of(args[0]);
    try (Target target = Target.of(System.getenv(), RecordAndReplay::startGateway)) {
      record(target, file);
    }
    System.out.printf("%,d bytes recorded to %s%n", Files.size(file), file);
    replay(TrafficRecording.open(file), System.out);
  }

  /** The file is whole when this returns. */
  static void record(Target target, Path file)
      throws IOException, InterruptedException, ExecutionException {
    CountDownLatch events = new CountDownLatch(EVENTS);
    try (TrafficRecorder recorder = TrafficRecorder.open(file);
        ShardManager manager =
            ShardManager.builder(target.token(), Intents.nonPrivileged())
                .apiUri(target.apiUri())
                .pipeline(recorder)
                .onDispatch((shard, dispatch) -> events.countDown())
                .build()) {
      manager.start().toCompletableFuture().get();
      events.await(MAX_SECONDS, TimeUnit.SECONDS);
    }
  }

  /** Each transport of the recording gets a connection, which sees what the shard saw. */
  static void replay(TrafficRecording recording, PrintStream out) {
    Scratch scratch = Scratch.create(); // one for all connections of a thread
    Map<TrafficRecording.Transport, GatewayConnection> connections = new HashMap<>();
    Map<EventType, Long> events = new TreeMap<>();
    long startNanos = System.nanoTime();
    for (TrafficRecording.Message message : recording) {
      GatewayConnection connection =
          connections.computeIfAbsent(
              message.transport(), transport -> connect(transport, scratch));
      Dispatch dispatch = connection.recv(message.type(), message.payload());
      if (dispatch != null) {
        events.merge(dispatch.type(), 1L, Long::sum);
      }
      // IDENTIFY has to be on its way before READY is expected; here it is on its way to nowhere.
      connection.sendIter().forEach(outgoing -> {});
    }
    long nanos = System.nanoTime() - startNanos;
    out.printf(
        "%,d messages replayed in %,d ms, without a socket%n",
        recording.messages(), TimeUnit.NANOSECONDS.toMillis(nanos));
    events.forEach((type, count) -> out.printf("%,10d %s%n", count, type));
  }

  private static GatewayConnection connect(TrafficRecording.Transport transport, Scratch scratch) {
    GatewayConfig config =
        GatewayConfig.builder("not-needed", Intents.nonPrivileged())
            .encoding(transport.encoding())
            .compression(transport.compression())
            .build();
    GatewayConnection connection =
        GatewayConnection.create(
            config,
            transport.shard(),
            null,
            scratch,
            NanoClock.system(),
            RandomGenerator.getDefault());
    connection.connecting();
    connection.opened();
    return connection;
  }

  static LocalGateway startGateway() {
    LocalGateway gateway = LocalGateway.start();
    gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 1, 5_000)).join();
    return gateway;
  }
}
