package dev.sluice.gateway;

import static dev.sluice.gateway.Scenario.scenario;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DispatchTest {

  private static final String DATA = "{\"content\":\"héllo\",\"guild_id\":\"290926798626357999\"}";

  record Message(String content, @JsonProperty("guild_id") String guildId) {}

  private final Scenario scenario = scenario().open().hello().ready();
  private final GatewayConnection connection = scenario.connection();

  static Stream<Named<UnaryOperator<ByteBuffer>>> memories() {
    return Stream.of(
        Named.of("heap", buffer -> buffer),
        Named.of("heap with an offset", DispatchTest::withOffset),
        Named.of("read-only", ByteBuffer::asReadOnlyBuffer),
        Named.of(
            "direct", buffer -> ByteBuffer.allocateDirect(buffer.remaining()).put(buffer).flip()));
  }

  private static ByteBuffer withOffset(ByteBuffer buffer) {
    ByteBuffer larger = ByteBuffer.allocate(buffer.remaining() + 12);
    larger.position(5).limit(larger.capacity() - 3);
    ByteBuffer slice = larger.slice().position(2);
    return slice.put(buffer).flip().position(2);
  }

  private static ByteBuffer message(long sequence, String data) {
    return ByteBuffer.wrap(
        ("{\"t\":\"MESSAGE_CREATE\",\"s\":" + sequence + ",\"op\":0,\"d\":" + data + '}')
            .getBytes(StandardCharsets.UTF_8));
  }

  private Dispatch recv(ByteBuffer message) {
    return Objects.requireNonNull(connection.recv(FrameType.TEXT, message));
  }

  private Dispatch recv(String data) {
    return recv(message(connection.receivedSequence() + 1, data));
  }

  private static String text(ByteBuffer data) {
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @MethodSource("memories")
  void readsDataWhereverItStands(UnaryOperator<ByteBuffer> memory) throws IOException {
    Dispatch dispatch = recv(memory.apply(message(2, DATA)));

    assertThat(dispatch.type()).isEqualTo(EventType.MESSAGE_CREATE);
    assertThat(dispatch.name()).isEqualTo("MESSAGE_CREATE");
    assertThat(dispatch.sequence()).isEqualTo(2);
    assertThat(dispatch.sessionEpoch()).isEqualTo(1);
    assertThat(dispatch.guildId()).isEqualTo(290926798626357999L);
    assertThat(dispatch.dataLength()).isEqualTo(DATA.getBytes(StandardCharsets.UTF_8).length);
    assertThat(text(dispatch.data())).isEqualTo(DATA);
    assertThat(dispatch.readTree().get("content").asText()).isEqualTo("héllo");
    assertThat(dispatch.readValue(Message.class).content()).isEqualTo("héllo");
  }

  @ParameterizedTest
  @MethodSource("memories")
  void aCopyOutlivesTheMessage(UnaryOperator<ByteBuffer> memory) throws IOException {
    Dispatch borrowed = recv(memory.apply(message(2, DATA)));
    Dispatch copy = borrowed.copy();
    recv("{}");

    assertThat(copy.isValid()).isTrue();
    assertThat(copy.type()).isEqualTo(EventType.MESSAGE_CREATE);
    assertThat(copy.name()).isEqualTo("MESSAGE_CREATE");
    assertThat(copy.sequence()).isEqualTo(2);
    assertThat(copy.sessionEpoch()).isEqualTo(1);
    assertThat(copy.guildId()).isEqualTo(290926798626357999L);
    assertThat(text(copy.data())).isEqualTo(DATA);
    assertThat(copy.readTree().get("content").asText()).isEqualTo("héllo");
    assertThat(copy.readValue(Message.class).content()).isEqualTo("héllo");
    assertThat(copy.copy().sequence()).isEqualTo(2);
  }

  @Test
  void aCopyKeepsTheNameOfAnUnknownEvent() {
    Dispatch copy =
        Objects.requireNonNull(
                connection.recv("{\"t\":\"SOMETHING_NEW\",\"s\":2,\"op\":0,\"d\":{}}"))
            .copy();
    recv("{}");

    assertThat(copy.type()).isEqualTo(EventType.UNKNOWN);
    assertThat(copy.name()).isEqualTo("SOMETHING_NEW");
  }

  @ParameterizedTest
  @MethodSource("memories")
  void aCopyCanLiveInMemoryOfTheCallers(UnaryOperator<ByteBuffer> memory) throws IOException {
    Dispatch borrowed = recv(memory.apply(message(2, DATA)));
    List<String> told = new ArrayList<>();
    ByteBuffer lent = withOffset(ByteBuffer.allocate(borrowed.dataLength()));
    int position = lent.position();
    Dispatch copy = borrowed.copyTo(lent, (epoch, sequence) -> told.add(epoch + "#" + sequence));
    recv("{}");

    assertThat(lent.position()).isEqualTo(position);
    assertThat(copy.sequence()).isEqualTo(2);
    assertThat(text(copy.data())).isEqualTo(DATA);
    assertThat(copy.readTree().get("content").asText()).isEqualTo("héllo");
    assertThat(copy.guildId()).isEqualTo(290926798626357999L);

    copy.acknowledge();
    copy.acknowledge();
    assertThat(told).containsExactly("1#2");
    assertThat(copy.isValid()).isFalse();
    assertThatIllegalStateException().isThrownBy(copy::data);
  }

  @Test
  void aCopyLooksForItsGuildNoEarlierThanItIsAsked() {
    ByteBuffer lent = ByteBuffer.allocate(99);
    Dispatch copy = recv("{\"guild_id\":\"1\"}").copyTo(lent, (epoch, sequence) -> {});
    lent.put(13, (byte) '2');

    assertThat(copy.guildId()).isEqualTo(2);
  }

  @Test
  void acknowledgingACopyOfWhatIsInLentMemoryGivesTheMemoryBack() {
    List<Long> told = new ArrayList<>();
    Dispatch lent =
        recv(DATA).copyTo(ByteBuffer.allocate(99), (epoch, sequence) -> told.add(sequence));
    Dispatch copy = lent.copy();
    lent.defer();

    copy.acknowledge();
    lent.acknowledge();

    assertThat(told).containsExactly(2L);
    assertThat(lent.isValid()).isFalse();
    assertThat(lent.isDeferred()).isTrue();
    assertThat(text(copy.data())).isEqualTo(DATA);
  }

  @Test
  void memoryThatIsTooSmallIsRefused() {
    Dispatch dispatch = recv("[1]");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> dispatch.copyTo(ByteBuffer.allocate(2), (epoch, sequence) -> {}))
        .withMessage("memory: 2 bytes (expected: >= 3)");
  }

  @Test
  void aMarkIsKeptByCopiesAndGoneWithTheNextEvent() {
    Dispatch dispatch = recv("[1]");
    assertThat(dispatch.mark()).isEqualTo(DispatchMark.NONE);

    dispatch.mark(DispatchMark.GUILD_JOINED);

    assertThat(dispatch.mark()).isEqualTo(DispatchMark.GUILD_JOINED);
    assertThat(dispatch.copy().mark()).isEqualTo(DispatchMark.GUILD_JOINED);
    assertThat(recv("[2]").mark()).isEqualTo(DispatchMark.NONE);
  }

  @Test
  void deferringIsSaidOfTheViewAndOfEachCopy() {
    Dispatch dispatch = recv("[1]");
    assertThat(dispatch.isDeferred()).isFalse();
    dispatch.defer();
    Dispatch copy = dispatch.copy();

    assertThat(dispatch.isDeferred()).isTrue();
    assertThat(copy.isDeferred()).isFalse();
    copy.defer();
    assertThat(copy.isDeferred()).isTrue();
    assertThat(recv("[2]").isDeferred()).isFalse();
  }

  static List<Named<Consumer<GatewayConnection>>> inputs() {
    return List.of(
        Named.of("a message", connection -> connection.recv("{\"op\":11}")),
        Named.of("an ignored message", connection -> connection.recv("{\"op\":99}")),
        Named.of("a close code", connection -> connection.recvCloseCode(4000)),
        Named.of("a lost transport", GatewayConnection::transportLost),
        Named.of("a timeout", GatewayConnection::onTimeout),
        Named.of("a stop", connection -> connection.stop(StopMode.RESTART)));
  }

  @ParameterizedTest
  @MethodSource("inputs")
  void isGoodUntilTheNextInput(Consumer<GatewayConnection> input) {
    Dispatch dispatch = recv(DATA);
    assertThat(dispatch.isValid()).isTrue();

    input.accept(connection);

    assertThat(dispatch.isValid()).isFalse();
    List<ThrowingCallable> uses =
        List.of(
            dispatch::type,
            dispatch::name,
            dispatch::sequence,
            dispatch::sessionEpoch,
            dispatch::data,
            dispatch::dataLength,
            dispatch::guildId,
            dispatch::readTree,
            () -> dispatch.readValue(Message.class),
            dispatch::copy,
            () -> dispatch.copyTo(ByteBuffer.allocate(99), (epoch, sequence) -> {}),
            dispatch::mark,
            () -> dispatch.mark(DispatchMark.NONE),
            dispatch::defer,
            dispatch::isDeferred,
            dispatch::acknowledge);
    assertThat(uses)
        .allSatisfy(
            use ->
                assertThatIllegalStateException()
                    .isThrownBy(use)
                    .withMessageContaining("expected: before the next input, or a copy()"));
    assertThat(dispatch).hasToString("Dispatch past its time");
  }

  @Test
  void outputsAndWishesLeaveItGood() {
    Dispatch dispatch = recv(DATA);
    connection.queueHeartbeat();
    connection.queue(CommandScenariosTest.presence("a"));
    assertThat(connection.send()).isNotNull();
    assertThat(connection.send()).isNotNull();

    assertThat(text(dispatch.data())).isEqualTo(DATA);
  }

  @Test
  void twoConnectionsOfOneScratchShareItsView() {
    Scratch scratch = Scratch.create();
    Scenario first = scenario().scratch(scratch).compressed().open().hello().ready();
    Scenario second = scenario().scratch(scratch).compressed().open().hello().ready();

    Dispatch dispatch = first.dispatch("TYPING_START", "{\"guild_id\":\"1\"}").dispatch();
    assertThat(dispatch.guildId()).isEqualTo(1);
    second.dispatch("TYPING_START", "{\"guild_id\":\"2\"}");

    assertThat(second.dispatch()).isSameAs(dispatch);
    assertThat(dispatch.guildId()).isEqualTo(2);
    second.ack();
    assertThat(dispatch.isValid()).isFalse();
  }

  @Test
  void dataIsReadOnlyAndTheSameBufferEachTime() {
    ByteBuffer message = ByteBuffer.allocate(4_096);
    message.put(message(2, DATA)).flip();
    Dispatch dispatch = recv(message);
    ByteBuffer data = dispatch.data();
    data.position(data.limit());

    assertThat(data.isReadOnly()).isTrue();
    assertThatExceptionOfType(ReadOnlyBufferException.class)
        .isThrownBy(() -> data.put(0, (byte) 0));
    assertThat(dispatch.data()).isSameAs(data);
    assertThat(text(dispatch.data())).isEqualTo(DATA);

    message.clear().put(message(3, "[1]")).flip();
    assertThat(recv(message).data()).isSameAs(data);
    assertThat(text(data)).isEqualTo("[1]");
  }

  @ParameterizedTest
  @MethodSource("memories")
  void invalidDataSurfacesFromTheReadersAndHarmsNothing(UnaryOperator<ByteBuffer> memory) {
    Dispatch dispatch = recv(memory.apply(message(2, "{\"a\":nonsense}")));

    assertThatExceptionOfType(IOException.class).isThrownBy(dispatch::readTree);
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> dispatch.readValue(Message.class));
    scenario.event().expectDispatch(EventType.TYPING_START).expectState(GatewayState.READY);
    scenario.expectMalformed(0);
  }

  @Test
  void dataThatDoesNotFitTheClassIsAnIoException() {
    Dispatch dispatch = recv("[1]");

    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> dispatch.readValue(Message.class));
    assertThatNoException().isThrownBy(dispatch::readTree);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[]", "null", "{\"id\":\"5\"}", "{\"guild_id\":null}"})
  void anEventWithoutGuildBelongsToGuildZero(String data) {
    assertThat(recv(data).guildId()).isZero();
  }

  @Test
  void anEventOfAGuildIsFoundByItsId() {
    for (String type : List.of("GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE")) {
      scenario.dispatch(type, "{\"id\":\"18446744073709551615\",\"guild_id\":\"3\"}");
      assertThat(scenario.dispatch().guildId()).isEqualTo(-1);
    }
  }

  @Test
  void printsNoContent() {
    assertThat(recv(DATA)).hasToString("MESSAGE_CREATE #2 of 52 bytes");
  }

  @Test
  void keepsNoMemoryOnceTheNextInputCame() {
    for (Consumer<GatewayConnection> input :
        List.<Consumer<GatewayConnection>>of(
            next -> next.recv("{\"t\":null,\"s\":null,\"op\":11,\"d\":null}"),
            GatewayConnection::onTimeout)) {
      WeakReference<ByteBuffer> memory = new WeakReference<>(recvAndRead());

      input.accept(connection);
      connection.recv("{\"t\":null,\"s\":null,\"op\":11,\"d\":null}"); // the envelope's

      for (int i = 0; i < 50 && memory.get() != null; i++) {
        System.gc();
      }
      assertThat(memory.get()).isNull();
    }
  }

  private ByteBuffer recvAndRead() {
    ByteBuffer message = message(connection.receivedSequence() + 1, DATA);
    assertThat(text(recv(message).data())).isEqualTo(DATA);
    return message;
  }
}
