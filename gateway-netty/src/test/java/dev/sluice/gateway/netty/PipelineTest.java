package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.Frames.concat;
import static dev.sluice.gateway.netty.Frames.event;
import static dev.sluice.gateway.netty.Frames.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.StopMode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The handlers of a shard's pipeline, on an embedded channel. */
final class PipelineTest {

  private EmbeddedShard shard = new EmbeddedShard();

  @AfterEach
  void close() {
    shard.channel.releaseOutbound();
    shard.channel.finishAndReleaseAll();
  }

  @Test
  void dialsTheBaseUrlAndAsksForAnUpgrade() {
    shard.dial();

    assertThat(shard.dials.get(0)).hasToString("ws://gateway.test/?v=10&encoding=json");
    ByteBuf request = shard.channel.readOutbound();
    assertThat(request.toString(java.nio.charset.StandardCharsets.US_ASCII))
        .startsWith("GET /?v=10&encoding=json HTTP/1.1\r\n")
        .containsIgnoringCase("host: gateway.test\r\n")
        .containsIgnoringCase("user-agent: DiscordBot (")
        .doesNotContainIgnoringCase("origin:")
        .doesNotContainIgnoringCase("extensions")
        .doesNotContain("token");
    request.release();
  }

  @Test
  void theCustomizerHasRunBeforeTheFirstFrame() {
    List<String> seen = new ArrayList<>();
    shard.customizer =
        new PipelineCustomizer() {
          @Override
          public void onConnect(Shard shard, ChannelPipeline pipeline) {
            seen.add("connect " + pipeline.names());
          }

          @Override
          public void onUpgraded(Shard shard, ChannelPipeline pipeline) {
            seen.add("upgraded " + shard.state());
            pipeline.addBefore(
                PipelineNames.GATEWAY,
                "frames",
                new ChannelInboundHandlerAdapter() {
                  @Override
                  public void channelRead(ChannelHandlerContext ctx, Object msg) {
                    seen.add(msg.getClass().getSimpleName());
                    ctx.fireChannelRead(msg);
                  }
                });
          }
        };

    shard.upgrade(text(Frames.hello(3_600_000))); // in one read with the 101

    assertThat(seen).hasSize(3);
    assertThat(seen.get(0)).startsWith("connect [http-codec, ws-handshake");
    assertThat(seen.subList(1, 3)).containsExactly("upgraded CONNECTING", "TextWebSocketFrame");
    assertThat(shard.shard.state()).isEqualTo(GatewayState.IDENTIFYING);
    assertThat(shard.channel.pipeline().names())
        .startsWith("ws-decoder", "ws-encoder", "frames", "gateway", "dispatch");
  }

  @Test
  void aListenerThatFailsInWhateverWayKeepsNoShardFromItsWork() {
    shard.listener =
        new ShardListener() {
          @Override
          public void onStateChange(Shard shard, GatewayState from, GatewayState to) {
            throw new NoClassDefFoundError("broken listener");
          }
        };
    shard.ready();

    shard.channel.close();
    shard.run();

    assertThat(shard.dials).as("with the dial that follows the loss").hasSize(2);
  }

  @Test
  void anErrorInAFrameThatAPauseKeptCostsTheTransport() {
    shard.sink = (from, dispatch) -> false;
    shard.ready();
    ChannelPipeline pipeline = shard.channel.pipeline();
    pipeline.addBefore(PipelineNames.GATEWAY, "before", new ChannelInboundHandlerAdapter());
    pipeline
        .context("before")
        .fireChannelRead(
            new TextWebSocketFrame("") {
              @Override
              public ByteBuf content() {
                throw new NoClassDefFoundError("broken frame");
              }

              @Override
              public boolean release() {
                return true;
              }
            });

    shard.shard.resumeReading();
    shard.run();

    assertThat(shard.recorder.reconnects(0))
        .singleElement()
        .satisfies(reconnect -> assertThat(reconnect.detail()).contains("broken frame"));
  }

