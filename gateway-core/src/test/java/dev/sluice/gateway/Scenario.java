package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import dev.sluice.gateway.internal.EtfReader;
import dev.sluice.gateway.internal.EtfWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A story between a connection and a scripted gateway, on a virtual clock. Inputs drain what the
 * connection sends into an outbox that {@code expectSent} looks at. After each of them it is
 * checked that the token shows nowhere, that a transport carries one IDENTIFY or RESUME, and no
 * more than 120 payloads within 60 s.
 */
final class Scenario {

  static final String TOKEN = "MTk4NjIy.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";
  static final String BASE = "wss://gateway.discord.gg";
  static final String RESUME_URL = "wss://resume.test";
  static final Intents INTENTS = Intents.of(Intent.GUILDS, Intent.GUILD_MESSAGES);
  static final Instant NOW = Instant.parse("2026-08-06T12:00:00Z");
  static final long INTERVAL_MILLIS = 41_250;

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final long MILLI_NANOS = 1_000_000;

  final ManualClock clock = new ManualClock();
  private final ScriptedRandom random = new ScriptedRandom(0.5);
  private final Deque<JsonNode> outbox = new ArrayDeque<>();
  private final Deque<Long> sentAtNanos = new ArrayDeque<>();
  private GatewayConfig.Builder config = GatewayConfig.builder(TOKEN, INTENTS);
  private Encoding encoding = Encoding.JSON;
  private Compression compression = Compression.NONE;
  private ShardId shard = ShardId.SINGLE;
  private Scratch scratch = Scratch.create();
  private @Nullable GatewaySession session;
  private @Nullable GatewayConnection connection;
  private StreamDeflater deflater = new StreamDeflater();
  private ZstdCompressCtx zstd = new ZstdCompressCtx();
  private @Nullable Dispatch dispatch;
  private JsonNode sentData = MAPPER.nullNode();
  private int logins;
  private long sequence;

  static Scenario scenario() {
    return new Scenario();
  }

  /** A scenario whose connection holds a session that it has not yet resumed. */
  static Scenario storedScenario() {
    return scenario().session(session(40));
  }

  static GatewaySession session(long sequence) {
    return new GatewaySession(
        "session-0",
        RESUME_URL,
        sequence,
        7,
        ShardId.SINGLE,
        INTENTS,
        GatewayConfig.API_VERSION,
        Encoding.JSON,
        Compression.NONE,
        NOW,
        NOW);
  }

  // The setting.

  Scenario config(UnaryOperator<GatewayConfig.Builder> change) {
    config = change.apply(config);
    return this;
  }

  Scenario compressed() {
    compression = Compression.ZLIB_STREAM;
    return this;
  }

  Scenario transport(Encoding encoding, Compression compression) {
    this.encoding = encoding;
    this.compression = compression;
    return config(config -> config.encoding(encoding));
  }

  Scenario permitsGranted() {
    return config(GatewayConfig.Builder::identifyPermitsGranted);
  }

  Scenario session(GatewaySession session) {
    this.session = session;
    sequence = session.sequence();
    return this;
  }

  Scenario shard(int id, int count) {
    shard = new ShardId(id, count);
    return this;
  }

  Scenario scratch(Scratch scratch) {
    this.scratch = scratch;
    return this;
  }

  /** What share of its range every draw takes from now on. */
  Scenario jitter(double share) {
    random.share(share);
    return this;
  }

  GatewayConnection connection() {
    GatewayConnection made = connection;
    if (made == null) {
      made =
          GatewayConnection.create(
              config.compression(compression).instantSource(() -> NOW).build(),
              shard,
              session,
              scratch,
              clock,
              random);
      connection = made;
    }
    return made;
  }

  // Inputs.

  /** Waits as long as the connection asks for and begins to dial. */
  Scenario dial() {
    clock.advanceNanos(connection().reconnect().delayNanos());
    connection().connecting();
    return drain();
  }

