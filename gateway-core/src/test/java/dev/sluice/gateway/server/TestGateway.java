package dev.sluice.gateway.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.ShardId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A server on a virtual clock, and what its listener was told. */
final class TestGateway implements GatewayServerListener {

  static final String TOKEN = "MTk4.cl2.Fm3q";

  final List<String> told = new ArrayList<>();
  final GatewayServer server;
  private long nowNanos = Long.MAX_VALUE - 1_000_000_000L; // the clock wraps in every test

  TestGateway() {
    this(config());
  }

  TestGateway(GatewayServerConfig.Builder config) {
    server = GatewayServer.create(config.build(), this, () -> nowNanos, new SplittableRandom(17));
  }

  static GatewayServerConfig.Builder config() {
    return GatewayServerConfig.builder(TOKEN);
  }

  TestClient connect() {
    return connect("v=10&encoding=json");
  }

  TestClient connect(@Nullable String query) {
    return new TestClient(server.accept(query));
  }

  /** A client of which HELLO and READY have been read. */
  TestClient connectReady() {
    TestClient client = connect();
    client.identify();
    client.takeAll();
    return client;
  }

  void advance(Duration time) {
    nowNanos += time.toNanos();
    server.connections().forEach(GatewayServerConnection::onTimeout);
  }

  void advanceMillis(long millis) {
    advance(Duration.ofMillis(millis));
  }

  static ByteBuffer utf8(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void connected(GatewayServerConnection connection) {
    told.add("connected");
  }

  @Override
  public void disconnected(GatewayServerConnection connection, int code) {
    told.add("disconnected " + code);
  }

  @Override
  public void identified(ServerSession session) {
    told.add("identified " + session.shard());
  }

  @Override
  public void identifyRejected(GatewayServerConnection connection, ShardId shard) {
    told.add("identifyRejected " + shard);
  }

  @Override
  public void budgetExhausted(GatewayServerConnection connection, ShardId shard) {
    told.add("budgetExhausted " + shard);
  }

  @Override
  public void resumed(ServerSession session, long fromSequence) {
    told.add("resumed " + fromSequence);
  }

  @Override
  public void resumeRejected(GatewayServerConnection connection, String sessionId) {
    told.add("resumeRejected " + sessionId);
  }

  @Override
  public void received(ServerSession session, Opcode opcode, JsonNode d) {
    told.add("received " + opcode + ' ' + d);
  }

  @Override
  public void ignored(ServerSession session, Opcode opcode, JsonNode d) {
    told.add("ignored " + opcode + ' ' + d);
  }

  @Override
  public void rateLimited(ServerSession session, Opcode opcode, JsonNode d) {
    told.add("rateLimited " + opcode + ' ' + d);
  }

  @Override
  public void dispatched(ServerSession session, long sequence, String type, ByteBuffer d) {
    told.add("dispatched " + sequence + ' ' + type + ' ' + StandardCharsets.UTF_8.decode(d));
  }

  @Override
  public void sessionEnded(ServerSession session, ServerSession.EndReason reason) {
    told.add("sessionEnded " + reason);
  }
}
