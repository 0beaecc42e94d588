package dev.sluice.benchmarks.micro;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.Scratch;
import dev.sluice.gateway.ShardId;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Brings connections to the state in which events come. */
final class ReadyConnection {

  private ReadyConnection() {}

  static GatewayConfig config(Encoding encoding, Compression compression) {
    return GatewayConfig.builder("token", Intents.nonPrivileged())
        .encoding(encoding)
        .compression(compression)
        .build();
  }

  static GatewayConnection create(GatewayConfig config, NanoClock clock) {
    return GatewayConnection.create(
        config, ShardId.SINGLE, null, Scratch.create(), clock, new SplittableRandom(1));
  }

  /**
   * {@return a connection that is ready}
   *
   * @param config its configuration
   * @param hello the message of HELLO, as the configuration wants it encoded
   * @param ready the message of READY
   */
  static GatewayConnection of(GatewayConfig config, byte[] hello, byte[] ready) {
    GatewayConnection connection = create(config, NanoClock.system());
    FrameType type =
        config.compression() == Compression.NONE ? config.encoding().frameType() : FrameType.BINARY;
    connection.connecting();
    connection.opened();
    connection.recv(type, ByteBuffer.wrap(hello));
    drain(connection); // IDENTIFY goes out before READY is expected
    connection.recv(type, ByteBuffer.wrap(ready));
    if (connection.state() != GatewayState.READY) {
      throw new IllegalStateException("state: " + connection.state() + " (expected: READY)");
    }
    return connection;
  }

  /** Takes what is to be sent; nobody is there to send it to. Returns how many payloads. */
  static int drain(GatewayConnection connection) {
    int payloads = 0;
    while (connection.send() != null) {
      payloads++;
    }
    return payloads;
  }
}
