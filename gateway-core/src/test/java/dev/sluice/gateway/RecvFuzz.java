package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import dev.sluice.gateway.internal.EtfWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Plays any script of messages, timeouts, ends of transports and wishes of the application on a
 * connection. Whatever came before, the connection keeps its invariants and can be brought back to
 * a live session.
 */
final class RecvFuzz {

  private static final String TOKEN = "MTk4NjIy.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";
  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static final List<byte[]> SAMPLES =
      Payloads.names().stream()
          .map(Payloads::bytes)
          .filter(sample -> sample.length < 2_000)
          .toList();

  /** By the flags that a script begins with. */
  private static final List<GatewayConfig> CONFIGS =
      IntStream.range(0, 64).mapToObj(RecvFuzz::config).toList();

  private static final int COMPRESSION = 3; // the bits of its ordinal
  private static final int STORED_SESSION = 4;
  private static final int PERMITS_GRANTED = 8;
  private static final int SMALL = 16;
  private static final int ETF = 32;

  /** What a byte of a script stands for; some take the bytes that follow. New ones go last. */
  private enum Step {
    OPEN,
    DIAL_FAILS,
    HELLO,
    READY,
    RESUMED,
    EVENT,
    SAMPLE,
    TEXT,
    BINARY,
    ACK,
    HEARTBEAT_REQUEST,
    RECONNECT,
    INVALID_SESSION,
    ADVANCE,
    ADVANCE_TO_TIMEOUT,
    EARLY_TIMEOUT,
    LOST,
    CLOSED,
    MALFORMED,
    OLD_TRANSPORT,
    COMMAND,
    OWN_HEARTBEAT,
    ACKNOWLEDGE,
    DEFER,
    PAUSE,
    UNPAUSE,
    PERMIT,
    STOP,
    HANDLED,
    DIAL
  }

  static Stream<byte[]> seeds() {
    return Stream.of(
        script(0, Step.OPEN, Step.HELLO, 0, Step.READY, 0, 1, Step.EVENT, 1, 0, Step.EVENT, 1, 1),
        script(
            Compression.ZLIB_STREAM.ordinal(),
            Step.OPEN,
            Step.HELLO,
            0,
            Step.READY,
            0,
            1,
            Step.EVENT,
            1,
            0,
            Step.LOST),
        script(
            STORED_SESSION | SMALL,
            Step.OPEN,
            Step.HELLO,
            0,
            Step.EVENT,
            1,
            0,
            Step.RESUMED,
            1,
            Step.DEFER,
            Step.EVENT,
            1,
            0,
            Step.ACKNOWLEDGE,
            0,
            Step.COMMAND,
            0,
            Step.COMMAND,
            1,
            Step.COMMAND,
            3,
            Step.CLOSED,
            0x0F,
            0xA1,
            Step.OPEN,
            Step.OLD_TRANSPORT),
        script(
            PERMITS_GRANTED,
            Step.DIAL_FAILS,
            2,
            Step.OPEN,
            Step.HEARTBEAT_REQUEST,
            Step.HELLO,
            0,
            Step.PERMIT,
            Step.INVALID_SESSION,
            0,
            Step.OPEN,
            Step.HELLO,
            0,
            Step.PERMIT,
            Step.READY,
            1,
            1,
            Step.SAMPLE,
            9,
            0,
            Step.SAMPLE,
            3,
            1,
            0,
            30,
            0x22),
        script(
            0,
            Step.OPEN,
            Step.HELLO,
            0,
            Step.READY,
            0,
            1,
            Step.ADVANCE_TO_TIMEOUT,
            Step.ACK,
            Step.OWN_HEARTBEAT,
            Step.PAUSE,
            Step.ADVANCE,
            15,
            Step.UNPAUSE,
            Step.ADVANCE_TO_TIMEOUT,
            Step.ADVANCE_TO_TIMEOUT,
            Step.HANDLED,
            Step.EARLY_TIMEOUT,
            Step.RECONNECT,
            Step.OPEN,
            Step.MALFORMED,
            Step.DIAL,
            Step.ADVANCE,
            17),
        script(
            STORED_SESSION | Compression.ZSTD_STREAM.ordinal(),
            Step.OPEN,
            Step.HELLO,
            0,
            Step.TEXT,
            2,
            '{',
            '}',
            Step.OPEN,
            Step.HELLO,
            0,
            Step.BINARY,
            3,
            0x78,
            0x9C,
            0,
            Step.STOP,
            0,
            Step.ADVANCE_TO_TIMEOUT),
        script(
            ETF | Compression.ZSTD_STREAM.ordinal(),
            Step.OPEN,
            Step.HELLO,
            0,
            Step.READY,
            0,
            1,
            Step.EVENT,
            1,
            0,
            Step.SAMPLE,
            5,
            1,
            0,
            9,
            0x61),
        script(ETF, Step.OPEN, Step.HELLO, 0, Step.BINARY, 4, 0x83, 0x74, 0, 0),
        script(Compression.PAYLOAD.ordinal(), Step.OPEN, Step.HELLO, 0, Step.READY, 0, 1, Step.ACK),
        script(
            0,
            Step.OPEN,
            Step.TEXT,
            37,
            "{\"op\":10,\"d\":{\"heartbeat_interval\":1e4}}",
            Step.STOP,
            1));
  }

