package dev.sluice.examples.guide;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.Intent;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.Outgoing;
import java.io.PrintStream;

/** Half a conversation with the gateway, without a socket. */
public final class Conversation {

  private static final String HELLO =
      """
      {"op":10,"d":{"heartbeat_interval":41250}}""";
  private static final String READY =
      """
      {"t":"READY","s":1,"op":0,"d":{"v":10,"user":{"id":"80351110224678912"},"guilds":[],\
      "session_id":"4c8a1e6d2f","resume_gateway_url":"wss://gateway-us-east1-b.discord.gg",\
      "application":{"id":"80351110224678912"}}}""";

  private Conversation() {}

  /**
   * Prints the conversation.
   *
   * @param args none
   */
  public static void main(String[] args) {
    run(System.out);
  }

  static void run(PrintStream out) {
    GatewayConfig config =
        GatewayConfig.builder("the.bots.token", Intents.of(Intent.GUILDS))
            .compression(Compression.NONE)
            .build();
    GatewayConnection connection = GatewayConnection.create(config);
    out.println(connection.state() + ", dial " + connection.reconnect().uri());

    connection.connecting(); // we dial, which takes a while
    connection.opened(); // it worked
    long seconds = Math.round(connection.nextTimeoutNanos() / 1e9);
    out.println(connection.state() + " for " + seconds + " s at most");

    connection.recv(HELLO);
    for (Outgoing payload : connection.sendIter()) {
      out.println(connection.state() + ", send " + payload.opcode());
    }

    Dispatch dispatch = connection.recv(READY);
    out.println(connection.state() + ", handle " + dispatch);

    connection.recvCloseCode(1006); // the network is gone
    out.println(connection.state() + ", dial " + connection.reconnect().uri());
  }
}
