package dev.sluice.gateway.testkit;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Answers the HTTP requests of one channel, until one of them makes it a WebSocket. */
final class HttpHandler extends SimpleChannelInboundHandler<FullHttpRequest> {

  private static final String API = "/api/v10";
  private static final String BOT = "Bot ";
  private static final int MAX_CLIENT_MESSAGE_BYTES = 1 << 20;
  private static final WebSocketDecoderConfig DECODER_CONFIG =
      WebSocketDecoderConfig.newBuilder()
          .maxFramePayloadLength(MAX_CLIENT_MESSAGE_BYTES)
          .allowExtensions(false)
          .build();

  private final GatewayLoop gateway;
  private final Link link;

  HttpHandler(GatewayLoop gateway, Link link) {
    this.gateway = gateway;
    this.link = link;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
    if (gateway.isClosed()) {
      Transports.close(ctx);
      return;
    }
    QueryStringDecoder uri = new QueryStringDecoder(request.uri());
    switch (request.method().equals(HttpMethod.GET) ? uri.path() : "") {
      case "/" -> dial(ctx.channel(), request, uri.rawQuery());
      case API + "/gateway" ->
          respond(ctx.channel(), request, 200, "{\"url\":\"" + gatewayUrl() + "\"}");
      case API + "/gateway/bot" -> gatewayBot(ctx.channel(), request);
      case API + "/users/@me" -> respondToBot(ctx.channel(), request, gateway.server()::userJson);
      default -> handle(ctx.channel(), request, uri);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    Transports.fail(ctx, cause);
  }

  private void gatewayBot(Channel channel, FullHttpRequest request) {
    GatewayLoop.CannedAnswer answer = gateway.gatewayBotAnswer();
    if (answer != null) {
      respond(channel, request, answer.status(), answer.body());
    } else {
      respondToBot(channel, request, () -> gateway.server().gatewayBot().toJson());
    }
  }

  /** Answers nobody but who sent the token. */
  private void respondToBot(Channel channel, FullHttpRequest request, Supplier<String> body) {
    if (isBot(request)) {
      respond(channel, request, 200, body.get());
    } else {
      refuse(channel, request);
    }
  }

  private boolean isBot(FullHttpRequest request) {
    String authorization = request.headers().get(HttpHeaderNames.AUTHORIZATION, "");
    return authorization.startsWith(BOT)
        && gateway.server().isToken(authorization.substring(BOT.length()));
  }

  private static void refuse(Channel channel, FullHttpRequest request) {
    respond(channel, request, 401, "{\"message\": \"401: Unauthorized\", \"code\": 0}");
  }

  /** Lets the handler of the API answer. */
  private void handle(Channel channel, FullHttpRequest request, QueryStringDecoder uri) {
    if (!uri.path().startsWith(API + '/')) {
      respond(channel, request, ApiResponse.NOT_FOUND);
      return;
    }
    String path = uri.path().substring(API.length());
    // The token of an interaction, which is part of the path, stands in for that of the bot.
    if (!path.startsWith("/interactions/") && !path.startsWith("/webhooks/") && !isBot(request)) {
      refuse(channel, request);
      return;
    }
    String body = request.content().toString(StandardCharsets.UTF_8);
    ApiRequest asked = new ApiRequest(request.method().name(), path, uri.rawQuery(), body);
    respond(channel, request, gateway.api().handle(asked));
  }

  private void dial(Channel channel, FullHttpRequest request, @Nullable String query) {
    Faults.OfDials fault = gateway.dialed(link);
    if (fault instanceof Faults.Refusal refusal) {
      respond(channel, request, refusal.httpStatus(), "");
      return;
    }
    if (fault != null) {
      return; // for ever
    }
    if (!request.headers().contains(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET, true)) {
      respond(channel, request, 400, "upgrade: none (expected: websocket)");
      return;
    }
    WebSocketServerHandshaker handshaker =
        new WebSocketServerHandshakerFactory(gatewayUrl(), null, DECODER_CONFIG)
            .newHandshaker(request);
    if (handshaker == null) {
      WebSocketServerHandshakerFactory.sendUnsupportedVersionResponse(channel)
          .addListener(ChannelFutureListener.CLOSE);
      return;
    }
    GatewayHandler handler;
    try {
      handler = gateway.accept(link, query);
    } catch (IllegalArgumentException e) {
      respond(channel, request, 400, String.valueOf(e.getMessage()));
      return;
    }
    upgrade(channel, request, handshaker, handler);
  }

  private void upgrade(
      Channel channel,
      FullHttpRequest request,
      WebSocketServerHandshaker handshaker,
      GatewayHandler handler) {
    channel
        .pipeline()
        .addLast(new WebSocketFrameAggregator(MAX_CLIENT_MESSAGE_BYTES))
        .addLast(handler)
        .remove(this);
    handshaker
        .handshake(channel, request)
        .addListener(
            handshake -> {
              if (handshake.isSuccess()) {
                handler.open();
              } else {
                Transports.close(channel);
              }
            });
  }

  private String gatewayUrl() {
    return gateway.server().config().gatewayUrl();
  }

  private static void respond(Channel channel, FullHttpRequest request, ApiResponse response) {
    respond(channel, request, response.status(), response.body());
  }

  private static void respond(Channel channel, FullHttpRequest request, int status, String body) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(status),
            Unpooled.wrappedBuffer(body.getBytes(StandardCharsets.UTF_8)));
    if (status != 204) { // which has no content, not even an empty one
      int length = response.content().readableBytes();
      response.headers().set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON);
      response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, length);
    }
    boolean keepAlive = HttpUtil.isKeepAlive(request) && status < 400;
    HttpUtil.setKeepAlive(response, keepAlive);
    channel
        .writeAndFlush(response)
        .addListener(
            keepAlive ? ChannelFutureListener.CLOSE_ON_FAILURE : ChannelFutureListener.CLOSE);
  }
}
