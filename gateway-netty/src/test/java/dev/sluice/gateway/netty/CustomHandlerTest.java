package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.Frames.concat;
import static dev.sluice.gateway.netty.Frames.event;
import static dev.sluice.gateway.netty.Frames.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Dispatch;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who owns what passes the application's handlers in a pipeline. */
@ExtendWith(LeakExtension.class)
final class CustomHandlerTest {

  private final EmbeddedShard shard = new EmbeddedShard();
  private final List<Dispatch> kept = new ArrayList<>();

  @AfterEach
  void close() {
    shard.channel.finishAndReleaseAll();
  }

  private interface Read {
    void accept(ChannelHandlerContext ctx, Object msg);
  }

  private void addBefore(String name, Read read) {
    shard.customizer =
        new PipelineCustomizer() {
          @Override
          public void onUpgraded(Shard shard, ChannelPipeline pipeline) {
            pipeline.addBefore(
                name,
                "custom",
                new ChannelInboundHandlerAdapter() {
                  @Override
                  public void channelRead(ChannelHandlerContext ctx, Object msg) {
                    read.accept(ctx, msg);
                  }
                });
          }
        };
  }

  @Test
  void aHandlerMayGoOnWithACopyAndAcknowledgeIt() {
    addBefore(
        PipelineNames.DISPATCH,
        (ctx, msg) -> {
          kept.add(((Dispatch) msg).copy());
          ((Dispatch) msg).defer();
        });
    shard.ready();
    shard.in(text(event("A", 2, "{\"a\":1}")));
    assertThat(shard.events()).isEmpty();
    assertThat(shard.storedSequence()).isEqualTo(1);

    kept.get(1).acknowledge();

    assertThat(shard.storedSequence()).isEqualTo(2);
  }

  @Test
  void aHandlerMaySendACopyOnLater() {
    List<ChannelHandlerContext> contexts = new ArrayList<>();
    addBefore(
        PipelineNames.DISPATCH,
        (ctx, msg) -> {
          contexts.add(ctx);
          kept.add(((Dispatch) msg).copy());
          ((Dispatch) msg).defer();
        });
    shard.ready();
    shard.in(concat(text(event("A", 2, "{}")), text(event("B", 3, "{}"))));
    assertThat(shard.storedSequence()).isEqualTo(1);

    kept.forEach(contexts.get(0)::fireChannelRead);

    assertThat(shard.events()).containsExactly("READY", "A", "B");
    assertThat(shard.storedSequence()).isEqualTo(3);
  }

  @Test
  void aBorrowedEventThatIsSentOnTooLateIsCountedAndHarmsNothing() {
    List<Runnable> later = new ArrayList<>();
    addBefore(PipelineNames.DISPATCH, (ctx, msg) -> later.add(() -> ctx.fireChannelRead(msg)));
    shard.ready();

    later.get(0).run();

    assertThat(shard.events()).isEmpty();
    assertThat(shard.context.figures.get(Figure.HANDLER_FAILURES)).isPositive();
    assertThat(shard.recorder.reconnects(0)).isEmpty();
  }

  @Test
  void framesAreTheHandlersToReleaseOrToPassOn() {
    List<ByteBuf> copies = new ArrayList<>();
    addBefore(
        PipelineNames.GATEWAY,
        (ctx, msg) -> {
          TextWebSocketFrame frame = (TextWebSocketFrame) msg;
          if (frame.text().contains("DROP")) {
            frame.release();
          } else {
            copies.add(frame.content().retainedDuplicate());
            ctx.fireChannelRead(frame);
          }
        });
    shard.ready();

    shard.in(concat(text(event("DROP", 2, "{}")), text(event("B", 3, "{}"))));

    assertThat(shard.events()).containsExactly("READY", "B");
    assertThat(copies).allSatisfy(copy -> assertThat(copy.release()).isTrue());
  }
}
