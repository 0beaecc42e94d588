package dev.sluice.examples;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Outgoing;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.StopMode;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One of many shards, each with a thread of its own that it may block: on its socket, and before it
 * identifies, until the bucket of its {@code shard_id % max_concurrency} is free.
 */
final class BlockingShard implements Runnable {

  private static final long LOOK_UP_MILLIS = 100; // how late it may see that it is to stop

  private final GatewayConnection connection; // which is to be told when it may identify
  private final Semaphore bucket; // one permit, for all shards of the bucket
  private final long windowMillis; // how long an identify keeps it
  private final Consumer<Dispatch> handler;
  private final BooleanSupplier stops; // whether it is to say goodbye and end
  private boolean permitted; // it holds its bucket, and has not identified with it
  private @Nullable BlockingWebSocket socket;

  BlockingShard(
      GatewayConnection connection,
      Semaphore bucket,
      long windowMillis,
      Consumer<Dispatch> handler,
      BooleanSupplier stops) {
    this.connection = connection;
    this.bucket = bucket;
    this.windowMillis = windowMillis;
    this.handler = handler;
    this.stops = stops;
  }

  @Override
  public void run() {
    try {
      while (!connection.state().isTerminal()) {
        if (stops.getAsBoolean()) {
          connection.stop(StopMode.GOODBYE);
        }
        if (connection.shouldReconnect()) {
          reconnect(connection.reconnect());
        } else if (socket != null) {
          try {
            drain(socket);
            receive(socket);
          } catch (IOException e) {
            connection.transportLost();
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    disconnect(0);
    if (permitted) {
      bucket.release();
    }
    if (connection.failed() != null) {
      System.err.println(connection.shard() + ": refused, " + connection.failed());
    }
  }

  private void reconnect(Reconnect reconnect) throws InterruptedException {
    disconnect(reconnect.closeCode());
    TimeUnit.NANOSECONDS.sleep(reconnect.delayNanos());
    // Without a session it will identify: it dials when it may, not to be closed while it waits.
    while (connection.sessionId() == null && !permitted) {
      if (stops.getAsBoolean()) {
        return;
      }
      permitted = bucket.tryAcquire(LOOK_UP_MILLIS, TimeUnit.MILLISECONDS);
    }
    connection.connecting();
    try {
      socket = WebSocketDial.connect(reconnect.uri(), connection.nextTimeoutNanos());
      connection.opened();
    } catch (WebSocketDial.UpgradeException e) {
      connection.connectFailed(e.status);
    } catch (IOException e) {
      connection.connectFailed(0);
    }
  }

  private void drain(BlockingWebSocket open) throws IOException {
    if (permitted && connection.identifyWanted()) {
      connection.identifyPermitted();
    }
    for (Outgoing outgoing : connection.sendIter()) {
      if (outgoing.opcode() == Opcode.IDENTIFY) {
        permitted = false;
        CompletableFuture.delayedExecutor(windowMillis, TimeUnit.MILLISECONDS)
            .execute(bucket::release);
      }
      open.send(WebSocketFrames.TEXT, outgoing.payload());
    }
    if (connection.state() == GatewayState.CLOSING) {
      open.sendClose(connection.closeCode());
    }
  }

  private void receive(BlockingWebSocket open) throws IOException {
    long waitNanos =
        Math.min(connection.nextTimeoutNanos(), TimeUnit.MILLISECONDS.toNanos(LOOK_UP_MILLIS));
    BlockingWebSocket.Message message = open.receive(waitNanos);
    if (message == null) {
      connection.onTimeout(); // does no harm if it is early
      return;
    }
    switch (message.opcode()) {
      case WebSocketFrames.TEXT -> handle(connection.recv(FrameType.TEXT, message.payload()));
      case WebSocketFrames.BINARY -> handle(connection.recv(FrameType.BINARY, message.payload()));
      case WebSocketFrames.CLOSE -> connection.recvCloseCode(message.closeCode());
      default -> connection.recvMalformed("opcode: " + message.opcode() + " (expected: 1, 2, 8)");
    }
  }

  private void handle(@Nullable Dispatch dispatch) {
    if (dispatch != null) {
      handler.accept(dispatch);
    }
  }

  private void disconnect(int closeCode) {
    BlockingWebSocket old = socket;
    socket = null;
    if (old != null) {
      old.close(closeCode);
    }
  }
}