  private static GatewayConfig config(int flags) {
    Compression compression = Compression.values()[flags & COMPRESSION];
    boolean isEtf = (flags & ETF) != 0 && compression != Compression.PAYLOAD; // never both
    GatewayConfig.Builder config =
        GatewayConfig.builder(TOKEN, Scenario.INTENTS)
            .compression(compression)
            .encoding(isEtf ? Encoding.ETF : Encoding.JSON)
            .objectMapper(MAPPER)
            .instantSource(() -> Scenario.NOW);
    if ((flags & PERMITS_GRANTED) != 0) {
      config.identifyPermitsGranted();
    }
    if ((flags & SMALL) != 0) {
      config.maxQueuedCommands(2).maxUnacknowledged(3).maxMessageBytes(65_536);
    }
    return config.build();
  }

  private static byte[] script(int flags, Object... steps) {
    ByteArrayOutputStream script = new ByteArrayOutputStream();
    script.write(flags);
    script.write(0);
    for (Object step : steps) {
      if (step instanceof Step named) {
        script.write(named.ordinal());
      } else if (step instanceof String text) {
        script.writeBytes(text.getBytes(UTF_8));
      } else {
        script.write(step instanceof Character character ? character : (Integer) step);
      }
    }
    return script.toByteArray();
  }

  @MethodSource("seeds")
  @FuzzTest
  void keepsItsInvariants(byte[] script) {
    Run run = new Run(script);
    run.play();
    run.probe();
    run.recover();
    run.end();
  }

  private static final class Run {

    private final ByteBuffer script;
    private final ManualClock clock = new ManualClock();
    private final GatewayConfig config;
    private final GatewayConnection connection;
    private final Deque<Long> sentAtNanos = new ArrayDeque<>();
    private Compressor compressor;
    private boolean isGarbled; // nothing that follows in the compressed stream need be readable
    private int logins;
    private boolean heartbeatSent;
    private int epoch;
    private long received = -1;
    private long checkpoint = -1;

    Run(byte[] script) {
      this.script = ByteBuffer.wrap(script);
      int flags = next();
      int seed = next();
      config = CONFIGS.get(flags & 63);
      compressor = new Compressor(config.compression());
      GatewaySession session =
          new GatewaySession(
              "session-0",
              Scenario.RESUME_URL,
              40,
              7,
              ShardId.SINGLE,
              Scenario.INTENTS,
              GatewayConfig.API_VERSION,
              config.encoding(),
              config.compression(),
              Scenario.NOW,
              Scenario.NOW);
      connection =
          GatewayConnection.create(
              config,
              ShardId.SINGLE,
              (flags & STORED_SESSION) != 0 ? session : null,
              Scratch.create(),
              clock,
              new SplittableRandom(seed));
    }

    void play() {
      Step[] steps = Step.values();
      while (script.hasRemaining()) {
        int step = next() & 31;
        if (step < steps.length) {
          play(steps[step]);
          check();
        }
      }
    }