  @Test
  void theStateIsThatOfTheEventBeforeItsHandlerRuns() {
    List<String> seen = new ArrayList<>();
    shard.sink = (from, dispatch) -> seen.add(dispatch.name() + " in " + from.state());

    shard.upgrade(Frames.text(Frames.hello(3_600_000)));
    shard.in(
        Frames.concat(
            Frames.text(Frames.ready("session", "ws://resume.test")),
            Frames.text(Frames.event("NEXT", 2, "{}"))));

    assertThat(seen).containsExactly("READY in READY", "NEXT in READY");
  }

  @Test
  void aCustomizerThatFailsOnConnectIsAFailedDial() {
    shard.customizer =
        new PipelineCustomizer() {
          @Override
          public void onConnect(Shard shard, ChannelPipeline pipeline) {
            throw new NoClassDefFoundError("broken customizer");
          }
        };

    shard.dial();

    assertThat(shard.shard.state()).isEqualTo(GatewayState.BACKOFF);
    assertThat(shard.recorder.failures())
        .singleElement()
        .satisfies(failure -> assertThat(failure.cause()).hasMessage("broken customizer"));
    assertThat(shard.channel.isOpen()).isFalse();
  }

  @Test
  void aCustomizerThatFailsOnUpgradeCostsTheTransport() {
    shard.customizer =
        new PipelineCustomizer() {
          @Override
          public void onUpgraded(Shard shard, ChannelPipeline pipeline) {
            throw new NoClassDefFoundError("broken customizer");
          }
        };

    shard.upgrade();

    assertThat(shard.shard.state()).isEqualTo(GatewayState.BACKOFF);
    assertThat(shard.channel.isOpen()).isFalse();
  }

  @Test
  void theUpgradeMayComeByteByByte() {
    shard.dial();
    for (byte b :
        concat(Frames.switchingProtocols(shard.takeKey()), text(Frames.hello(3_600_000)))) {
      shard.in(new byte[] {b});
    }

    assertThat(shard.shard.state()).isEqualTo(GatewayState.IDENTIFYING);
  }

  @Test
  void aConnectionThatEndsBeforeTheUpgradeIsAFailedDial() {
    shard.dial();
    shard.channel.releaseOutbound();

    shard.channel.close();
    shard.run();

    assertThat(shard.recorder.failures()).hasSize(1);
    assertThat(shard.shard.state()).isEqualTo(GatewayState.BACKOFF);
  }

  @Test
  void aDialWithoutOutcomeIsCancelledAndDoesNotCountAgainstTheNext() {
    shard =
        new EmbeddedShard(
            config ->
                config.connectTimeout(Duration.ofMillis(100)).maxBackoff(Duration.ofMillis(1)));
    shard.dialsPend = true;
    shard.dial();
    while (shard.dials.size() < 2) {
      shard.run();
    }
    assertThat(shard.recorder.failures())
        .singleElement()
        .satisfies(
            failure ->
                assertThat(failure.cause())
                    .hasMessage("dial: no outcome within PT0.1S, waited for the connection"));

    assertThat(shard.pendingDials.get(0).isCancelled()).isTrue();
    assertThat(shard.shard.state()).isEqualTo(GatewayState.CONNECTING);
    assertThat(shard.recorder.failures()).hasSize(1);
  }

  @Test
  void anEventPassesTheHandlersOfTheApplicationAndEndsWhereOneKeepsIt() {
    List<Long> seen = new ArrayList<>();
    shard.customizer =
        new PipelineCustomizer() {
          @Override
          public void onUpgraded(Shard shard, ChannelPipeline pipeline) {
            pipeline.addBefore(
                PipelineNames.DISPATCH,
                "filter",
                new ChannelInboundHandlerAdapter() {
                  @Override
                  public void channelRead(ChannelHandlerContext ctx, Object msg) {
                    seen.add(((Dispatch) msg).sequence());
                    if (((Dispatch) msg).sequence() != 2) {
                      ctx.fireChannelRead(msg);
                    }
                  }
                });
          }
        };
    shard.ready();

    shard.in(concat(text(event("A", 2, "{}")), text(event("B", 3, "{}"))));

    assertThat(seen).containsExactly(1L, 2L, 3L);
    assertThat(shard.events()).containsExactly("READY", "B");
    assertThat(storedSequence()).isEqualTo(3);
  }

