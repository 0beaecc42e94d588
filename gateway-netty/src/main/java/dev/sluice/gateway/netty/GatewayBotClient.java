package dev.sluice.gateway.netty;

import dev.sluice.gateway.GatewayBot;
import dev.sluice.gateway.netty.internal.dial.Dialer;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Asks for GET /gateway/bot, over a connection of its own on one of the shards' event loops. */
final class GatewayBotClient {

  private static final int MAX_BODY_BYTES = 64 * 1024;
  private static final int TIMEOUT_SECONDS = 15;
  private static final double MAX_RETRY_AFTER = 600;

  private final EventLoop eventLoop;
  private final Dialer dialer;
  private final Tls tls;
  private final URI uri;
  private final String token;

  GatewayBotClient(EventLoop eventLoop, Dialer dialer, Tls tls, URI apiUri, String token) {
    this.eventLoop = eventLoop;
    this.dialer = dialer;
    this.tls = tls;
    this.uri = URI.create(apiUri + "/gateway/bot");
    this.token = token;
  }

  /**
   * Asks once, from any thread. Completes on the event loop with the answer or with a {@link
   * GatewayApiException}; or at once with a {@link RejectedExecutionException} if the event loop
   * has ended. Cancelling it ends the exchange.
   */
  CompletableFuture<GatewayBot> get() {
    CompletableFuture<GatewayBot> result = new CompletableFuture<>();
    try {
      eventLoop.execute(() -> connect(result));
    } catch (RejectedExecutionException e) { // the event loop has ended
      result.completeExceptionally(e);
    }
    return result;
  }

  private void connect(CompletableFuture<GatewayBot> result) {
    Future<Channel> dialling =
        dialer.dial(
            eventLoop,
            Uris.host(uri),
            Uris.port(uri),
            channel -> {
              tls.addTo(channel.pipeline(), uri);
              channel
                  .pipeline()
                  .addLast(
                      new HttpClientCodec(),
                      new HttpObjectAggregator(MAX_BODY_BYTES),
                      new ResponseHandler(result));
              result.whenComplete((answer, failure) -> channel.close());
            });
    dialling.addListener(
        dialled -> {
          if (!dialled.isSuccess()) {
            result.completeExceptionally(failure(dialled.cause()));
          }
        });
    ScheduledFuture<?> deadline =
        eventLoop.schedule(
            () ->
                result.completeExceptionally(
                    failure(new IOException("no answer within " + TIMEOUT_SECONDS + " s"))),
            TIMEOUT_SECONDS,
            TimeUnit.SECONDS);
    result.whenComplete(
        (answer, failure) -> {
          deadline.cancel(false);
          dialling.cancel(false);
        });
  }

  private GatewayApiException failure(Throwable cause) {
    return cause instanceof TooLongFrameException
        ? new GatewayApiException(
            "GET "
                + uri
                + " answered a body that is too long (expected: <= "
                + MAX_BODY_BYTES
                + ')',
            HttpResponseStatus.OK.code(),
            cause)
        : new GatewayApiException("GET " + uri + " failed: " + Causes.describe(cause), 0, cause);
  }

  private GatewayApiException unexpected(FullHttpResponse response) {
    HttpResponseStatus status = response.status();
    String hint = status.equals(HttpResponseStatus.UNAUTHORIZED) ? ": the token was refused" : "";
    return new GatewayApiException(
        "GET " + uri + " answered HTTP " + status.code() + " (expected: 200)" + hint,
        status.code(),
        retryAfterNanos(response.headers().get(HttpHeaderNames.RETRY_AFTER)));
  }

  private static long retryAfterNanos(@Nullable String seconds) {
    try {
      return seconds == null
          ? 0
          : (long) (Math.min(Math.max(0, Double.parseDouble(seconds)), MAX_RETRY_AFTER) * 1e9);
    } catch (NumberFormatException e) {
      return 0; // the date that HTTP also allows; Discord sends seconds
    }
  }

  private final class ResponseHandler extends SimpleChannelInboundHandler<FullHttpResponse> {

    private final CompletableFuture<GatewayBot> result;

    ResponseHandler(CompletableFuture<GatewayBot> result) {
      this.result = result;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
      FullHttpRequest request =
          new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, uri.getRawPath());
      request
          .headers()
          .set(HttpHeaderNames.HOST, Uris.hostHeader(uri))
          .set(HttpHeaderNames.AUTHORIZATION, "Bot " + token)
          .set(HttpHeaderNames.USER_AGENT, UserAgent.VALUE)
          .set(HttpHeaderNames.ACCEPT, HttpHeaderValues.APPLICATION_JSON)
          .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
      ctx.writeAndFlush(request)
          .addListener(
              written -> {
                if (!written.isSuccess()) {
                  exceptionCaught(ctx, written.cause());
                }
              });
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse response) {
      if (!response.status().equals(HttpResponseStatus.OK)) {
        result.completeExceptionally(unexpected(response));
      } else {
        try {
          result.complete(GatewayBot.parse(ByteBufUtil.getBytes(response.content())));
        } catch (IOException e) {
          result.completeExceptionally(
              new GatewayApiException("GET " + uri + " answered " + e.getMessage(), 200, e));
        }
      }
      ctx.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      result.completeExceptionally(failure(new IOException("connection closed without an answer")));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      result.completeExceptionally(failure(cause));
      ctx.close();
    }
  }
}
