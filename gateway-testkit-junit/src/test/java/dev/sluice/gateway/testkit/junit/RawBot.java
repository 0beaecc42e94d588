package dev.sluice.gateway.testkit.junit;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * A bot of a few lines on the JDK's WebSocket. It sets "!status text" as its presence, and connects
 * only when a test says so.
 */
final class RawBot implements WebSocket.Listener, AutoCloseable {

  static final Intents INTENTS =
      Intents.of(Intent.GUILDS, Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES);

  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final String STATUS = "!status ";
  private static final int DISPATCH = 0;
  private static final int HEARTBEAT = 1;
  private static final int HELLO = 10;

  final Queue<JsonNode> events = new ConcurrentLinkedQueue<>();
  final BlockingQueue<JsonNode> others = new LinkedBlockingQueue<>();

  private final TestGateway gateway;
  private final ShardId shard;
  private final Intents intents;
  private final boolean silent;
  private final StringBuilder text = new StringBuilder();
  private volatile CompletableFuture<Integer> closed = new CompletableFuture<>();
  private volatile @Nullable WebSocket webSocket;
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private volatile String sessionId = "";
  private volatile long sequence;
  private CompletableFuture<WebSocket> sends = CompletableFuture.completedFuture(null);

  private RawBot(TestGateway gateway, ShardId shard, Intents intents, boolean silent) {
    this.gateway = gateway;
    this.shard = shard;
    this.intents = intents;
    this.silent = silent;
  }

  static RawBot connect(TestGateway gateway) {
    return connect(gateway, ShardId.SINGLE, INTENTS);
  }

  static RawBot connect(TestGateway gateway, ShardId shard, Intents intents) {
    return new RawBot(gateway, shard, intents, false).reconnect();
  }

  /** {@return a bot that answers no heartbeat} */
  static RawBot connectSilent(TestGateway gateway) {
    return new RawBot(gateway, ShardId.SINGLE, INTENTS, true).reconnect();
  }

  /** Connects, to resume if there is a session. */
  RawBot reconnect() {
    closed = new CompletableFuture<>();
    HTTP.newWebSocketBuilder()
        .buildAsync(URI.create(gateway.uri() + "/?v=10&encoding=json"), this)
        .join();
    return this;
  }

  /** Waits for READY, however long the gateway's own waits are. */
  RawBot awaitReady() {
    ready.join();
    return this;
  }

  /** {@return the close code that the gateway sent, 1006 if it cut the connection} */
  int awaitClosed() {
    return closed.join();
  }

  /** Takes what came beside events, until an opcode has come. */
  void awaitOp(int op) throws InterruptedException {
    JsonNode taken = others.take();
    while (taken.path("op").asInt() != op) {
      taken = others.take();
    }
  }

  /** {@return the texts of the messages that came} */
  List<String> contents() {
    return events.stream()
        .filter(event -> event.path("t").asText().equals("MESSAGE_CREATE"))
        .map(event -> event.at("/d/content").asText())
        .toList();
  }

  /** Sends a payload after those that are on their way. */
  synchronized void send(String payload) {
    WebSocket open = webSocket;
    if (open != null) {
      sends = sends.thenCompose(before -> open.sendText(payload, true));
    }
  }

  @Override
  public synchronized void onOpen(WebSocket socket) {
    webSocket = socket;
    sends = CompletableFuture.completedFuture(socket);
    text.setLength(0);
    socket.request(1);
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
    text.append(data);
    if (last) {
      String message = text.toString();
      text.setLength(0);
      handle(Json.parse("payload", message));
    }
    socket.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
    closed.complete(code);
    return null;
  }

  @Override
  public void onError(WebSocket socket, Throwable error) {
    closed.complete(1006);
  }

  @Override
  public void close() {
    leave();
  }

  /** Cuts the connection. */
  void leave() {
    WebSocket open = webSocket;
    if (open != null) {
      open.abort();
    }
  }

  private void handle(JsonNode payload) {
    sequence = payload.path("s").asLong(sequence);
    switch (payload.path("op").asInt()) {
      case DISPATCH -> dispatched(payload);
      case HEARTBEAT -> {
        if (!silent) {
          send("{\"op\":1,\"d\":%d}".formatted(sequence));
        }
      }
      case HELLO -> greet();
      default -> others.add(payload);
    }
  }

  private void greet() {
    if (sessionId.isEmpty()) {
      send(
          """
          {"op":2,"d":{"token":"%s","intents":%d,"shard":[%d,%d],\
          "properties":{"os":"","browser":"","device":""}}}"""
              .formatted(gateway.token(), intents.value(), shard.id(), shard.count()));
    } else {
      send(
          "{\"op\":6,\"d\":{\"token\":\"%s\",\"session_id\":\"%s\",\"seq\":%d}}"
              .formatted(gateway.token(), sessionId, sequence));
    }
  }

  private void dispatched(JsonNode payload) {
    events.add(payload);
    String content = payload.at("/d/content").asText();
    if (payload.path("t").asText().equals("READY")) {
      sessionId = payload.at("/d/session_id").asText();
      ready.complete(null);
    } else if (content.startsWith(STATUS)) {
      send(
          """
          {"op":3,"d":{"since":null,"status":"dnd","afk":false,\
          "activities":[{"name":"%s","type":0}]}}"""
              .formatted(content.substring(STATUS.length())));
    }
  }
}