  @Test
  void aHandlerBeforeGatewayThatFailsCostsTheTransportAndNotTheSession() {
    shard.customizer = framesHandler(new IllegalStateException("broken handler"));
    shard.ready();

    shard.in(text(event("FAIL", 2, "{}")));

    assertThat(shard.recorder.reconnects(0))
        .singleElement()
        .satisfies(
            reconnect -> {
              assertThat(reconnect.cause()).isEqualTo(Reconnect.Cause.PROTOCOL_ERROR);
              assertThat(reconnect.detail()).contains("broken handler");
              assertThat(reconnect.closeCode()).isEqualTo(4900);
            });
    assertThat(shard.dials).hasSize(2);
    assertThat(shard.dials.get(1).getHost()).isEqualTo("resume.test");
  }

  @Test
  void brokenTlsIsALostTransportAndNoFaultOfTheGateway() {
    shard.ready();

    shard.channel.pipeline().fireExceptionCaught(new DecoderException(new SSLException("bad mac")));
    shard.run();

    assertThat(shard.recorder.reconnects(0).get(0).cause()).isEqualTo(Reconnect.Cause.LOST);
  }

  @Test
  void aHandlerAfterGatewayThatFailsIsCountedAndHarmsNothing() {
    shard.customizer =
        new PipelineCustomizer() {
          @Override
          public void onUpgraded(Shard shard, ChannelPipeline pipeline) {
            pipeline.addBefore(
                PipelineNames.DISPATCH,
                "fails",
                new ChannelInboundHandlerAdapter() {
                  @Override
                  public void channelRead(ChannelHandlerContext ctx, Object msg) {
                    if (((Dispatch) msg).name().equals("FAIL")) {
                      throw new IllegalStateException("broken handler");
                    }
                    ctx.fireChannelRead(msg);
                  }
                });
          }
        };
    shard.ready();

    shard.in(concat(text(event("FAIL", 2, "{}")), text(event("NEXT", 3, "{}"))));

    assertThat(shard.events()).containsExactly("READY", "NEXT");
    assertThat(shard.context.figures.get(Figure.HANDLER_FAILURES)).isEqualTo(1);
    assertThat(shard.recorder.reconnects(0)).isEmpty();
    assertThat(storedSequence()).isEqualTo(3);
  }

  @Test
  void aSinkThatFailsIsCountedAndTheEventAcknowledged() {
    shard.sink =
        (from, dispatch) -> {
          throw new IOException("broken sink");
        };
    shard.ready();

    shard.in(text(event("A", 2, "{}")));

    assertThat(shard.context.figures.get(Figure.HANDLER_FAILURES)).isEqualTo(2); // READY too
    assertThat(storedSequence()).isEqualTo(2);
  }

  @Test
  void aSinkMayEvenThrowAnError() {
    shard.sink =
        (from, dispatch) -> {
          throw new StackOverflowError("deep sink");
        };
    shard.ready();

    shard.in(text(event("A", 2, "{}")));

    assertThat(shard.context.figures.get(Figure.HANDLER_FAILURES)).isEqualTo(2);
    assertThat(shard.recorder.reconnects(0)).isEmpty();
  }

  @Test
  void aPauseKeepsWhatOneReadBroughtInOrder() {
    Pausing sink = new Pausing("PAUSE");
    shard.sink = sink;
    shard.ready();

    shard.in(
        concat(
            text(event("PAUSE", 2, "{}")),
            text(event("B", 3, "{}")),
            text(event("C", 4, "{}")),
            text(event("PAUSE", 5, "{}")),
            text(event("E", 6, "{}"))));

    assertThat(sink.names).containsExactly("READY", "PAUSE");
    assertThat(shard.channel.config().isAutoRead()).isFalse();
    shard.shard.resumeReading();
    shard.run();
    assertThat(sink.names).containsExactly("READY", "PAUSE", "B", "C", "PAUSE");
    assertThat(shard.channel.config().isAutoRead()).isFalse();
    shard.shard.resumeReading();
    shard.run();
    assertThat(sink.names).containsExactly("READY", "PAUSE", "B", "C", "PAUSE", "E");
    assertThat(shard.channel.config().isAutoRead()).isTrue();
  }

