package dev.sluice.examples;

import dev.sluice.gateway.Activity;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayCommand;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Outgoing;
import dev.sluice.gateway.Presence;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.StopMode;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Answers "ping" with "pong", the bare way: one thread drives a connection over a blocking socket,
 * with no framework at all. Shows all that a driver owes the protocol.
 *
 * <p>On Discord the bot needs the message content intent, which its owner switches on.
 */
public final class Ping {

  private final GatewayConnection connection;
  private final Pong pong;
  private @Nullable BlockingWebSocket socket;

  private Ping(GatewayConnection connection, Pong pong) {
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

  static void run(Target target, PrintStream out) throws IOException, InterruptedException {
    GatewayConfig config =
        GatewayConfig.builder(target.token(), Pong.INTENTS).gatewayUri(target.gatewayUri()).build();
    new Ping(GatewayConnection.create(config), new Pong(target, out)).drive();
  }

  /** The loop: do what the connection asks for, give it the next input, and so on. */
  private void drive() throws IOException, InterruptedException {
    while (!connection.state().isTerminal()) {
      BlockingWebSocket open = socket;
      if (connection.shouldReconnect()) {
        reconnect(connection.reconnect());
      } else if (open != null) {
        try {
          drain(open);
          receive(open);
        } catch (IOException e) {
          connection.transportLost();
        }
      }
      if (pong.isDone()) {
        connection.stop(StopMode.GOODBYE);
      }
    }
    disconnect(0);
    if (connection.failed() != null) {
      throw new IOException("the gateway refuses the bot: " + connection.failed());
    }
  }

  /** Closes the old transport, waits for as long as the connection says, and dials. */
  private void reconnect(Reconnect reconnect) throws InterruptedException {
    disconnect(reconnect.closeCode());
    TimeUnit.NANOSECONDS.sleep(reconnect.delayNanos());
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

  /** Writes what the connection has to say. */
  private void drain(BlockingWebSocket open) throws IOException {
    for (Outgoing outgoing : connection.sendIter()) {
      open.send(WebSocketFrames.TEXT, outgoing.payload());
    }
    if (connection.state() == GatewayState.CLOSING) {
      open.sendClose(connection.closeCode());
    }
  }

  /** Waits for a message, though not for longer than the connection's timer. */
  private void receive(BlockingWebSocket open) throws IOException {
    BlockingWebSocket.Message message = open.receive(connection.nextTimeoutNanos());
    if (message == null) {
      connection.onTimeout(); // does no harm if it is early
    } else {
      switch (message.opcode()) {
        case WebSocketFrames.TEXT -> handle(connection.recv(FrameType.TEXT, message.payload()));
        case WebSocketFrames.BINARY -> handle(connection.recv(FrameType.BINARY, message.payload()));
        case WebSocketFrames.CLOSE -> connection.recvCloseCode(message.closeCode());
        default -> connection.recvMalformed("opcode: " + message.opcode() + " (expected: 1, 2, 8)");
      }
    }
  }

  private void handle(@Nullable Dispatch dispatch) {
    if (dispatch != null) {
      if (dispatch.type() == EventType.READY) {
        connection.queue(
            new GatewayCommand.UpdatePresence(Presence.online(Activity.listening("pings"))));
      }
      try {
        pong.answer(dispatch);
      } catch (IOException e) { // the event is no JSON; the connection is well
        System.err.println(dispatch + ": " + e.getMessage());
      }
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
