package dev.sluice.gateway.netty;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/**
 * An address on loopback that neither takes connections nor refuses them: its queue is full, so the
 * kernel drops what would open another one.
 */
final class BlackHole implements AutoCloseable {

  private static final int BACKLOG = 1;

  private final ServerSocket server;
  private final List<Socket> queued = new ArrayList<>();

  BlackHole(InetAddress address, int port) throws IOException {
    server = new ServerSocket(port, BACKLOG, address);
    for (int i = 0; i <= BACKLOG; i++) { // Linux queues one more than it was told
      queued.add(new Socket(address, server.getLocalPort()));
    }
  }

  int port() {
    return server.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    for (Socket socket : queued) {
      socket.close();
    }
    server.close();
  }
}
