package dev.sluice.testkit.brokers;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Free ports of the loopback interface. */
final class Ports {

  // Below the ports that systems give to outgoing connections: a server that was killed finds its
  // port free when it comes back, however many connections were opened meanwhile.
  private static final int FIRST = 20_000;
  private static final int END = 32_000;
  private static final int ATTEMPTS = 200;

  private Ports() {}

  /** {@return a port that was free a moment ago} */
  static int free() {
    IOException last = null;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, END);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException e) {
        last = e; // taken: the next one
      }
    }
    throw new IllegalStateException("no free port from " + FIRST + " to " + END, last);
  }
}
