package dev.sluice.examples;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** How a {@link BlockingWebSocket} begins: TCP, TLS, and the upgrade from HTTP. */
final class WebSocketDial {

  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3})\\b");
  private static final Pattern ACCEPT =
      Pattern.compile("(?im)^Sec-WebSocket-Accept:[ \\t]*(\\S+)[ \\t]*$");

  /** The server answered the upgrade with another HTTP status than 101. */
  static final class UpgradeException extends IOException {

    private static final long serialVersionUID = 1;

    final int status;

    UpgradeException(int status) {
      super("upgrade: HTTP " + status + " (expected: 101)");
      this.status = status;
    }
  }

  private WebSocketDial() {}

  /** {@return an open WebSocket, which the caller closes} */
  static BlockingWebSocket connect(URI uri, long timeoutNanos) throws IOException {
    boolean secure = uri.getScheme().equals("wss");
    int port = uri.getPort() >= 0 ? uri.getPort() : secure ? 443 : 80;
    int timeoutMillis = BlockingWebSocket.millis(timeoutNanos);
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(timeoutMillis);
      socket.connect(new InetSocketAddress(uri.getHost(), port), timeoutMillis);
      return upgrade(secure ? encrypt(socket, uri.getHost(), port) : socket, uri);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static Socket encrypt(Socket plain, String host, int port) throws IOException {
    SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
    SSLSocket socket = (SSLSocket) factory.createSocket(plain, host, port, true);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS"); // the certificate must name the host
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  private static BlockingWebSocket upgrade(Socket socket, URI uri) throws IOException {
    String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    String key = Base64.getEncoder().encodeToString(BlockingWebSocket.random(16));
    String request =
        """
        GET %s?%s HTTP/1.1
        Host: %s
        Connection: Upgrade
        Upgrade: websocket
        Sec-WebSocket-Version: 13
        Sec-WebSocket-Key: %s

        """
            .formatted(path, uri.getRawQuery(), uri.getAuthority(), key);
    socket.getOutputStream().write(request.replace("\n", "\r\n").getBytes(ISO_8859_1));

    WebSocketFrames frames = new WebSocketFrames(socket.getInputStream());
    String head = frames.readHead();
    Matcher status = STATUS.matcher(head);
    if (!status.lookingAt()) {
      throw new IOException("upgrade: no HTTP/1.1 (expected: HTTP/1.1 101)");
    }
    if (!status.group(1).equals("101")) {
      throw new UpgradeException(Integer.parseInt(status.group(1)));
    }
    Matcher accept = ACCEPT.matcher(head);
    if (!accept.find() || !accept.group(1).equals(acceptOf(key))) {
      throw new IOException("upgrade: another Sec-WebSocket-Accept (expected: that of our key)");
    }
    return new BlockingWebSocket(socket, frames);
  }

  private static String acceptOf(String key) {
    try {
      MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
      return Base64.getEncoder().encodeToString(sha1.digest((key + GUID).getBytes(ISO_8859_1)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-1: not offered by this JDK", e);
    }
  }
}
