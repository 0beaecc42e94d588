package dev.sluice.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConnection;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket of a {@link JdkPing}. What it tells is given to the connection under the number of
 * its transport, so what comes late, after the next was dialled, does no harm. Confined to the
 * driver's thread, but for the callbacks.
 */
final class JdkTransport implements WebSocket.Listener {

  private final JdkPing driver;
  private final GatewayConnection connection;
  private final StringBuilder text = new StringBuilder();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private @Nullable WebSocket socket; // null until it is open
  private int generation;
  private boolean ended;
  private boolean closeSent;
  // One send may be under way at a time, so each waits for the one before.
  private CompletableFuture<?> sent = CompletableFuture.completedFuture(null);

  JdkTransport(JdkPing driver, GatewayConnection connection) {
    this.driver = driver;
    this.connection = connection;
  }

  void dial(HttpClient http, URI uri) {
    http.newWebSocketBuilder()
        .buildAsync(uri, this)
        .whenComplete(
            (opened, failure) -> {
              if (failure != null) {
                driver.turn(() -> dialFailed(failure));
              }
            });
  }

  /** Writes one message of text. */
  void send(ByteBuffer payload) {
    String message = UTF_8.decode(payload).toString(); // the payload is borrowed
    WebSocket open = requireNonNull(socket, "socket");
    sent = sent.thenCompose(before -> open.sendText(message, true));
    sent.whenComplete(
        (done, failure) -> {
          if (failure != null) {
            driver.turn(() -> connection.transportLost(generation));
          }
        });
  }

  /** Writes a close frame, unless the code is 0 or that was done. */
  void sendClose(int code) {
    WebSocket open = socket;
    if (open != null && code != 0 && !closeSent) {
      closeSent = true;
      sent = sent.thenCompose(before -> open.sendClose(code, ""));
    }
  }

  /** Closes the transport, with a close frame unless the code is 0, and waits for nothing. */
  void end(int code) {
    ended = true;
    sendClose(code);
    WebSocket open = socket;
    if (open != null) {
      sent.whenComplete((done, failure) -> open.abort());
    }
  }

  private void dialFailed(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (!ended) {
      connection.connectFailed(
          cause instanceof WebSocketHandshakeException answered
              ? answered.getResponse().statusCode()
              : 0);
    }
  }

  @Override
  public void onOpen(WebSocket opened) {
    driver.turn(
        () -> {
          if (ended) { // the dial took too long, and another one is under way
            opened.abort();
          } else {
            socket = opened;
            generation = connection.opened();
            opened.request(1);
          }
        });
  }

  @Override
  public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
    return driver.turn(
        () -> {
          text.append(part);
          if (last) {
            driver.handle(connection.recv(generation, text));
            text.setLength(0);
          }
          from.request(1); // the next only now: while we are busy the gateway waits
        });
  }

  @Override
  public CompletionStage<?> onBinary(WebSocket from, ByteBuffer part, boolean last) {
    return driver.turn(
        () -> {
          byte[] copy = new byte[part.remaining()];
          part.get(copy);
          bytes.writeBytes(copy);
          if (last) {
            ByteBuffer message = ByteBuffer.wrap(bytes.toByteArray());
            bytes.reset();
            driver.handle(connection.recv(generation, FrameType.BINARY, message));
          }
          from.request(1);
        });
  }

  @Override
  public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    return driver.turn(() -> connection.recvCloseCode(generation, code));
  }

  @Override
  public void onError(WebSocket from, Throwable failure) {
    driver.turn(() -> connection.transportLost(generation));
  }
}
