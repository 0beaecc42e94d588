package dev.sluice.examples;

import dev.sluice.gateway.CloseCode;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.StopMode;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Answers "ping" with "pong" on the WebSocket of the JDK. Its callbacks come on any thread, so they
 * hop to the one thread that touches the connection.
 *
 * <p>On Discord the bot needs the message content intent, which its owner switches on.
 */
public final class JdkPing {

  private final GatewayConnection connection;
  private final Pong pong;
  private final HttpClient http = HttpClient.newHttpClient();
  private final ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor();
  private final CompletableFuture<@Nullable CloseCode> ended = new CompletableFuture<>();
  private @Nullable JdkTransport transport; // what follows is confined to the loop
  private boolean dialsLater;
  private Future<?> timer = CompletableFuture.completedFuture(null);

  private JdkPing(GatewayConnection connection, Pong pong) {
    this.connection = connection;
    this.pong = pong;
  }

  /**
   * Runs against Discord if {@code TOKEN} is set, else for some seconds against a local gateway.
   *
   * @param args none
   */
  public static void main(String[] args) throws Exception {
    try (Target target = Target.of(System.getenv(), Pinger::start)) {
      run(target, System.out);
    }
  }

  static void run(Target target, PrintStream out)
      throws IOException, InterruptedException, ExecutionException {
    GatewayConfig config =
        GatewayConfig.builder(target.token(), Pong.INTENTS).gatewayUri(target.gatewayUri()).build();
    JdkPing ping = new JdkPing(GatewayConnection.create(config), new Pong(target, out));
    try {
      ping.turn(() -> {}); // the first dial is asked for like any other
      CloseCode refusal = ping.ended.get();
      if (refusal != null) {
        throw new IOException("the gateway refuses the bot: " + refusal);
      }
    } finally {
      ping.loop.shutdownNow();
    }
  }

  /** Gives the connection one input on its thread, and then does what it asks for. */
  CompletableFuture<Void> turn(Runnable input) {
    CompletableFuture<Void> turn =
        CompletableFuture.runAsync(
            () -> {
              input.run();
              drain();
              reconnect();
              setTimer();
              endIfDone();
            },
            loop);
    turn.whenComplete(
        (done, failure) -> {
          if (failure != null) {
            ended.completeExceptionally(failure);
          }
        });
    return turn;
  }

  /** Takes what a message carried. */
  void handle(@Nullable Dispatch dispatch) {
    if (dispatch != null) {
      try {
        pong.answer(dispatch);
      } catch (IOException e) { // the event is no JSON; the connection is well
        System.err.println(dispatch + ": " + e.getMessage());
      }
      if (pong.isDone()) {
        connection.stop(StopMode.GOODBYE);
      }
    }
  }

  private void drain() {
    JdkTransport open = transport;
    if (open != null) {
      connection.sendIter().forEach(outgoing -> open.send(outgoing.payload()));
      open.sendClose(connection.closeCode());
    }
  }

  private void reconnect() {
    if (connection.shouldReconnect() && !dialsLater) {
      dialsLater = true;
      Reconnect reconnect = connection.reconnect();
      disconnect(reconnect.closeCode());
      loop.schedule(() -> turn(this::dial), reconnect.delayNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private void dial() {
    dialsLater = false;
    URI uri = connection.reconnect().uri();
    connection.connecting();
    transport = new JdkTransport(this, connection);
    transport.dial(http, uri);
  }

  private void disconnect(int closeCode) {
    JdkTransport old = transport;
    transport = null;
    if (old != null) {
      old.end(closeCode);
    }
  }

  private void setTimer() {
    timer.cancel(false);
    long nanos = connection.nextTimeoutNanos(); // in 292 years if it waits for nothing
    timer = loop.schedule(() -> turn(connection::onTimeout), nanos, TimeUnit.NANOSECONDS);
  }

  private void endIfDone() {
    if (connection.state().isTerminal()) {
      disconnect(0);
      ended.complete(connection.failed());
    }
  }
}
