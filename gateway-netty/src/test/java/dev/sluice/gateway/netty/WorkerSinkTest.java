package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.Frames.concat;
import static dev.sluice.gateway.netty.Frames.event;
import static dev.sluice.gateway.netty.Frames.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.testkit.LocalCertificate;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers whose threads are the test's: a task runs when it says so. */
@ExtendWith(LeakExtension.class)
final class WorkerSinkTest {

  private static final int READ_BYTES = 256 << 10;
  private static final int SLOTS = 64;

  private final Deque<Runnable> tasks = new ArrayDeque<>();
  private final List<Long> handled = new ArrayList<>();
  private final List<Dispatch> kept = new ArrayList<>();
  private DispatchHandler handler =
      (from, dispatch) -> {
        dispatch.readTree();
        handled.add(dispatch.sequence());
      };
  private EmbeddedShard shard = new EmbeddedShard();
  private @Nullable EmbeddedChannel server;

  @AfterEach
  void close() {
    shard.channel.finishAndReleaseAll();
    if (server != null) {
      server.finishAndReleaseAll();
    }
    runTasks();
    shard.run();
    assertThat(shard.shard.unhandledEvents()).isZero();
  }

  private Workers workers() {
    return Workers.executor(tasks::add);
  }

  private WorkerSink start(Workers workers) {
    WorkerSink sink =
        new WorkerSink(
            workers,
            1,
            (from, dispatch) -> handler.onDispatch(from, dispatch),
            shard.exceptionHandler);
    shard.sink = sink;
    return sink;
  }

  private void runTasks() {
    while (!tasks.isEmpty()) {
      tasks.remove().run();
    }
  }

  /** Lets workers and event loop take turns until neither has anything to do. */
  private void work() {
    do {
      runTasks();
      shard.run();
    } while (!tasks.isEmpty());
  }

  private long storedSequence() {
    CompletableFuture<Long> sequence =
        shard
            .shard
            .session()
            .thenApply(s -> Objects.requireNonNull(s).sequence())
            .toCompletableFuture();
    shard.run();
    return sequence.join();
  }

  private void in(int from, int to) {
    shard.in(
        concat(
            LongStream.rangeClosed(from, to)
                .mapToObj(n -> text(event("A", n, "{\"n\":" + n + '}')))
                .toArray(byte[][]::new)));
  }

  private boolean isReading() {
    return shard.channel.config().isAutoRead();
  }

  @Test
  void eventsAreHandledInOrderAndAcknowledged() {
    start(workers());
    shard.ready();
    in(2, 5);
    assertThat(handled).isEmpty();
    assertThat(shard.shard.unhandledEvents()).isEqualTo(5);
    assertThat(tasks).hasSize(1);
    assertThat(storedSequence()).isEqualTo(1);

    work();

    assertThat(handled).containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(shard.shard.unhandledEvents()).isZero();
    assertThat(storedSequence()).isEqualTo(5);
  }

