package dev.sluice.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/** A client of a few lines on the JDK's WebSocket, to test the gateway and nothing else. */
final class TestClient implements WebSocket.Listener, AutoCloseable {

  static final String QUERY = "/?v=10&encoding=json";
  static final int ABNORMAL = 1006;

  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final long TIMEOUT_SECONDS = 20;

  /** One thing that came: a payload, or the end with its close code. */
  private record Event(@Nullable JsonNode payload, int closeCode) {}

  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final StringBuilder text = new StringBuilder();
  private final ByteArrayOutputStream binary = new ByteArrayOutputStream();
  private final Inflater inflater = new Inflater();
  private final WebSocket webSocket;
  private long sequence;

  private TestClient(HttpClient http, URI uri) throws Exception {
    webSocket =
        http.newWebSocketBuilder().buildAsync(uri, this).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  static TestClient dial(URI gateway, String query) throws Exception {
    return dial(HTTP, gateway, query);
  }

  static TestClient dial(HttpClient http, URI gateway, String query) throws Exception {
    return new TestClient(http, URI.create(gateway + query));
  }

  /** Dials, identifies and takes READY. */
  static TestClient ready(LocalGateway gateway, ShardId shard) throws Exception {
    TestClient client = dial(gateway.uri(), QUERY);
    client.identify(gateway.token(), shard);
    client.expectDispatch("READY");
    return client;
  }

  void identify(String token, ShardId shard) throws Exception {
    identify(token, shard, Intents.all());
  }

  void identify(String token, ShardId shard, Intents intents) throws Exception {
    expectOp(10);
    send(
        """
        {"op":2,"d":{"token":"%s","intents":%d,"shard":[%d,%d],\
        "properties":{"os":"","browser":"","device":""}}}"""
            .formatted(token, intents.value(), shard.id(), shard.count()));
  }

  void resume(String token, String sessionId, long afterSequence) throws Exception {
    expectOp(10);
    send(
        """
        {"op":6,"d":{"token":"%s","session_id":"%s","seq":%d}}"""
            .formatted(token, sessionId, afterSequence));
  }

  void send(String payload) throws Exception {
    webSocket.sendText(payload, true).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  void closeWith(int code) throws Exception {
    webSocket.sendClose(code, "").get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  /** {@return the next payload} */
  JsonNode next() throws InterruptedException {
    Event event = events.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    if (event == null || event.payload == null) {
      return fail("a payload was expected, not " + event);
    }
    sequence = event.payload.path("s").asLong(sequence);
    return event.payload;
  }

  /** {@return whether something came that was not taken, be it the end} */
  boolean hasNext() {
    return !events.isEmpty();
  }

  JsonNode expectOp(int op) throws InterruptedException {
    JsonNode payload = next();
    assertThat(payload.path("op").asInt()).as("%s", payload).isEqualTo(op);
    return payload;
  }

  JsonNode expectDispatch(String type) throws InterruptedException {
    JsonNode payload = expectOp(0);
    assertThat(payload.path("t").asText()).isEqualTo(type);
    return payload;
  }

  /** Takes what comes until the connection ends, and yields the close code, or 1006 for none. */
  int awaitClose() throws InterruptedException {
    while (true) {
      Event event = events.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      if (event == null) {
        return fail("the end of the connection was expected");
      }
      if (event.payload == null) {
        return event.closeCode;
      }
    }
  }

  /** {@return the sequence of the last dispatch that {@link #next} gave} */
  long sequence() {
    return sequence;
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
    text.append(data);
    if (last) {
      take(text.toString());
      text.setLength(0);
    }
    socket.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
    byte[] part = new byte[data.remaining()];
    data.get(part);
    binary.writeBytes(part);
    if (last) {
      take(inflate(binary.toByteArray()));
      binary.reset();
    }
    socket.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
    events.add(new Event(null, code));
    return null;
  }

  @Override
  public void onError(WebSocket socket, Throwable error) {
    events.add(new Event(null, ABNORMAL));
  }

  @Override
  public void close() {
    webSocket.abort();
  }

  private void take(@Nullable String json) {
    try {
      events.add(json == null ? new Event(null, ABNORMAL) : new Event(MAPPER.readTree(json), 0));
    } catch (IOException e) {
      events.add(new Event(null, ABNORMAL));
    }
  }

  private @Nullable String inflate(byte[] message) {
    inflater.setInput(message);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] chunk = new byte[8192];
    try {
      for (int n = inflater.inflate(chunk); n > 0; n = inflater.inflate(chunk)) {
        out.write(chunk, 0, n);
      }
    } catch (DataFormatException e) {
      return null;
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  /** {@return what a future of the gateway yields} */
  static <T extends @Nullable Object> T get(Future<T> future)
      throws InterruptedException, ExecutionException, TimeoutException {
    return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }
}