  Scenario dialFails(int httpStatus) {
    dial();
    connection().connectFailed(httpStatus);
    return drain();
  }

  /** Dials, unless that was begun, and succeeds. */
  Scenario open() {
    if (connection().state() != GatewayState.CONNECTING) {
      dial();
    }
    deflater = new StreamDeflater();
    zstd = new ZstdCompressCtx();
    logins = 0;
    sentAtNanos.clear();
    connection().opened();
    return drain();
  }

  Scenario hello(long intervalMillis) {
    return recv(
        "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":" + intervalMillis + "}}");
  }

  Scenario hello() {
    return hello(INTERVAL_MILLIS);
  }

  Scenario ready(String sessionId, @Nullable String resumeUrl) {
    sequence = 0;
    return dispatch(
        "READY",
        "{\"v\":10,\"user\":{\"id\":\"8\"},\"session_id\":\""
            + sessionId
            + "\",\"resume_gateway_url\":"
            + (resumeUrl == null ? "null" : '"' + resumeUrl + '"')
            + ",\"guilds\":[],\"application\":{\"flags\":0,\"id\":\"9\"}}");
  }

  Scenario ready() {
    return ready("session-1", RESUME_URL);
  }

  Scenario resumed() {
    return dispatch("RESUMED", "{\"_trace\":[]}");
  }

  /** The next event of the session. */
  Scenario dispatch(String name, String data) {
    return dispatch(sequence + 1, name, data);
  }

  Scenario dispatch(long sequence, String name, String data) {
    this.sequence = sequence;
    return recv("{\"t\":\"" + name + "\",\"s\":" + sequence + ",\"op\":0,\"d\":" + data + '}');
  }

  Scenario event() {
    return dispatch("TYPING_START", "{\"guild_id\":\"41\"}");
  }

  Scenario ack() {
    return recv("{\"t\":null,\"s\":null,\"op\":11,\"d\":null}");
  }

  Scenario heartbeatRequest() {
    return recv("{\"t\":null,\"s\":null,\"op\":1,\"d\":null}");
  }

  Scenario reconnectRequest() {
    return recv("{\"t\":null,\"s\":null,\"op\":7,\"d\":null}");
  }

  Scenario invalidSession(boolean resumable) {
    return recv("{\"t\":null,\"s\":null,\"op\":9,\"d\":" + resumable + '}');
  }

  /** A payload, compressed if the scenario is. */
  Scenario recv(String payload) {
    return recvBytes(payload.getBytes(StandardCharsets.UTF_8));
  }

  Scenario recvBytes(byte[] payload) {
    return switch (compression) {
      case NONE -> recv(encoding.frameType(), encode(payload));
      case PAYLOAD ->
          payload.length < 1_000
              ? recv(FrameType.TEXT, payload)
              : recv(FrameType.BINARY, Streams.deflate(payload));
      case ZLIB_STREAM, ZSTD_STREAM -> recv(FrameType.BINARY, compress(payload));
    };
  }

  /** The next message of the gateway's compressed stream. */
  byte[] compress(byte[] payload) {
    return compression == Compression.ZLIB_STREAM
        ? deflate(encode(payload))
        : Streams.zstd(zstd, encode(payload), EndDirective.FLUSH);
  }

  private byte[] encode(byte[] payload) {
    try {
      return encoding == Encoding.ETF ? EtfWriter.gateway(payload) : payload;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The next bytes of the gateway's compressed stream. */
  byte[] deflate(byte[] payload) {
    return deflater.deflate(payload);
  }

  Scenario recv(FrameType type, byte[] message) {
    ByteBuffer buffer = ByteBuffer.wrap(message);
    dispatch = connection().recv(type, buffer);
    assertThat(buffer.hasRemaining()).isFalse();
    return drain();
  }

  /** The peer's close frame. */
  Scenario closed(int code) {
    connection().recvCloseCode(code);
    return drain();
  }

  Scenario suspect() {
    connection().transportSuspected();
    return drain();
  }

  Scenario lost() {
    connection().transportLost();
    return drain();
  }

  Scenario permit() {
    connection().identifyPermitted();
    return drain();
  }

  Scenario queue(GatewayCommand command) {
    assertThat(connection().queue(command)).isTrue();
    return drain();
  }

  Scenario stop(StopMode mode) {
    connection().stop(mode);
    return drain();
  }

  /** Lets time pass, and keeps every timeout on time. */
  Scenario advanceMillis(long millis) {
    long left = millis * MILLI_NANOS;
    while (connection().nextTimeoutNanos() <= left) {
      long step = connection().nextTimeoutNanos();
      clock.advanceNanos(step);
      left -= step;
      connection().onTimeout();
      drain();
    }
    clock.advanceNanos(left);
    return this;
  }

  Scenario advance(Duration duration) {
    return advanceMillis(duration.toMillis());
  }

  /** Lets time pass with a driver that is asleep. */
  Scenario oversleepMillis(long millis) {
    clock.advanceMillis(millis);
    return this;
  }

  Scenario timeout() {
    connection().onTimeout();
    return drain();
  }

  /** Lets a live peer acknowledge each heartbeat at once while time passes. */
  Scenario advanceAcknowledgedMillis(long millis) {
    long left = millis;
    while (left > 0) {
      long step = Math.min(1_000, left);
      advanceMillis(step);
      left -= step;
      if (outbox.removeIf(payload -> payload.get("op").asInt() == Opcode.HEARTBEAT.code())) {
        ack();
      }
    }
    return this;
  }

  // Ways to a state.

  /** A fresh scenario in a state; RESUMING is that of a stored session. */
  static Scenario in(GatewayState state) {
    return switch (state) {
      case IDLE -> scenario();
      case CONNECTING -> scenario().dial();
      case WAIT_HELLO -> scenario().open();
      case WAIT_PERMIT -> scenario().permitsGranted().open().hello();
      case IDENTIFYING -> scenario().open().hello().expectSent(Opcode.IDENTIFY);
      case RESUMING -> storedScenario().open().hello().expectSent(Opcode.RESUME);
      case READY -> live();
      case CLOSING -> live().stop(StopMode.RESTART);
      case BACKOFF -> live().lost();
      case FATAL -> live().closed(4004);
      case STOPPED -> live().stop(StopMode.RESTART).closed(4900);
    };
  }

  static Scenario live() {
    return scenario().open().hello().expectSent(Opcode.IDENTIFY).ready();
  }

  /** Dials again and resumes. */
  Scenario resume() {
    return forget()
        .open()
        .hello()
        .expectSent(Opcode.RESUME)
        .resumed()
        .expectState(GatewayState.READY);
  }

  // Expectations.

  /** Whatever was sent until now is of no interest. */
  Scenario forget() {
    outbox.clear();
    return this;
  }

  /** Exactly these were sent since the last look. */
  Scenario expectSent(Opcode... opcodes) {
    List<Opcode> sent = new ArrayList<>();
    for (JsonNode payload : outbox) {
      sent.add(Opcode.of(payload.get("op").asInt()));
      sentData = payload.get("d");
    }
    outbox.clear();
    assertThat(sent).containsExactly(opcodes);
    return this;
  }

  Scenario expectNothingSent() {
    return expectSent();
  }

  /** The {@code d} of the last payload that {@code expectSent} saw. */
  Scenario expectSentData(Consumer<JsonNode> expectation) {
    expectation.accept(sentData);
    return this;
  }

  Scenario expectHeartbeatOf(@Nullable Long sequence) {
    expectSent(Opcode.HEARTBEAT);
    if (sequence == null) {
      assertThat(sentData.isNull()).isTrue();
    } else {
      assertThat(sentData.asLong()).isEqualTo(sequence);
    }
    return this;
  }

  Scenario expectState(GatewayState state) {
    assertThat(connection().state()).isEqualTo(state);
    return this;
  }

  Scenario expectClose(int closeCode) {
    expectState(GatewayState.BACKOFF);
    assertThat(connection().reconnect().closeCode()).isEqualTo(closeCode);
    return this;
  }

  /** Which base is dialled next, always with the same query. */
  Scenario expectOpen(String base) {
    String query =
        "/?v=10&encoding="
            + encoding.parameter()
            + (compression.parameter() == null ? "" : "&compress=" + compression.parameter());
    assertThat(connection().reconnect().uri()).isEqualTo(URI.create(base + query));
    return this;
  }

  Scenario expectCause(Reconnect.Cause cause) {
    assertThat(connection().reconnect().cause()).isEqualTo(cause);
    return this;
  }

  Scenario expectDelayMillis(long millis) {
    assertThat(connection().reconnect().delayNanos()).isEqualTo(millis * MILLI_NANOS);
    return this;
  }

  /** The session lives and the next transport resumes it. */
  Scenario expectSessionKept() {
    assertThat(connection().sessionId()).isNotNull();
    return this;
  }

  /** The session is gone: its id, its sequence, its URL. */
  Scenario expectSessionDropped() {
    assertThat(connection().sessionId()).isNull();
    assertThat(connection().session()).isNull();
    assertThat(connection().receivedSequence()).isEqualTo(-1);
    return connection().shouldReconnect() ? expectOpen(BASE) : this;
  }

  Scenario expectDispatch(EventType type) {
    assertThat(dispatch).isNotNull();
    assertThat(dispatch().type()).isEqualTo(type);
    return this;
  }

  Scenario expectNoDispatch() {
    assertThat(dispatch).isNull();
    return this;
  }

  Scenario expectIgnored(long count) {
    assertThat(connection().ignoredInputs()).isEqualTo(count);
    return this;
  }

  Scenario expectMalformed(long count) {
    assertThat(connection().malformedMessages()).isEqualTo(count);
    return this;
  }

  boolean hasDispatch() {
    return dispatch != null;
  }

  /** What the last message carried. */
  Dispatch dispatch() {
    Dispatch last = dispatch;
    if (last == null) {
      throw new AssertionError("the last message carried no dispatch");
    }
    return last;
  }

  int queued() {
    return outbox.size();
  }

  Scenario drain() {
    for (Outgoing outgoing = connection().send();
        outgoing != null;
        outgoing = connection().send()) {
      record(outgoing);
    }
    assertThat(connection().toString()).doesNotContain(TOKEN);
    if (connection().shouldReconnect()) {
      assertThat(connection().reconnect().toString()).doesNotContain(TOKEN);
    }
    return this;
  }

  private void record(Outgoing outgoing) {
    assertThat(outgoing.toString()).doesNotContain(TOKEN);
    assertThat(outgoing.frameType()).isEqualTo(encoding.frameType());
    byte[] bytes = new byte[outgoing.payload().remaining()];
    outgoing.payload().get(bytes);
    assertThat(bytes.length).isLessThanOrEqualTo(4096);
    JsonNode payload;
    try {
      payload =
          encoding == Encoding.ETF
              ? MAPPER.readTree(EtfReader.payload(ByteBuffer.wrap(bytes), MAPPER))
              : MAPPER.readTree(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    assertThat(payload.get("op").asInt())
        .isEqualTo(
            outgoing.opcode() == Opcode.UNKNOWN
                ? payload.get("op").asInt()
                : outgoing.opcode().code());
    if (outgoing.opcode() == Opcode.IDENTIFY || outgoing.opcode() == Opcode.RESUME) {
      assertThat(++logins).as("IDENTIFY or RESUME on one transport").isEqualTo(1);
    }
    outbox.add(payload);
    long now = clock.nanoTime();
    sentAtNanos.add(now);
    while (now - sentAtNanos.getFirst() >= 60_000 * MILLI_NANOS) {
      sentAtNanos.removeFirst();
    }
    assertThat(sentAtNanos.size()).as("payloads within 60 s").isLessThanOrEqualTo(120);
  }
}