  @Test
  void aFullQueueStopsReadingAndTheLowWatermarkLetsItGoOn() {
    shard.acknowledgedByHand = true;
    handler = (from, dispatch) -> kept.add(dispatch.copy());
    start(workers().capacity(4).lowWatermark(1));
    shard.ready();
    in(2, 9);
    work();
    assertThat(kept).hasSize(4);
    assertThat(isReading()).isFalse();
    assertThat(shard.shard.unhandledEvents()).isEqualTo(4);

    kept.get(0).acknowledge();
    kept.get(2).acknowledge();
    work();
    assertThat(kept).hasSize(4);
    kept.get(1).acknowledge();
    work();
    assertThat(kept).hasSize(7);
    assertThat(isReading()).isFalse();

    for (int i = 3; i < 9; i++) {
      kept.get(i).acknowledge();
      work();
    }
    assertThat(kept.stream().map(Dispatch::sequence))
        .containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L);
    assertThat(isReading()).isTrue();
    assertThat(storedSequence()).isEqualTo(9);
  }

  @Test
  void bytesAreBoundedToo() {
    start(workers().maxBytesPerShard(1000));
    shard.ready();
    work();
    String large = "{\"a\":\"" + "x".repeat(900) + "\"}";
    shard.in(
        concat(
            text(event("A", 2, large)),
            text(event("A", 3, large)),
            text(event("A", 4, large)),
            text(event("A", 5, large))));
    assertThat(shard.shard.unhandledEvents()).isEqualTo(2);
    assertThat(isReading()).isFalse();

    work();

    assertThat(handled).containsExactly(1L, 2L, 3L, 4L, 5L);
    assertThat(isReading()).isTrue();
  }

  @Test
  void theBytesOfAllShardsOfAnEventLoopAreBounded() {
    WorkerSink sink = start(workers().maxBytes(1000));
    shard.ready();
    work();
    EmbeddedShard neighbour = new EmbeddedShard();
    neighbour.sink =
        (from, dispatch) -> {
          kept.add(dispatch.copy());
          return true;
        };
    neighbour.ready();
    EventQueue ofNeighbour = sink.queue(neighbour.shard, shard.context);
    assertThat(ofNeighbour.offer(kept.get(0).copy())).isTrue();

    String large = "{\"a\":\"" + "x".repeat(1200) + "\"}";
    shard.in(concat(text(event("A", 2, large)), text(event("A", 3, large))));
    assertThat(shard.shard.unhandledEvents()).isEqualTo(1);
    assertThat(isReading()).isFalse();
    assertThat(ofNeighbour.offer(kept.get(0).copy())).isFalse();
    work();

    assertThat(handled).containsExactly(1L, 1L, 1L, 2L, 3L);
    assertThat(isReading()).isTrue();
    assertThat(ofNeighbour.offer(kept.get(0).copy())).isTrue();
    work();
    neighbour.channel.finishAndReleaseAll();
  }

  @Test
  void anEventThatIsOfferedDuringAPauseIsTakenAllTheSame() {
    WorkerSink sink = start(workers().capacity(1).lowWatermark(0));
    List<Dispatch> copies = new ArrayList<>();
    shard.sink =
        (from, dispatch) -> {
          copies.add(dispatch.copy());
          return sink.offer(from, dispatch);
        };
    shard.ready();
    assertThat(isReading()).isFalse();

    sink.offer(shard.shard, copies.get(0));
    assertThat(copies.get(0).isDeferred()).isTrue();
    work();

    assertThat(handled).containsExactly(1L, 1L);
    assertThat(isReading()).isTrue();
  }

  @Test
  void deferredEventsAreAcknowledgedFromAnyThread() throws Exception {
    handler =
        (from, dispatch) -> {
          if (dispatch.sequence() == 2) {
            dispatch.defer();
            kept.add(dispatch);
          }
        };
    start(workers());
    shard.ready();
    in(2, 3);
    work();
    assertThat(storedSequence()).isEqualTo(1);
    assertThat(shard.shard.unhandledEvents()).isEqualTo(1);
    assertThat(kept.get(0).readTree().path("n").asInt()).isEqualTo(2);

    Thread other = new Thread(() -> kept.get(0).acknowledge());
    other.start();
    other.join();
    kept.get(0).acknowledge();

    assertThat(storedSequence()).isEqualTo(3);
    assertThat(kept.get(0).isValid()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatAHandlerThrowsGoesToTheExceptionHandler(boolean acknowledge) {
    List<Throwable> failures = new ArrayList<>();
    shard.exceptionHandler =
        (from, dispatch, cause) -> {
          failures.add(cause);
          kept.add(dispatch.copy());
          return acknowledge;
        };
    handler =
        (from, dispatch) -> {
          if (dispatch.sequence() == 2) {
            throw new IOException("broken");
          } else if (dispatch.sequence() == 3) {
            throw new StackOverflowError("deep");
          }
          handled.add(dispatch.sequence());
        };
    start(workers());
    shard.ready();

    in(2, 4);
    work();

    assertThat(handled).containsExactly(1L, 4L);
    assertThat(failures).hasSize(2);
    assertThat(shard.context.figures.get(Figure.HANDLER_FAILURES)).isEqualTo(2);
    assertThat(storedSequence()).isEqualTo(acknowledge ? 4 : 1);
    kept.forEach(Dispatch::acknowledge);
    assertThat(storedSequence()).isEqualTo(4);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aHandlerThatAcknowledgesAndThenThrowsHarmsNothing(boolean reported) {
    shard.exceptionHandler = reported ? (from, dispatch, cause) -> false : null;
    handler =
        (from, dispatch) -> {
          dispatch.acknowledge();
          throw new IOException("broken");
        };
    start(workers());
    shard.ready();

    work();

    assertThat(shard.context.figures.get(Figure.HANDLER_FAILURES)).isEqualTo(1);
    assertThat(shard.shard.unhandledEvents()).isZero();
  }

  @Test
  void eventsOfOneGuildKeepTheirOrderWhileAnotherIsHeldUp() {
    start(workers().orderedByGuild());
    shard.ready();
    work();
    handled.clear();
    List<byte[]> events = new ArrayList<>();
    for (int n = 2; n < 42; n++) {
      events.add(
          text(event("A", n, "{\"guild_id\":\"" + (n % 2 == 0 ? 1L << 30 : 5L << 30) + "\"}")));
    }
    handler =
        (from, dispatch) -> {
          handled.add(dispatch.sequence());
          if (dispatch.sequence() == 2) {
            runTasks(); // on another thread, while this one is blocked
            assertThat(handled).hasSize(21);
          }
        };

    shard.in(concat(events.toArray(byte[][]::new)));
    work();

    assertThat(handled.stream().filter(n -> n % 2 == 0)).hasSize(20).isSorted();
    assertThat(handled.stream().filter(n -> n % 2 == 1)).hasSize(20).isSorted();
    assertThat(storedSequence()).isEqualTo(41);
  }

  @Test
  void guildsOfOneShardSpreadOverTheLanes() {
    int shards = 1 << 10;
    Integer[] guilds = new Integer[16];
    java.util.Arrays.fill(guilds, 0);
    for (long i = 0; i < 1600; i++) {
      guilds[EventQueue.indexOf((i * 977 * shards + 5) << 22 | 1 << 17, 16)]++;
    }

    assertThat(guilds).allSatisfy(count -> assertThat(count).isBetween(50, 200));
  }

  @Test
  void drainingReadsNoMoreAndWaitsForWhatCame() {
    start(workers());
    shard.ready();
    in(2, 3);

    CompletableFuture<Void> drained = shard.shard.drain(StopMode.RESTART).toCompletableFuture();
    shard.run();
    in(4, 5);
    assertThat(isReading()).isFalse();
    assertThat(drained).isNotDone();
    work();

    assertThat(drained).isCompleted();
    assertThat(handled).containsExactly(1L, 2L, 3L);
    assertThat(storedSequence()).isEqualTo(3);
  }

  @Test
  void drainingWaitsForDeferredEventsWithoutWorkersToo() {
    shard.acknowledgedByHand = true;
    shard.sink =
        (from, dispatch) -> {
          kept.add(dispatch.copy());
          return true;
        };
    shard.ready();
    in(2, 2);

    CompletableFuture<Void> drained = shard.shard.drain(StopMode.RESTART).toCompletableFuture();
    shard.run();
    assertThat(drained).isNotDone();
    kept.get(1).acknowledge();
    shard.run();

    assertThat(drained).isCompleted();
    assertThat(shard.shard.drain(StopMode.RESTART)).satisfies(again -> shard.run()).isCompleted();
  }

  @Test
  void closingGivesUpWhatWaitsWithoutAcknowledgingIt() {
    WorkerSink sink = start(workers());
    shard.ready();
    in(2, 4);

    sink.stopped();
    in(5, 6);
    work();

    assertThat(handled).isEmpty();
    assertThat(shard.shard.unhandledEvents()).isZero();
    assertThat(storedSequence()).isEqualTo(1);
  }

  @Test
  void theMemoryOfAnEventGoesBackAlthoughItsEventLoopHasEnded() throws Exception {
    WorkerSink sink = start(workers());
    shard.sink = (from, dispatch) -> kept.add(dispatch.copy());
    shard.ready();
    MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    EventQueue queue = sink.queue(shard.shard, new LoopContext(group.next()));
    Dispatch ready = kept.get(0);
    ByteBuf memory = Unpooled.buffer(ready.dataLength());
    QueuedEvent event = new QueuedEvent(queue, ready, memory);
    group.shutdownGracefully(0, 0, TimeUnit.SECONDS).sync();

    event.dispatch.acknowledge();

    assertThat(memory.refCnt()).isZero();
  }

  @Test
  void eventsThatOutliveTheirTransportAreHandled() {
    start(workers());
    shard.ready();
    in(2, 3);
    shard.channel.finishAndReleaseAll();

    work();

    assertThat(handled).containsExactly(1L, 2L, 3L); // and nothing leaks
  }

  // One read that decodes to far more messages than the queue has room for.

  private final Deflater deflater = new Deflater();
  private int sent = 1;

  private byte[] compressed(String payload) {
    return Frames.binary(Frames.deflate(deflater, payload));
  }

  private byte[] oneLargeRead() {
    List<byte[]> frames = new ArrayList<>();
    for (int size = 0; size < READ_BYTES; size += frames.get(frames.size() - 1).length) {
      sent++;
      frames.add(compressed(event("TYPING_START", sent, "{\"n\":" + sent + '}')));
    }
    return concat(frames.toArray(byte[][]::new));
  }

  private void workSlowly() {
    int most = 0;
    do {
      most = Math.max(most, shard.shard.unhandledEvents());
      if (!tasks.isEmpty()) {
        tasks.remove().run();
      }
      shard.run();
    } while (!tasks.isEmpty());
    assertThat(most).isEqualTo(SLOTS);
  }

  private void assertEverythingCame() {
    assertThat(handled).hasSize(sent).isSorted().doesNotHaveDuplicates();
    assertThat(sent).isGreaterThan(4000);
    assertThat(isReading()).isTrue();
    assertThat(storedSequence()).isEqualTo(sent);
    assertThat(shard.recorder.reconnects(0)).isEmpty();
  }

  private void zlib() {
    shard = new EmbeddedShard(Compression.ZLIB_STREAM, config -> config);
    start(workers().capacity(SLOTS));
    shard.dial();
  }

  @Test
  void oneReadOfManySmallMessagesFillsASmallQueueAndLosesNothing() {
    zlib();
    shard.in(Frames.switchingProtocols(shard.takeKey()));
    shard.in(compressed(Frames.hello(3_600_000)));
    shard.in(compressed(Frames.ready("session", "ws://resume.test")));

    shard.in(oneLargeRead());
    assertThat(shard.shard.unhandledEvents()).isEqualTo(SLOTS);
    assertThat(isReading()).isFalse();
    workSlowly();

    assertEverythingCame();
  }

  @Test
  void theSameOverTls() throws Exception {
    LocalCertificate certificate = LocalCertificate.valid();
    SslContext serverContext = certificate.serverContext();
    SslContext clientContext =
        SslContextBuilder.forClient().trustManager(certificate.trustAnchor()).build();
    server = new EmbeddedChannel(serverContext.newHandler(Unpooled.buffer().alloc()));
    shard = new EmbeddedShard(Compression.ZLIB_STREAM, config -> config);
    shard
        .channel
        .pipeline()
        .addLast(clientContext.newHandler(shard.channel.alloc(), "localhost", 443));
    start(workers().capacity(SLOTS));
    shard.dial();
    ByteBuf request = null;
    while (request == null) {
      pump();
      request = server.readInbound();
    }
    String text = request.toString(java.nio.charset.StandardCharsets.US_ASCII);
    request.release();
    serve(Frames.switchingProtocols(EmbeddedShard.keyOf(text)));
    serve(compressed(Frames.hello(3_600_000)));
    pump();
    serve(compressed(Frames.ready("session", "ws://resume.test")));

    serve(oneLargeRead());
    assertThat(shard.shard.unhandledEvents()).isEqualTo(SLOTS);
    assertThat(isReading()).isFalse();
    workSlowly();

    assertEverythingCame();
  }

  /** Carries what the shard wrote to the server, and what that answers back. */
  private void pump() {
    EmbeddedChannel peer = Objects.requireNonNull(server);
    boolean moved = true;
    while (moved) {
      moved = false;
      for (ByteBuf out = shard.channel.readOutbound();
          out != null;
          out = shard.channel.readOutbound()) {
        peer.writeInbound(out);
        moved = true;
      }
      for (ByteBuf out = peer.readOutbound(); out != null; out = peer.readOutbound()) {
        shard.channel.writeInbound(out);
        moved = true;
      }
      shard.run();
    }
  }

  /** Writes bytes on the server, which reach the shard in a single read. */
  private void serve(byte[] bytes) {
    EmbeddedChannel peer = Objects.requireNonNull(server);
    peer.writeOutbound(Unpooled.wrappedBuffer(bytes));
    ByteBuf read = Unpooled.buffer();
    for (ByteBuf out = peer.readOutbound(); out != null; out = peer.readOutbound()) {
      read.writeBytes(out);
      out.release();
    }
    shard.channel.writeInbound(read);
    shard.run();
  }

  @Test
  void aCloseDuringAPauseReleasesWhatWaitsOnBothSidesOfTheQueue() {
    zlib();
    shard.in(Frames.switchingProtocols(shard.takeKey()));
    shard.in(compressed(Frames.hello(3_600_000)));
    shard.in(compressed(Frames.ready("session", "ws://resume.test")));
    shard.in(oneLargeRead());
    assertThat(isReading()).isFalse();

    shard.channel.close();
    shard.run();
    work();

    assertThat(shard.recorder.reconnects(0)).hasSize(1);
    assertThat(handled).hasSize(SLOTS);
    assertThat(shard.shard.unhandledEvents()).isZero();
    assertThat(storedSequence()).isEqualTo(SLOTS); // a resume brings the rest
  }
}
