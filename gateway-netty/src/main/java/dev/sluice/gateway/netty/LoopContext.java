package dev.sluice.gateway.netty;

import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.Scratch;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jctools.queues.MpscChunkedArrayQueue;
import org.jctools.queues.MpscUnboundedArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * What the shards of one event loop share: working memory, chance, figures, and the queues through
 * which other threads reach them. The figures are written by the event loop alone and read from
 * anywhere.
 */
final class LoopContext {

  /** Tasks of other threads that may wait for one event loop. */
  static final int MAX_TASKS = 1 << 16;

  private static final int FIRST_TASKS = 256;

  final EventLoop eventLoop;
  final Scratch scratch = Scratch.create();
  final RandomGenerator random = new SplittableRandom();
  final LoopFigures figures = new LoopFigures();
  final IdentifyWaits identifyWaits = new IdentifyWaits(figures.identifyWait);
  final PauseWatch pauses = new PauseWatch(figures);
  final LagProbe lagProbe;

  /** Of events whose handling failed, on any thread: a line a minute, for there may be as many. */
  final LogLimit failureLog = new LogLimit(NanoClock.system());

  final Checkpoints checkpoints;
  final ResumeDials resumeDials;

  private @Nullable WebSocketDecoderConfig decoderConfig; // of the last transport

  private final TaskQueue tasks;
  private final TaskQueue acknowledgements;

  /** What another thread wants done on the event loop. */
  interface Task {

    /** Does it, on the event loop. */
    void run();

    /** Says that it will not be done, for the event loop has ended; on any thread. */
    void refuse();
  }

  LoopContext(EventLoop eventLoop) {
    this.eventLoop = eventLoop;
    this.tasks = new TaskQueue(eventLoop, new MpscChunkedArrayQueue<>(FIRST_TASKS, MAX_TASKS));
    this.acknowledgements = new TaskQueue(eventLoop, new MpscUnboundedArrayQueue<>(FIRST_TASKS));
    this.checkpoints = new Checkpoints(eventLoop);
    this.lagProbe = new LagProbe(eventLoop, figures.lag, pauses);
    this.resumeDials = new ResumeDials(lagProbe::lagNanos);
  }

  /** {@return by how many nanoseconds the event loop is late with what is due; on any thread} */
  long lagNanos() {
    return lagProbe.lagNanos();
  }

  /** {@return how frames are decoded, the same for all transports; on the event loop} */
  WebSocketDecoderConfig decoderConfig(int maxFrameBytes) {
    WebSocketDecoderConfig config = decoderConfig;
    if (config == null || config.maxFramePayloadLength() != maxFrameBytes) {
      config =
          WebSocketDecoderConfig.newBuilder()
              .expectMaskedFrames(false)
              .allowMaskMismatch(false)
              .allowExtensions(false)
              .maxFramePayloadLength(maxFrameBytes)
              .closeOnProtocolViolation(false) // the connection has a code that keeps the session
              .withUTF8Validator(false)
              .build();
      decoderConfig = config;
    }
    return config;
  }

  /**
   * Runs a task on the event loop, in the order of the calls of each thread; from any thread.
   *
   * @return whether it was taken; false when too many wait
   */
  boolean offer(Task task) {
    return tasks.offer(task);
  }

  /**
   * Runs what an acknowledgement asks for on the event loop; from any thread. Always taken: there
   * are no more of them than events that were read.
   */
  void acknowledge(Task acknowledgement) {
    acknowledgements.offer(acknowledgement);
  }

  /**
   * Refuses what the event loop took and did not run before it ended. There is a moment at its end
   * in which that happens. Called once it has ended.
   */
  void eventLoopEnded() {
    tasks.eventLoopEnded();
    acknowledgements.eventLoopEnded();
  }
}
