package dev.sluice.examples;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.netty.PipelineCustomizer;
import dev.sluice.gateway.netty.PipelineNames;
import dev.sluice.gateway.netty.Shard;
import dev.sluice.gateway.netty.ShardManager;
import dev.sluice.gateway.testkit.LocalGateway;
import dev.sluice.gateway.testkit.Traffic;
import dev.sluice.gateway.testkit.TrafficMix;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** Puts handlers of its own into the pipelines of the shards: one for frames, one for events. */
public final class CustomHandler {

  private static final int EVENTS = 5_000;
  private static final long MAX_SECONDS = 60;

  private final LongAdder frames = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final Map<EventType, LongAdder> seen = new ConcurrentSkipListMap<>();
  private final LongAdder handled = new LongAdder();
  private final CountDownLatch remaining = new CountDownLatch(EVENTS);

  private CustomHandler() {}

  /**
   * Counts some thousand events, for a minute at most: of Discord if {@code TOKEN} is set, else of
   * a local gateway.
   *
   * @param args none
   */
  public static void main(String[] args) throws Exception {
    try (Target target = Target.of(System.getenv(), CustomHandler::startGateway)) {
      run(target, System.out);
    }
  }

  static LocalGateway startGateway() {
    LocalGateway gateway = LocalGateway.start();
    gateway.startTraffic(Traffic.of(TrafficMix.NO_PRESENCES, 1, 2_000)).join();
    return gateway;
  }

  static void run(Target target, PrintStream out) throws InterruptedException, ExecutionException {
    CustomHandler counters = new CustomHandler();
    try (ShardManager manager =
        ShardManager.builder(target.token(), Intents.nonPrivileged())
            .apiUri(target.apiUri())
            .pipeline(counters.customizer())
            .onDispatch((shard, dispatch) -> counters.handled.increment())
            .build()) {
      manager.start().toCompletableFuture().get();
      counters.remaining.await(MAX_SECONDS, TimeUnit.SECONDS);
    }
    counters.print(out);
  }

  /** Called for every transport, so the handlers are new each time and need no lock. */
  private PipelineCustomizer customizer() {
    return new PipelineCustomizer() {
      @Override
      public void onUpgraded(Shard shard, ChannelPipeline pipeline) {
        pipeline.addBefore(PipelineNames.GATEWAY, "frame-counter", new FrameCounter());
        pipeline.addBefore(PipelineNames.DISPATCH, "typing-filter", new TypingFilter());
      }
    };
  }

  /** Counts frames as they came, before inflation, and passes them on. */
  private final class FrameCounter extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
      if (msg instanceof WebSocketFrame frame) {
        frames.increment();
        bytes.add(frame.content().readableBytes());
      }
      ctx.fireChannelRead(msg);
    }
  }

  /** Counts events, and passes on all but TYPING_START. */
  private final class TypingFilter extends ChannelInboundHandlerAdapter {

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
      if (msg instanceof Dispatch dispatch) {
        EventType type = dispatch.type(); // a dispatch is borrowed, the next handler may end it
        seen.computeIfAbsent(type, unseen -> new LongAdder()).increment();
        remaining.countDown();
        if (type == EventType.TYPING_START) {
          return; // not passing it on is all; it counts as handled
        }
      }
      ctx.fireChannelRead(msg);
    }
  }

  private void print(PrintStream out) {
    out.printf("%,10d frames of %,d bytes%n", frames.sum(), bytes.sum());
    seen.forEach((type, count) -> out.printf("%,10d %s%n", count.sum(), type));
    out.printf("%,10d events handled, all but TYPING_START%n", handled.sum());
  }
}
