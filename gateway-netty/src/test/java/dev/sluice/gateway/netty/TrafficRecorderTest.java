package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.Frames.concat;
import static dev.sluice.gateway.netty.Frames.event;
import static dev.sluice.gateway.netty.Frames.frame;
import static dev.sluice.gateway.netty.Frames.text;
import static dev.sluice.gateway.netty.Frames.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.FrameType;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayConnection;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.NanoClock;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.TrafficRecording.Message;
import dev.sluice.gateway.netty.TrafficRecording.Transport;
import io.netty.channel.ChannelPipeline;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.zip.Deflater;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakExtension.class)
final class TrafficRecorderTest {

  @TempDir Path directory;

  private Path file;
  private long nowNanos;

  @BeforeEach
  void name() {
    file = directory.resolve("traffic.rec");
  }

  private TrafficRecorder recorder(long maxFileBytes, long maxPendingBytes) throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    NanoClock clock = () -> nowNanos;
    return new TrafficRecorder(file, channel, maxFileBytes, maxPendingBytes, clock);
  }

  private TrafficRecorder recorder() throws IOException {
    return recorder(TrafficRecorder.DEFAULT_MAX_FILE_BYTES, 1 << 20);
  }

  private static EmbeddedShard recorded(EmbeddedShard shard, TrafficRecorder recorder) {
    shard.customizer = recorder;
    return shard;
  }

  private static void finish(EmbeddedShard shard) {
    shard.channel.releaseOutbound();
    shard.channel.finishAndReleaseAll();
  }

  private List<Message> messages() throws IOException {
    List<Message> messages = new ArrayList<>();
    TrafficRecording.open(file).forEach(messages::add);
    return messages;
  }

  private static String string(Message message) {
    return StandardCharsets.UTF_8.decode(message.payload().duplicate()).toString();
  }

  @Test
  void everyMessageOfATransportIsReadAsItCame() throws Exception {
    try (TrafficRecorder recorder = recorder()) {
      nowNanos = 5;
      EmbeddedShard shard = recorded(new EmbeddedShard(), recorder).ready();
      nowNanos = 1_000;
      shard.in(text(event("CAF\u00c9", 2, "{}")));
      finish(shard);
    }

    TrafficRecording recording = TrafficRecording.open(file);

    Transport transport = new Transport(1, ShardId.SINGLE, Encoding.JSON, Compression.NONE);
    assertThat(recording.transports()).containsExactly(transport);
    assertThat(recording.messages()).isEqualTo(3);
    assertThat(recording.isTruncated()).isFalse();
    assertThat(recording)
        .extracting(TrafficRecorderTest::string)
        .containsExactly(
            Frames.hello(3_600_000),
            Frames.ready("session", "ws://resume.test"),
            event("CAF\u00c9", 2, "{}"));
    assertThat(recording).extracting(Message::transport).containsOnly(transport);
    assertThat(recording).extracting(Message::first).containsExactly(true, false, false);
    assertThat(recording).extracting(Message::offsetNanos).containsExactly(5L, 5L, 1_000L);
    assertThat(recording).extracting(Message::type).containsOnly(FrameType.TEXT);
    assertThat(recording).allSatisfy(message -> assertThat(message.payload().isDirect()).isTrue());
    assertThatThrownBy(recording.iterator()::remove)
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void recordingChangesNothingForTheShard() throws Exception {
    try (TrafficRecorder recorder = recorder()) {
      EmbeddedShard shard = recorded(new EmbeddedShard(), recorder).ready();
      shard.in(concat(text(event("A", 2, "{}")), text(event("B", 3, "{}"))));

      assertThat(shard.events()).containsExactly("READY", "A", "B");
      finish(shard);
    }
  }

  @Test
  void fragmentsArePutTogetherAndControlFramesLeftOut() throws Exception {
    byte[] event = utf8(event("A", 2, "{}"));
    try (TrafficRecorder recorder = recorder()) {
      EmbeddedShard shard = recorded(new EmbeddedShard(), recorder).ready();
      shard.in(frame(Frames.TEXT, Arrays.copyOf(event, 5)));
      shard.in(frame(Frames.FIN | Frames.PING, new byte[1]));
      shard.in(frame(Frames.CONTINUATION, Arrays.copyOfRange(event, 5, 9)));
      shard.in(frame(Frames.FIN | Frames.CONTINUATION, Arrays.copyOfRange(event, 9, event.length)));
      finish(shard);
    }

    List<Message> messages = messages();
    assertThat(messages).hasSize(3);
    assertThat(string(messages.get(2))).isEqualTo(event("A", 2, "{}"));
  }

  @Test
  void aCompressedStreamCanBeReplayedFromItsStart() throws Exception {
    Deflater deflater = new Deflater();
    try (TrafficRecorder recorder = recorder()) {
      EmbeddedShard shard =
          recorded(new EmbeddedShard(Compression.ZLIB_STREAM, config -> config), recorder);
      shard.upgrade(Frames.binary(Frames.deflate(deflater, Frames.hello(41_250))));
      shard.in(Frames.binary(Frames.deflate(deflater, Frames.ready("session", "ws://a.test"))));
      shard.in(Frames.binary(Frames.deflate(deflater, event("A", 2, "{}"))));
      finish(shard);
    }
    deflater.end();

    TrafficRecording recording = TrafficRecording.open(file);
    GatewayConnection connection =
        GatewayConnection.create(
            GatewayConfig.builder("another", Intents.of())
                .compression(recording.transports().get(0).compression())
                .encoding(recording.transports().get(0).encoding())
                .build());
    connection.connecting();
    connection.opened();
    for (Message message : recording) {
      connection.recv(message.type(), message.payload());
      while (connection.send() != null) {
        // IDENTIFY goes out before READY is expected
      }
    }

    assertThat(recording).hasSize(3);
    assertThat(connection.session()).isNotNull();
    assertThat(connection.session().sequence()).isGreaterThanOrEqualTo(1);
    assertThat(connection.payloadBytes()).isGreaterThan(100);
  }

  @Test
  void transportsOfSeveralShardsAreToldApart() throws Exception {
    try (TrafficRecorder recorder = recorder()) {
      EmbeddedShard one =
          recorded(
              new EmbeddedShard(new ShardId(0, 2), Compression.NONE, config -> config), recorder);
      EmbeddedShard two =
          recorded(
              new EmbeddedShard(new ShardId(1, 2), Compression.NONE, config -> config), recorder);
      one.upgrade(text("{\"op\":11}"));
      two.upgrade(text("{\"op\":11}"));
      one.in(text(Frames.hello(3_600_000)));
      finish(one);
      finish(two);
    }

    assertThat(messages())
        .extracting(message -> message.transport().shard())
        .containsExactly(new ShardId(0, 2), new ShardId(1, 2), new ShardId(0, 2));
    assertThat(messages()).extracting(Message::first).containsExactly(true, true, false);
  }

  @Test
  void whatIsCutOffAnywhereIsReadUpToThere() throws Exception {
    try (TrafficRecorder recorder = recorder()) {
      EmbeddedShard shard = recorded(new EmbeddedShard(), recorder).ready();
      finish(shard);
    }
    byte[] whole = Files.readAllBytes(file);

    int most = 0;
    for (int length = TrafficFormat.FILE_HEADER_BYTES; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      TrafficRecording recording = TrafficRecording.open(file);
      assertThat(recording).hasSize((int) recording.messages());
      assertThat(recording.messages()).isBetween((long) most, most + 1L);
      most = (int) recording.messages();
    }
    assertThat(most).isEqualTo(1);
    TrafficRecording recording = TrafficRecording.open(file);
    assertThat(recording.isTruncated()).isTrue();
    Iterator<Message> messages = recording.iterator();
    messages.next();
    assertThat(messages.hasNext()).isFalse();
    assertThatThrownBy(messages::next).isInstanceOf(NoSuchElementException.class);
  }

  @Test
  void aTransportWithAGapIsLeftOutFromThereOnAndTheNextIsRecorded() throws Exception {
    long roomForHandshake = 1_000;
    TrafficRecorder recorder = recorder(TrafficRecorder.DEFAULT_MAX_FILE_BYTES, roomForHandshake);
    try (recorder) {
      EmbeddedShard shard = recorded(new EmbeddedShard(), recorder).ready();
      shard.in(text(event("LARGE", 2, "\"" + "x".repeat(2_000) + "\"")));
      shard.in(text(event("SMALL", 3, "{}")));
      finish(shard);
      assertThat(shard.events()).containsExactly("READY", "LARGE", "SMALL");
      assertThat(recorder.droppedMessages()).isEqualTo(2);
    }
    assertThat(recorder.messages()).isEqualTo(2);
    assertThat(messages()).hasSize(2);
  }

  @Test
  void aFileAtItsLimitEndsTheRecordingAtAWholeRecord() throws Exception {
    TrafficRecorder recorder = recorder(1_024, 1 << 20);
    EmbeddedShard shard = recorded(new EmbeddedShard(), recorder).ready();
    for (int i = 2; i < 50; i++) {
      shard.in(text(event("A", i, "\"" + "x".repeat(50) + "\"")));
    }
    finish(shard);
    recorder.close();

    assertThat(Files.size(file)).isBetween(800L, 1_024L);
    TrafficRecording recording = TrafficRecording.open(file);
    assertThat(recording.isTruncated()).isFalse();
    assertThat(recording.messages()).isEqualTo(recorder.messages()).isGreaterThan(2);
    assertThat(recorder.messages() + recorder.droppedMessages()).isEqualTo(50);
  }

  @Test
  void aFileThatCannotBeWrittenEndsTheRecordingAndHarmsNoShard() throws Exception {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    channel.close();
    TrafficRecorder recorder =
        new TrafficRecorder(file, channel, 1 << 20, 1 << 20, NanoClock.system());
    EmbeddedShard shard = recorded(new EmbeddedShard(), recorder).ready();
    shard.in(text(event("A", 2, "{}")));

    assertThat(shard.events()).containsExactly("READY", "A");
    finish(shard);
    assertThatThrownBy(recorder::close)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("traffic.rec");
  }

  @Test
  void whatComesAfterTheCloseIsNeitherRecordedNorCounted() throws Exception {
    TrafficRecorder recorder = recorder();
    EmbeddedShard shard = recorded(new EmbeddedShard(), recorder).ready();
    recorder.close();
    recorder.close();
    shard.in(text(event("A", 2, "{}")));

    assertThat(shard.events()).containsExactly("READY", "A");
    finish(shard);
    assertThat(recorder.droppedMessages()).isZero();
    assertThat(messages()).hasSize(2);
  }

  @Test
  void aFragmentedMessageOverTheLimitIsNotRecorded() throws Exception {
    try (TrafficRecorder recorder = recorder()) {
      EmbeddedShard shard =
          recorded(new EmbeddedShard(config -> config.maxMessageBytes(1 << 16)), recorder).ready();
      shard.in(
          concat(
              frame(Frames.BINARY, new byte[1 << 16]),
              frame(Frames.CONTINUATION, new byte[1]),
              frame(Frames.FIN | Frames.CONTINUATION, new byte[1])));
      finish(shard);
    }
    assertThat(messages()).hasSize(2);
  }

  @Test
  void theFileIsItsOwnersAlone() throws Exception {
    TrafficRecorder.open(file).close();

    assertThat(messages()).isEmpty();
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
    }
    assertThatThrownBy(() -> TrafficRecorder.open(file))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TrafficRecorder.open(file, 1))
        .withMessage("maxFileBytes: 1 (expected: 1024..2147483647)");
  }

  @Test
  void everythingElseIsRefused() throws Exception {
    refused(new byte[0], "first bytes");
    refused(utf8("{\"this\":\"is no recording\"}"), "first bytes");
    refused(file(2).array(), "version: 2 (expected: 1)");
    refused(record((byte) 9, 1, 0, 0), "kind 9");
    refused(record(TrafficFormat.TEXT, 1, 0, 0), "transport 1 (expected: one that has begun)");
    refused(record(TrafficFormat.TRANSPORT, 1, 0, 0), "transport that cannot be read");
    refused(record(TrafficFormat.TRANSPORT, 1, 8, 8), "transport that cannot be read");
    refused(record(TrafficFormat.TEXT, 1, -1, 0), "length -1");
    byte[] transport =
        ByteBuffer.allocate(TrafficFormat.RECORD_HEADER_BYTES + 17)
            .put(TrafficFormat.TRANSPORT)
            .putInt(1)
            .putLong(0)
            .putInt(17)
            .putInt(0)
            .putInt(1)
            .put(utf8("JSON NONE"))
            .array();
    refused(
        concat(file(TrafficFormat.VERSION).array(), transport, transport),
        "transport 1 (expected: not to begin twice)");
    assertThatThrownBy(() -> TrafficRecording.open(directory.resolve("none")))
        .hasMessageContaining("none");
  }

  private static ByteBuffer file(int version) {
    return ByteBuffer.allocate(12).put(TrafficFormat.MAGIC).putInt(version);
  }

  private static byte[] record(byte kind, int transport, int length, int content) {
    return concat(
        file(TrafficFormat.VERSION).array(),
        ByteBuffer.allocate(TrafficFormat.RECORD_HEADER_BYTES + content)
            .put(kind)
            .putInt(transport)
            .putLong(0)
            .putInt(length)
            .array());
  }

  private void refused(byte[] content, String reason) throws IOException {
    Files.write(file, content);
    assertThatThrownBy(() -> TrafficRecording.open(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("traffic.rec")
        .hasStackTraceContaining(reason);
  }

  @Test
  void oneShardOfManyIsRecordedByACustomizerOfOnesOwn() throws Exception {
    try (TrafficRecorder recorder = recorder()) {
      for (int i = 0; i < 2; i++) {
        EmbeddedShard shard =
            new EmbeddedShard(new ShardId(i, 2), Compression.NONE, config -> config);
        shard.customizer =
            new PipelineCustomizer() {
              @Override
              public void onUpgraded(Shard shard, ChannelPipeline pipeline) {
                if (shard.id().id() == 1) {
                  recorder.onUpgraded(shard, pipeline);
                }
              }
            };
        shard.ready();
        finish(shard);
      }
    }
    assertThat(TrafficRecording.open(file).transports())
        .singleElement()
        .satisfies(transport -> assertThat(transport.shard()).isEqualTo(new ShardId(1, 2)));
  }
}
