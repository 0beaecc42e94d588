package dev.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.FrameType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The client's end of a connection: writes JSON and reads plain messages. */
final class TestClient {

  static final String HELLO =
      "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":41250,"
          + "\"_trace\":[\"[\\\"gateway-sluice-1\\\",{\\\"micros\\\":0.0}]\"]}}";
  static final String ACK = "{\"t\":null,\"s\":null,\"op\":11,\"d\":null}";
  static final String INVALID = "{\"t\":null,\"s\":null,\"op\":9,\"d\":false}";

  final GatewayServerConnection connection;

  TestClient(GatewayServerConnection connection) {
    this.connection = connection;
  }

  void send(String json) {
    connection.recv(FrameType.TEXT, TestGateway.utf8(json));
  }

  void identify() {
    identify(0, 1);
  }

  void identify(int shard, int count) {
    identifyWith("\"intents\":53608447,\"shard\":[" + shard + ',' + count + ']');
  }

  void identifyWith(String fields) {
    send(
        "{\"op\":2,\"d\":{\"token\":\""
            + TestGateway.TOKEN
            + "\",\"properties\":{\"os\":\"linux\"},"
            + fields
            + "}}");
  }

  void resume(String sessionId, long sequence) {
    resumeWith('"' + sessionId + '"', Long.toString(sequence));
  }

  void resumeWith(String sessionId, String sequence) {
    send(
        "{\"op\":6,\"d\":{\"token\":\""
            + TestGateway.TOKEN
            + "\",\"session_id\":"
            + sessionId
            + ",\"seq\":"
            + sequence
            + "}}");
  }

  void heartbeat() {
    send("{\"op\":1,\"d\":null}");
  }

  ServerSession session() {
    return Objects.requireNonNull(connection.session(), "session");
  }

  /** Dispatches an event whose data is its own number. */
  long dispatch() {
    ServerSession session = session();
    return session.dispatch("EVENT", TestGateway.utf8(Long.toString(session.sequence() + 1)));
  }

  static String event(long sequence) {
    return "{\"t\":\"EVENT\",\"s\":" + sequence + ",\"op\":0,\"d\":" + sequence + '}';
  }

  /** The next message. */
  String take() {
    ServerFrame frame = Objects.requireNonNull(connection.send(), "frame");
    assertThat(frame.type()).isEqualTo(FrameType.TEXT);
    assertThat(frame.payload().isReadOnly()).isTrue();
    return StandardCharsets.UTF_8.decode(frame.payload()).toString();
  }

  /** Every message that is left. */
  List<String> takeAll() {
    List<String> messages = new ArrayList<>();
    for (ServerFrame frame = connection.send(); frame != null; frame = connection.send()) {
      assertThat(frame.type()).isEqualTo(FrameType.TEXT);
      messages.add(StandardCharsets.UTF_8.decode(frame.payload()).toString());
    }
    return messages;
  }
}
