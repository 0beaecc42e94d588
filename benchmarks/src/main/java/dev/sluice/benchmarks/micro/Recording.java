package dev.sluice.benchmarks.micro;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.netty.TrafficRecorder;
import dev.sluice.gateway.netty.TrafficRecording;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The transport of a recording that carried the most messages, in memory.
 *
 * @param encoding of its payloads
 * @param compression of its payloads
 * @param shard the shard that it was of
 * @param messages its messages from the first on
 */
record Recording(
    Encoding encoding, Compression compression, ShardId shard, List<Message> messages) {

  private static final int SAMPLE_EVENTS = 2000;
  private static final long SEED = 1;
  private static final long TIMEOUT_SECONDS = 30;

  /**
   * A message.
   *
   * @param type text or bytes
   * @param array its bytes
   * @param direct its bytes, in a direct buffer such as a socket is read into
   */
  record Message(FrameType type, byte[] array, ByteBuffer direct) {}

  /**
   * Reads a recording.
   *
   * @param file what a {@link TrafficRecorder} wrote
   * @throws IOException if it cannot be read, or has no message
   */
  static Recording read(Path file) throws IOException {
    TrafficRecording recording = TrafficRecording.open(file);
    Map<TrafficRecording.Transport, List<Message>> transports = new HashMap<>();
    for (TrafficRecording.Message message : recording) {
      byte[] bytes = new byte[message.payload().remaining()];
      message.payload().get(bytes);
      transports
          .computeIfAbsent(message.transport(), transport -> new ArrayList<>())
          .add(new Message(message.type(), bytes, Messages.direct(bytes)));
    }
    TrafficRecording.Transport longest = null;
    for (TrafficRecording.Transport transport : recording.transports()) {
      int length = transports.getOrDefault(transport, List.of()).size();
      if (length > 0 && (longest == null || length > transports.get(longest).size())) {
        longest = transport;
      }
    }
    if (longest == null) {
      throw new IOException("recording: no message (expected: a transport with some)");
    }
    return new Recording(
        longest.encoding(),
        longest.compression(),
        longest.shard(),
        List.copyOf(transports.get(longest)));
  }

  /**
   * Records some made-up events of a local gateway.
   *
   * @param file does not exist yet
   * @param encoding of the payloads
   * @param compression of the payloads
   */
  static void sample(Path file, Encoding encoding, Compression compression)
      throws IOException, ExecutionException, InterruptedException, TimeoutException {
    CountDownLatch events = new CountDownLatch(SAMPLE_EVENTS);
    try (TrafficRecorder recorder = TrafficRecorder.open(file);
        LocalGateway gateway = LocalGateway.start();
        ShardManager manager =
            ShardManager.builder(gateway.token(), Intents.nonPrivileged())
                .apiUri(gateway.apiUri())
                .shards(1)
                .eventLoopThreads(1)
                .encoding(encoding)
                .compression(compression)
                .pipeline(recorder)
                .onDispatch((shard, dispatch) -> events.countDown())
                .build()) {
      manager.start().toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      manager.ready().toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      gateway
          .startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, SEED, Traffic.UNLIMITED))
          .get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      if (!events.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        throw new TimeoutException(
            "events: " + events.getCount() + " missing of " + SAMPLE_EVENTS + " (expected: none)");
      }
      gateway.stopTraffic().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      manager.stop(StopMode.GOODBYE).toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }
  }

  /** {@return a sample, which leaves no file behind} */
  static Recording sample(Encoding encoding, Compression compression)
      throws IOException, ExecutionException, InterruptedException, TimeoutException {
    Path directory = Files.createTempDirectory("sluice-replay");
    Path file = directory.resolve("sample.rec");
    try {
      sample(file, encoding, compression);
      return read(file);
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(directory);
    }
  }
}