    private void play(Step step) {
      switch (step) {
        case OPEN -> open();
        case DIAL -> dial();
        case DIAL_FAILS -> {
          dial();
          connection.connectFailed(new int[] {0, 401, 429, 503}[next() & 3]);
        }
        case HELLO ->
            deliver(
                "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":%s}}"
                    .formatted(
                        List.of("41250", "100", "0", "-1", "3600001", "1e3", "null", "[]")
                            .get(next() & 7)));
        case READY -> ready(next(), next());
        case RESUMED -> event("RESUMED", (byte) next());
        case EVENT -> {
          byte ahead = (byte) next();
          event(List.of("TYPING_START", "GUILD_CREATE", "NEW", "").get(next() & 3), ahead);
        }
        case SAMPLE -> deliver(sample());
        case TEXT -> raw(FrameType.TEXT);
        case BINARY -> raw(FrameType.BINARY);
        case ACK -> deliver("{\"t\":null,\"s\":null,\"op\":11,\"d\":null}");
        case HEARTBEAT_REQUEST -> deliver("{\"t\":null,\"s\":null,\"op\":1,\"d\":null}");
        case RECONNECT -> deliver("{\"t\":null,\"s\":null,\"op\":7,\"d\":null}");
        case INVALID_SESSION ->
            deliver("{\"t\":null,\"s\":null,\"op\":9,\"d\":%s}".formatted((next() & 1) == 0));
        case ADVANCE -> {
          clock.advanceMillis(1L << (next() % 20));
          connection.onTimeout();
        }
        case ADVANCE_TO_TIMEOUT -> advanceToTimeout();
        case EARLY_TIMEOUT -> connection.onTimeout();
        case LOST -> connection.transportLost();
        case CLOSED -> connection.recvCloseCode(next() << 8 | next());
        case MALFORMED -> connection.recvMalformed("continuation without a start");
        case OLD_TRANSPORT -> oldTransport();
        case COMMAND -> command(next());
        case OWN_HEARTBEAT -> connection.queueHeartbeat();
        case ACKNOWLEDGE ->
            connection.acknowledge(
                connection.sessionEpoch(), connection.receivedSequence() - (byte) next());
        case DEFER -> connection.deferAcknowledgement();
        case PAUSE -> connection.readingPaused();
        case UNPAUSE -> connection.readingResumed();
        case PERMIT -> connection.identifyPermitted();
        case STOP -> connection.stop((next() & 1) == 0 ? StopMode.RESTART : StopMode.GOODBYE);
        case HANDLED -> connection.handled();
      }
    }

    private void dial() {
      if (connection.shouldReconnect()) {
        clock.advanceNanos(connection.reconnect().delayNanos());
        connection.connecting();
      } else {
        GatewayState before = connection.state();
        assertThatIllegalStateException().isThrownBy(connection::connecting);
        assertThatIllegalStateException().isThrownBy(connection::reconnect);
        assertThat(connection.state()).isEqualTo(before);
      }
    }

    private void open() {
      if (connection.state() != GatewayState.CONNECTING) {
        dial();
      }
      if (connection.state() == GatewayState.CONNECTING) {
        int before = connection.generation();
        assertThat(connection.opened()).isEqualTo(before + 1);
        compressor.end();
        compressor = new Compressor(config.compression());
        isGarbled = false;
        logins = 0;
        sentAtNanos.clear();
      } else {
        assertThatIllegalStateException().isThrownBy(connection::opened);
      }
    }

    private void ready(int variant, int sequence) {
      String id =
          List.of("\"session-1\"", "\"session-2\"", "null", "[{}]", "\"\"", "7").get(variant % 6);
      String url =
          List.of("\"wss://resume.test\"", "null", "\"ht!tp:// \"", "\"wss://a:b@c/?x=%\"", "{}")
              .get(variant / 6 % 5);
      deliver(
          ("{\"t\":\"READY\",\"s\":%d,\"op\":0,\"d\":{\"application\":{\"id\":\"9\"},"
                  + "\"session_id\":%s,\"resume_gateway_url\":%s}}")
              .formatted(sequence, id, url));
    }

    private void event(String name, byte ahead) {
      String sequence =
          switch (ahead) {
            case Byte.MIN_VALUE -> "null";
            case Byte.MAX_VALUE -> String.valueOf(Long.MAX_VALUE);
            default -> String.valueOf(connection.receivedSequence() + ahead);
          };
      deliver(
          "{\"t\":\"%s\",\"s\":%s,\"op\":0,\"d\":{\"guild_id\":\"41\"}}".formatted(name, sequence));
    }

    private byte[] sample() {
      byte[] sample = encode(SAMPLES.get(next() % SAMPLES.size()).clone());
      for (int changes = next() & 3; changes > 0; changes--) {
        sample[(next() << 8 | next()) % sample.length] = (byte) next();
      }
      return sample;
    }

    private void raw(FrameType type) {
      byte[] bytes = new byte[Math.min(next(), script.remaining())];
      script.get(bytes);
      isGarbled = compressor.isStream();
      recv(type, bytes);
    }

    private void advanceToTimeout() {
      if (connection.nextTimeoutNanos() != Long.MAX_VALUE) {
        clock.advanceNanos(connection.nextTimeoutNanos());
        connection.onTimeout();
      }
    }

    private void command(int kind) {
      GatewayCommand command =
          switch (kind & 3) {
            case 0 -> new GatewayCommand.UpdatePresence(Presence.invisible());
            case 1 -> GatewayCommand.RequestGuildMembers.all(41);
            case 2 -> GatewayCommand.UpdateVoiceState.leave(41);
            default -> new GatewayCommand.Raw(14, JsonNodeFactory.instance.textNode("anything"));
          };
      boolean wasEnding =
          connection.state() == GatewayState.CLOSING || connection.state().isTerminal();
      assertThat(connection.queue(command, kind) && wasEnding).isFalse();
    }

    private void oldTransport() {
      int old = connection.generation() - 1;
      GatewayState before = connection.state();
      long ignored = connection.ignoredInputs();
      assertThat(connection.recv(old, "{\"t\":null,\"s\":null,\"op\":7,\"d\":null}")).isNull();
      connection.transportLost(old);
      connection.recvCloseCode(old, 4004);
      connection.recvMalformed(old, "anything");
      assertThat(connection.state()).isEqualTo(before);
      assertThat(connection.ignoredInputs()).isEqualTo(ignored + 4);
    }

    private @Nullable Dispatch deliver(String payload) {
      return deliver(encode(payload.getBytes(UTF_8)));
    }

    private byte[] encode(byte[] json) {
      try {
        return config.encoding() == Encoding.ETF ? EtfWriter.gateway(json) : json;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private @Nullable Dispatch deliver(byte[] payload) {
      FrameType type =
          config.compression() == Compression.NONE
              ? config.encoding().frameType()
              : FrameType.BINARY;
      return recv(type, compressor.compress(payload));
    }

    private @Nullable Dispatch recv(FrameType type, byte[] message) {
      ByteBuffer buffer = ByteBuffer.wrap(message);
      Dispatch dispatch = connection.recv(type, buffer);
      assertThat(buffer.hasRemaining()).isFalse();
      if (dispatch != null) {
        read(dispatch);
      }
      return dispatch;
    }

    private void read(Dispatch dispatch) {
      assertThat(dispatch.isValid()).isTrue();
      assertThat(dispatch.sessionEpoch()).isEqualTo(connection.sessionEpoch());
      assertThat(dispatch.sequence()).isBetween(0L, connection.receivedSequence());
      assertThat(dispatch.dataLength()).isEqualTo(dispatch.data().remaining());
      assertThat(dispatch.toString()).doesNotContain(TOKEN);
      Dispatch copy = dispatch.copy();
      assertThat(copy.guildId()).isEqualTo(dispatch.guildId());
      assertThat(copy.name()).isEqualTo(dispatch.name());
      try {
        assertThat(dispatch.readTree()).isEqualTo(copy.readTree());
      } catch (JsonProcessingException e) {
        assertThat(e.toString()).doesNotContain(TOKEN); // d is checked when it is read
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private void check() {
      drain();
      checkSession();
      assertThat(connection.toString()).doesNotContain(TOKEN);
      assertThat(connection.nextTimeoutNanos()).isNotNegative();
      if (connection.shouldReconnect()) {
        assertThat(connection.reconnect().toString()).doesNotContain(TOKEN);
        assertThat(connection.reconnect().delayNanos()).isNotNegative();
        assertThat(connection.reconnect().closeCode()).isIn(0, 1000, 4900);
      } else if (!connection.state().isTerminal()) {
        assertThat(connection.nextTimeoutNanos()).isNotEqualTo(Long.MAX_VALUE);
      }
      SessionLost lost = connection.pollSessionLost();
      assertThat(String.valueOf(lost)).doesNotContain(TOKEN);
      for (DroppedCommand dropped = connection.pollDroppedCommand();
          dropped != null;
          dropped = connection.pollDroppedCommand()) {
        assertThat(dropped.toString()).doesNotContain(TOKEN);
      }
      if (connection.state() == GatewayState.FATAL) {
        assertThat(connection.failed()).isNotNull();
      }
    }

    private void checkSession() {
      GatewaySession session = connection.session();
      if (session == null) {
        assertThat(connection.receivedSequence()).isEqualTo(-1);
      } else {
        assertThat(session.toString()).doesNotContain(TOKEN);
        assertThat(session.sequence()).isLessThanOrEqualTo(connection.receivedSequence());
        if (connection.sessionEpoch() == epoch) {
          assertThat(connection.receivedSequence()).isGreaterThanOrEqualTo(received);
          assertThat(session.sequence()).isGreaterThanOrEqualTo(checkpoint);
        }
        epoch = connection.sessionEpoch();
        received = connection.receivedSequence();
        checkpoint = session.sequence();
      }
    }

    private void drain() {
      for (Outgoing outgoing : connection.sendIter()) {
        assertThat(outgoing.toString()).doesNotContain(TOKEN);
        assertThat(outgoing.payload().remaining()).isBetween(1, 4096);
        heartbeatSent |= outgoing.opcode() == Opcode.HEARTBEAT;
        if (outgoing.opcode() == Opcode.IDENTIFY || outgoing.opcode() == Opcode.RESUME) {
          assertThat(++logins).as("IDENTIFY or RESUME on one transport").isEqualTo(1);
        }
        long now = clock.nanoTime();
        sentAtNanos.add(now);
        while (now - sentAtNanos.getFirst() >= 60 * SECOND_NANOS) {
          sentAtNanos.removeFirst();
        }
        if (outgoing.command() != null) {
          assertThat(sentAtNanos.size()).as("payloads within 60 s").isLessThanOrEqualTo(120);
        }
      }
    }

    /** What comes next is handled, unless the connection gave the transport up. */
    void probe() {
      if (!connection.state().isOpen() || isGarbled) {
        return;
      }
      heartbeatSent = false;
      deliver("{\"t\":null,\"s\":null,\"op\":1,\"d\":null}");
      check();
      assertThat(heartbeatSent || connection.nextTimeoutNanos() <= SendBudget.WINDOW_NANOS)
          .as("a heartbeat now or when the budget allows")
          .isTrue();
      long next = connection.receivedSequence() + 1;
      if (connection.state() == GatewayState.READY && next > 0) {
        Dispatch dispatch =
            deliver("{\"t\":\"TYPING_START\",\"s\":%d,\"op\":0,\"d\":{}}".formatted(next));
        assertThat(dispatch).isNotNull();
        assertThat(connection.receivedSequence()).isEqualTo(next);
        check();
      }
    }

    /** A gateway that behaves gets the shard live again. */
    void recover() {
      if (connection.state() == GatewayState.CLOSING) {
        connection.transportLost();
        assertThat(connection.state()).isEqualTo(GatewayState.STOPPED);
      }
      if (connection.state().isTerminal()) {
        assertThat(connection.shouldReconnect()).isFalse();
        assertThat(connection.nextTimeoutNanos()).isEqualTo(Long.MAX_VALUE);
        return;
      }
      connection.connectFailed(0);
      connection.transportLost();
      open();
      deliver("{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
      check();
      connection.identifyPermitted();
      check();
      if (connection.identifyWanted()) {
        clock.advanceNanos(6 * SECOND_NANOS);
        connection.onTimeout();
        check();
      }
      if (connection.state() == GatewayState.RESUMING) {
        event("RESUMED", (byte) (connection.receivedSequence() == Long.MAX_VALUE ? 0 : 1));
      } else {
        ready(0, 1);
      }
      check();
      assertThat(connection.state()).isEqualTo(GatewayState.READY);
    }

    /** The memory of decompression and compression is native. */
    void end() {
      connection.transportLost();
      compressor.end();
    }

    private int next() {
      return script.hasRemaining() ? script.get() & 0xFF : 0;
    }
  }

  /** The gateway's half of the compression of one transport. */
  private static final class Compressor {

    private final Compression compression;
    private final @Nullable StreamDeflater deflater;
    private final @Nullable ZstdCompressCtx zstd;

    Compressor(Compression compression) {
      this.compression = compression;
      deflater = compression == Compression.ZLIB_STREAM ? new StreamDeflater() : null;
      zstd = compression == Compression.ZSTD_STREAM ? new ZstdCompressCtx() : null;
    }

    boolean isStream() {
      return deflater != null || zstd != null;
    }

    byte[] compress(byte[] payload) {
      if (deflater != null) {
        return deflater.deflate(payload);
      }
      if (zstd != null) {
        return Streams.zstd(zstd, payload, EndDirective.FLUSH);
      }
      return compression == Compression.PAYLOAD ? Streams.deflate(payload) : payload;
    }

    void end() {
      if (deflater != null) {
        deflater.end();
      }
      if (zstd != null) {
        zstd.close();
      }
    }
  }
}
