package dev.sluice.gateway.netty;

import dev.sluice.gateway.GatewayBot;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
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
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Asks for GET /gateway/bot, over a connection of its own on the shards' event loops. */
final class GatewayBotClient {

  private static final int MAX_BODY_BYTES = 64 * 1024;
  private static final int TIMEOUT_SECONDS = 10;
  private static final double MAX_RETRY_AFTER = 600;

  private final Bootstrap bootstrap;
  private final Tls tls;
  private final URI uri;
  private final String token;

  GatewayBotClient(Bootstrap bootstrap, Tls tls, URI apiUri, String token) {
    this.bootstrap = bootstrap;
    this.tls = tls;
    this.uri = URI.create(apiUri + "/gateway/bot");
    this.token = token;
  }

  /** Completes with the answer, or with a {@link GatewayApiException}. */
  CompletableFuture<GatewayBot> get() {
    CompletableFuture<GatewayBot> result = new CompletableFuture<>();
    try {
      connect(result);
    } catch (RuntimeException e) { // a port that no socket takes, an event loop that has ended
      result.completeExceptionally(failure(e));
    }
    return result;
  }

  private void connect(CompletableFuture<GatewayBot> result) {
    bootstrap
        .clone()
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, TIMEOUT_SECONDS * 1000)
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                tls.addTo(channel.pipeline(), uri);
                channel
                    .pipeline()
                    .addLast(
                        new HttpClientCodec(),
                        new HttpObjectAggregator(MAX_BODY_BYTES),
                        new ReadTimeoutHandler(TIMEOUT_SECONDS, TimeUnit.SECONDS),
                        new ResponseHandler(result));
              }
            })
        .connect(uri.getHost(), Uris.port(uri))
        .addListener(
            connected -> {
              if (!connected.isSuccess()) {
                result.completeExceptionally(failure(connected.cause()));
              }
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
