package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A gateway that sends what a test tells it, right or wrong, over blocking sockets. */
final class ScriptedGateway implements AutoCloseable {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int TIMEOUT_MILLIS = 20_000;
  private static final int HEARTBEAT = 1;
  static final int ABNORMAL = 1006;

  private final ServerSocket server;
  private final BlockingQueue<Socket> accepted = new LinkedBlockingQueue<>();

  ScriptedGateway() throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
    Thread acceptor = new Thread(this::acceptAll, "scripted-gateway");
    acceptor.setDaemon(true);
    acceptor.start();
  }

  private void acceptAll() {
    try {
      while (true) {
        accepted.add(server.accept());
      }
    } catch (IOException e) {
      assertThat(server.isClosed()).isTrue();
    }
  }

  URI uri() {
    return URI.create("ws://127.0.0.1:" + server.getLocalPort());
  }

  /** {@return the next connection, of which the request was read and not answered} */
  Peer accept() throws Exception {
    Socket socket = accepted.poll(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    if (socket == null) {
      return fail("a dial was expected");
    }
    socket.setSoTimeout(TIMEOUT_MILLIS);
    socket.setTcpNoDelay(true);
    return new Peer(socket);
  }

  /** {@return the next connection, upgraded, to which HELLO was sent} */
  Peer greet(long heartbeatIntervalMillis) throws Exception {
    Peer peer = accept();
    peer.upgrade(Frames.text(Frames.hello(heartbeatIntervalMillis)));
    return peer;
  }

  /** {@return the next connection, identified and with READY sent} */
  Peer ready(long heartbeatIntervalMillis) throws Exception {
    Peer peer = greet(heartbeatIntervalMillis);
    peer.shard = peer.expectOp(2).at("/d/shard/0").asInt();
    peer.write(Frames.text(Frames.ready("session-" + peer.shard, uri().toString())));
    return peer;
  }

  boolean hasDial() {
    return !accepted.isEmpty();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket = accepted.poll(); socket != null; socket = accepted.poll()) {
      socket.close();
    }
  }

  /** One connection. */
  static final class Peer implements AutoCloseable {

    record Frame(int opcode, byte[] payload) {}

    final String requestLine;
    final Map<String, String> headers = new HashMap<>();
    int shard = -1;
    private final Socket socket;
    private final DataInputStream in;

    Peer(Socket socket) throws IOException {
      this.socket = socket;
      in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
      requestLine = line();
      for (String line = line(); !line.isEmpty(); line = line()) {
        int colon = line.indexOf(':');
        headers.put(
            line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
      }
    }

    private String line() throws IOException {
      StringBuilder line = new StringBuilder();
      for (int c = in.read(); c != '\n'; c = in.read()) {
        if (c < 0) {
          throw new EOFException("the request ended early");
        }
        if (c != '\r') {
          line.append((char) c);
        }
      }
      return line.toString();
    }

    String key() {
      return headers.getOrDefault("sec-websocket-key", "");
    }

    boolean hasInput() throws IOException {
      return in.available() > 0;
    }

    /** Answers with 101, and with what follows in the same write. */
    void upgrade(byte[]... following) throws IOException {
      write(Frames.concat(Frames.switchingProtocols(key()), Frames.concat(following)));
    }

    void write(byte[] bytes) throws IOException {
      socket.getOutputStream().write(bytes);
    }

    void text(String payload) throws IOException {
      write(Frames.text(payload));
    }

    /** {@return the next frame, unmasked} */
    Frame read() throws IOException {
      int first = in.readUnsignedByte();
      int second = in.readUnsignedByte();
      assertThat(second & 0x80).as("a client masks").isNotZero();
      int length = second & 0x7F;
      if (length == 126) {
        length = in.readUnsignedShort();
      }
      byte[] mask = new byte[4];
      in.readFully(mask);
      byte[] payload = new byte[length];
      in.readFully(payload);
      for (int i = 0; i < length; i++) {
        payload[i] ^= mask[i % 4];
      }
      return new Frame(first & 0xF, payload);
    }

    /** {@return the next payload but for heartbeats, which must have the given opcode} */
    JsonNode expectOp(int op) throws IOException {
      while (true) {
        JsonNode payload = MAPPER.readTree(new String(read().payload, StandardCharsets.UTF_8));
        int came = payload.path("op").asInt();
        if (came != HEARTBEAT || op == HEARTBEAT) { // the first one comes when chance says
          assertThat(came).as("%s", payload).isEqualTo(op);
          return payload;
        }
      }
    }

    /** Skips what comes until the client closes; {@return its code, 1006 for none} */
    int awaitClose() throws IOException {
      try {
        while (true) {
          Frame frame = read();
          if (frame.opcode == Frames.CLOSE) {
            return frame.payload.length < 2
                ? 1005
                : (frame.payload[0] & 0xFF) << 8 | frame.payload[1] & 0xFF;
          }
        }
      } catch (EOFException | SocketException e) {
        return ABNORMAL;
      }
    }

    /** Reads to the end; {@return how many frames came before it} */
    int framesToTheEnd() throws IOException {
      int frames = 0;
      try {
        while (true) {
          read();
          frames++;
        }
      } catch (EOFException | SocketException e) {
        return frames;
      }
    }

    /** Ends the connection with a reset. */
    void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