  @Test
  void aCloseDuringAPauseReleasesWhatWasKept() {
    shard.sink = new Pausing("PAUSE");
    shard.ready();
    WebSocketFrame kept = new TextWebSocketFrame(event("B", 3, "{}"));
    shard.in(text(event("PAUSE", 2, "{}")));
    shard.channel.pipeline().context(PipelineNames.WS_ENCODER).fireChannelRead(kept);
    assertThat(kept.refCnt()).isEqualTo(1);

    shard.channel.close();
    shard.run();

    assertThat(kept.refCnt()).isZero();
    assertThat(shard.recorder.reconnects(0).get(0).cause()).isEqualTo(Reconnect.Cause.LOST);
    assertThat(storedSequence()).isEqualTo(2);
  }

  @Test
  void aCloseAmidFragmentsReleasesThem() {
    shard.ready();

    shard.in(Frames.frame(Frames.TEXT, Frames.utf8("{\"t\":")));
    shard.channel.close();
    shard.run();

    assertThat(shard.recorder.reconnects(0)).hasSize(1); // the leak detector sees the rest
  }

  @Test
  void aStopDuringAPauseReadsToThePeersAnswer() {
    Pausing sink = new Pausing("PAUSE");
    shard.sink = sink;
    shard.ready();
    shard.in(concat(text(event("PAUSE", 2, "{}")), text(event("B", 3, "{}"))));

    shard.shard.stop(StopMode.RESTART);
    shard.run();

    assertThat(shard.shard.state()).isEqualTo(GatewayState.CLOSING);
    assertThat(shard.channel.config().isAutoRead()).isTrue();
    shard.in(Frames.close(4900, ""));
    assertThat(shard.shard.state()).isEqualTo(GatewayState.STOPPED);
    assertThat(shard.shard.stopped().toCompletableFuture()).isCompleted();
    assertThat(sink.names).containsExactly("READY", "PAUSE");
    assertThat(storedSequence()).isEqualTo(2); // a resume brings the event that was left
  }

  @Test
  void acknowledgementsDoNotLiftThePauseOfTheSink() {
    shard = new EmbeddedShard(config -> config.maxUnacknowledged(1));
    List<String> names = new ArrayList<>();
    shard.sink =
        (from, dispatch) -> {
          names.add(dispatch.name());
          if (dispatch.name().equals("READY")) {
            return true;
          }
          dispatch.defer();
          return false;
        };
    shard.ready();
    shard.in(concat(text(event("A", 2, "{}")), text(event("B", 3, "{}"))));

    shard.shard.acknowledge(1, 2);
    shard.run();
    assertThat(names).containsExactly("READY", "A");

    shard.shard.resumeReading();
    shard.run();
    assertThat(names).containsExactly("READY", "A", "B");
  }

  @Test
  void resumeReadingDoesNotLiftTheBoundOfUnacknowledgedEvents() {
    shard = new EmbeddedShard(config -> config.maxUnacknowledged(2));
    List<String> names = new ArrayList<>();
    shard.sink =
        (from, dispatch) -> {
          names.add(dispatch.name());
          dispatch.defer();
          return true;
        };
    shard.ready();
    shard.in(
        concat(text(event("A", 2, "{}")), text(event("B", 3, "{}")), text(event("C", 4, "{}"))));
    assertThat(names).containsExactly("READY", "A", "B");

    shard.shard.resumeReading();
    shard.run();
    assertThat(names).containsExactly("READY", "A", "B");

    shard.shard.acknowledge(1, 2);
    shard.run();
    assertThat(names).containsExactly("READY", "A", "B", "C");
  }

