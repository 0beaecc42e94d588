package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Opcode;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.server.GatewayServerConnection;
import dev.sluice.gateway.server.GatewayServerListener;
import dev.sluice.gateway.server.ServerSession;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Writes down what both sides tell, and lets a test wait for it. */
final class Recorder implements EventSink, ShardListener, GatewayServerListener {

  record Event(int shard, long sequence, String name, JsonNode data) {}

  record Sent(int shard, long sequence, String name) {}

  record Change(int shard, GatewayState from, GatewayState to) {}

  record Redial(int shard, Reconnect reconnect) {}

  record Failure(int shard, URI uri, Throwable cause) {}

  /** A session that the gateway started or resumed, and when. */
  record Start(int shard, boolean resumed, long nanos) {}

  record Command(int shard, Opcode opcode, JsonNode data) {}

  private final List<Event> events = new ArrayList<>();
  private final List<Sent> sent = new ArrayList<>();
  private final List<Change> changes = new ArrayList<>();
  private final List<Redial> redials = new ArrayList<>();
  private final List<Failure> failures = new ArrayList<>();
  private final List<GatewayApiException> apiFailures = new ArrayList<>();
  private final List<Command> commands = new ArrayList<>();
  private final List<Start> starts = new ArrayList<>();
  private final List<Integer> clientCloseCodes = new ArrayList<>();
  private int identifies;
  private int identifiesRejected;
  private int resumes;
  private int sessionsEnded;

  /** Waits until a condition on what was recorded holds. */
  synchronized void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(Resources.TIMEOUT_SECONDS);
    while (!condition.getAsBoolean()) {
      long remaining = deadline - System.nanoTime();
      if (remaining <= 0) {
        fail(
            "%s was expected; %d events received, %d sent; changes: %s; redials: %s; failures: %s",
            what, events.size(), sent.size(), changes, redials, failures);
      }
      TimeUnit.NANOSECONDS.timedWait(this, remaining);
    }
  }

  void awaitState(int shard, GatewayState state) throws InterruptedException {
    await(
        "shard " + shard + " in " + state,
        () -> changes.stream().anyMatch(c -> c.shard == shard && c.to == state));
  }

  /** Waits until as many times as given a shard has entered a state. */
  void awaitState(int shard, GatewayState state, int times) throws InterruptedException {
    await(
        "shard " + shard + " in " + state + ", " + times + " times",
        () -> changes.stream().filter(c -> c.shard == shard && c.to == state).count() >= times);
  }

  Event awaitEvent(int shard, String name) throws InterruptedException {
    await(name, () -> events.stream().anyMatch(e -> e.shard == shard && e.name.equals(name)));
    return events(shard).stream().filter(e -> e.name.equals(name)).findFirst().orElseThrow();
  }

  synchronized List<Event> events(int shard) {
    return events.stream().filter(e -> e.shard == shard).toList();
  }

  /** {@return what came on a shard, without the events that are of one side only} */
  synchronized List<Sent> received(int shard) {
    return events.stream()
        .filter(e -> e.shard == shard && !e.name.equals("READY") && !e.name.equals("RESUMED"))
        .map(e -> new Sent(e.shard, e.sequence, e.name))
        .toList();
  }

  synchronized List<Sent> sent(int shard) {
    return sent.stream().filter(s -> s.shard == shard).toList();
  }

  synchronized List<Change> changes(int shard) {
    return changes.stream().filter(c -> c.shard == shard).toList();
  }

  /** {@return the reconnects of a shard, without the first dial} */
  synchronized List<Reconnect> reconnects(int shard) {
    return redials.stream()
        .filter(r -> r.shard == shard && r.reconnect.cause() != Reconnect.Cause.START)
        .map(Redial::reconnect)
        .toList();
  }

  synchronized List<Failure> failures() {
    return List.copyOf(failures);
  }

  synchronized List<GatewayApiException> apiFailures() {
    return List.copyOf(apiFailures);
  }

  synchronized List<Command> commands() {
    return commands.stream().filter(c -> c.opcode != Opcode.HEARTBEAT).toList();
  }

  synchronized List<Integer> clientCloseCodes() {
    return List.copyOf(clientCloseCodes);
  }

  synchronized long heartbeats(int shard) {
    return commands.stream().filter(c -> c.shard == shard && c.opcode == Opcode.HEARTBEAT).count();
  }

  /** {@return the sessions of a shard that the gateway started or resumed} */
  synchronized List<Start> starts(int shard) {
    return starts.stream().filter(s -> s.shard == shard).toList();
  }

  synchronized int identifies() {
    return identifies;
  }

  synchronized int identifiesRejected() {
    return identifiesRejected;
  }

  synchronized int resumes() {
    return resumes;
  }

  synchronized int sessionsEnded() {
    return sessionsEnded;
  }

  @Override
  public synchronized boolean offer(Shard shard, Dispatch dispatch) throws IOException {
    events.add(
        new Event(shard.id().id(), dispatch.sequence(), dispatch.name(), dispatch.readTree()));
    notifyAll();
    return true;
  }

  @Override
  public synchronized void onStateChange(Shard shard, GatewayState from, GatewayState to) {
    changes.add(new Change(shard.id().id(), from, to));
    notifyAll();
  }

  @Override
  public synchronized void onReconnect(Shard shard, Reconnect reconnect) {
    redials.add(new Redial(shard.id().id(), reconnect));
    notifyAll();
  }

  @Override
  public synchronized void onDialFailure(Shard shard, URI uri, Throwable cause) {
    failures.add(new Failure(shard.id().id(), uri, cause));
    notifyAll();
  }

  @Override
  public synchronized void onApiFailure(GatewayApiException failure, Duration delay) {
    apiFailures.add(failure);
    notifyAll();
  }

  @Override
  public synchronized void disconnected(GatewayServerConnection connection, int code) {
    clientCloseCodes.add(code);
    notifyAll();
  }

  @Override
  public synchronized void identified(ServerSession session) {
    identifies++;
    starts.add(new Start(session.shard().id(), false, System.nanoTime()));
    notifyAll();
  }

  @Override
  public synchronized void identifyRejected(GatewayServerConnection connection, ShardId shard) {
    identifiesRejected++;
    notifyAll();
  }

  @Override
  public synchronized void resumed(ServerSession session, long fromSequence) {
    resumes++;
    starts.add(new Start(session.shard().id(), true, System.nanoTime()));
    notifyAll();
  }

  @Override
  public synchronized void received(ServerSession session, Opcode opcode, JsonNode d) {
    commands.add(new Command(session.shard().id(), opcode, d));
    notifyAll();
  }

  @Override
  public synchronized void dispatched(
      ServerSession session, long sequence, String type, ByteBuffer d) {
    sent.add(new Sent(session.shard().id(), sequence, type));
    notifyAll();
  }

  @Override
  public synchronized void sessionEnded(ServerSession session, ServerSession.EndReason reason) {
    sessionsEnded++;
    notifyAll();
  }
}
