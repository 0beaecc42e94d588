package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The handler {@code dispatch}: the end of the pipeline, where events go to the manager's sink. */
final class DispatchTail extends ChannelInboundHandlerAdapter {

  private static final Logger log = LoggerFactory.getLogger(DispatchTail.class);

  private final Shard shard;
  private final EventDelivery sink;

  DispatchTail(Shard shard, EventDelivery sink) {
    this.shard = shard;
    this.sink = sink;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    if (!(msg instanceof Dispatch dispatch)) {
      ReferenceCountUtil.release(msg);
      return;
    }
    shard.trackGuilds(dispatch);
    shard.gatherMembers(dispatch);
    ReshardGate gate = shard.reshardGate();
    boolean readOn = gate == null ? sink.offer(shard, dispatch) : gate.offer(shard, dispatch);
    if (!readOn) {
      shard.pauseReading();
    }
    if (!dispatch.isDeferred()) {
      dispatch.acknowledge(); // a copy that a handler sent on has nobody else to do it
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    shard.handlerFailed();
    long failures = shard.context().failureLog.pass();
    if (failures > 0) {
      Logs.of(log.atError(), shard.id())
          .setCause(cause)
          .log(
              "shard {}: a handler of the pipeline failed; {} more failures in the last minute",
              shard.id(),
              failures - 1);
    }
  }
}