  @Test
  void onlyTheAcknowledgementMovesADeferredSession() {
    shard.sink =
        (from, dispatch) -> {
          if (dispatch.sequence() > 1) {
            dispatch.defer();
          }
          return true;
        };
    shard.ready();
    shard.in(
        concat(text(event("A", 2, "{}")), text(event("B", 3, "{}")), text(event("C", 4, "{}"))));

    assertThat(storedSequence()).isEqualTo(1);
    shard.shard.acknowledge(1, 3);
    assertThat(storedSequence()).isEqualTo(1); // 2 is missing
    shard.shard.acknowledge(1, 2);
    assertThat(storedSequence()).isEqualTo(3);
    shard.shard.acknowledge(7, 4);
    assertThat(storedSequence()).isEqualTo(3); // of another session
    shard.shard.acknowledge(1, 4);
    assertThat(storedSequence()).isEqualTo(4);
  }

  @Test
  void aDispatchIsNotGoodAfterItsHandlerReturned() {
    List<Dispatch> kept = new ArrayList<>();
    List<Dispatch> copies = new ArrayList<>();
    shard.sink =
        (from, dispatch) -> {
          kept.add(dispatch);
          copies.add(dispatch.copy());
          return true;
        };
    shard.ready();

    shard.in(text(event("A", 2, "{\"a\":1}")));

    assertThatThrownBy(() -> kept.get(1).data())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("past its time");
    assertThatThrownBy(() -> kept.get(1).defer()).isInstanceOf(IllegalStateException.class);
    assertThat(copies.get(1).name()).isEqualTo("A");
    assertThat(copies.get(1).data().remaining()).isEqualTo(7);
  }

  @Test
  void whatIsNeitherFrameNorDispatchIsReleasedAtTheEnd() {
    shard.ready();
    ByteBuf stray = Unpooled.buffer().writeByte(1);

    shard.channel.pipeline().context(PipelineNames.WS_ENCODER).fireChannelRead(stray);

    assertThat(stray.refCnt()).isZero();
  }

  @Test
  void framesBehindTheEndOfATransportAreReleasedAndLeftToTheResume() {
    shard.ready();

    shard.in(
        concat(
            text("{\"op\":7,\"d\":null}"),
            Frames.frame(Frames.FIN | Frames.PING, new byte[1]),
            text(event("LATE", 2, "{}"))));

    assertThat(shard.events()).containsExactly("READY");
    assertThat(shard.dials).hasSize(2);
    assertThat(shard.channel.isOpen()).isFalse();
    assertThat(storedSequence()).isEqualTo(1);
  }

  @Test
  void aSecondMessageWithoutTheEndOfTheFirstReleasesIt() {
    shard.ready();
    ChannelHandlerContext before = shard.channel.pipeline().context(PipelineNames.WS_ENCODER);

    before.fireChannelRead(new TextWebSocketFrame(false, 0, "{\"never\":"));
    before.fireChannelRead(new TextWebSocketFrame(false, 0, "{\"nor\":"));

    shard.channel.close();
    shard.run();
    assertThat(shard.recorder.reconnects(0)).hasSize(1); // the leak detector sees the rest
  }

  private long storedSequence() {
    var session = shard.shard.session().toCompletableFuture();
    shard.run();
    GatewaySession stored = session.join();
    assertThat(stored).isNotNull();
    return stored.sequence();
  }

  private static PipelineCustomizer framesHandler(RuntimeException failure) {
    return new PipelineCustomizer() {
      @Override
      public void onUpgraded(Shard shard, ChannelPipeline pipeline) {
        pipeline.addBefore(
            PipelineNames.GATEWAY,
            "frames",
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext ctx, Object msg) {
                if (msg instanceof TextWebSocketFrame frame && frame.text().contains("FAIL")) {
                  ReferenceCountUtil.release(msg);
                  throw failure;
                }
                ctx.fireChannelRead(msg);
              }
            });
      }
    };
  }

  /** Takes names, and asks for a pause at one of them. */
  private static final class Pausing implements EventSink {

    final List<String> names = new ArrayList<>();
    private final String pauseAt;

    Pausing(String pauseAt) {
      this.pauseAt = pauseAt;
    }

    @Override
    public boolean offer(Shard shard, Dispatch dispatch) {
      names.add(dispatch.name());
      return !dispatch.name().equals(pauseAt);
    }
  }
}
