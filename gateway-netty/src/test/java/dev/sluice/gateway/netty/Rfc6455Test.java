package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.Frames.BINARY;
import static dev.sluice.gateway.netty.Frames.CLOSE;
import static dev.sluice.gateway.netty.Frames.CONTINUATION;
import static dev.sluice.gateway.netty.Frames.FIN;
import static dev.sluice.gateway.netty.Frames.PING;
import static dev.sluice.gateway.netty.Frames.PONG;
import static dev.sluice.gateway.netty.Frames.TEXT;
import static dev.sluice.gateway.netty.Frames.concat;
import static dev.sluice.gateway.netty.Frames.event;
import static dev.sluice.gateway.netty.Frames.frame;
import static dev.sluice.gateway.netty.Frames.text;
import static dev.sluice.gateway.netty.Frames.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Reconnect;
import dev.sluice.gateway.StopMode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What RFC 6455 asks of a client, in the order of the cases of the Autobahn test suite (in
 * brackets). All that the gateway sends is delivered whole and byte by byte. In place of 1002, 1007
 * and 1009 a shard closes with 4900, which keeps the session.
 */
@ExtendWith(LeakExtension.class)
final class Rfc6455Test {

  private static final int MAX_MESSAGE_BYTES = 1 << 16;
  private static final int KEEPS_SESSION = 4900;

  private EmbeddedShard shard = ready();

  @AfterEach
  void close() {
    shard.channel.releaseOutbound();
    shard.channel.finishAndReleaseAll();
  }

  private static EmbeddedShard ready() {
    return new EmbeddedShard(config -> config.maxMessageBytes(MAX_MESSAGE_BYTES)).ready();
  }

  private void restart() {
    close();
    shard = ready();
  }

  /** Whole, and byte by byte or at least in thousands of steps. */
  private static int[] steps(byte[] bytes) {
    return new int[] {1 << 20, 1 + bytes.length / 8192};
  }

  /** Delivers bytes in steps of a size, for as long as there is somebody to take them. */
  private void deliver(byte[] bytes, int step) {
    for (int i = 0; i < bytes.length && shard.channel.isOpen(); i += step) {
      shard.in(Arrays.copyOfRange(bytes, i, Math.min(bytes.length, i + step)));
    }
  }

  /** Expects that a shard takes all of it, and sends frames, each once for each delivery. */
  private void expectTaken(byte[] bytes, List<String> data, byte[]... answers) {
    for (int step : steps(bytes)) {
      restart();
      deliver(bytes, step);

      assertThat(shard.recorder.reconnects(0)).isEmpty();
      assertThat(shard.shard.state()).isEqualTo(GatewayState.READY);
      assertThat(data(1)).isEqualTo(data);
      assertThat(written()).isEqualTo(hexOf(answers));
    }
  }

  /** {@return the data of the events, as text, but for the first ones} */
  private List<String> data(int skipped) {
    return shard.recorder.events(0).stream()
        .skip(skipped)
        .map(event -> event.data().asText())
        .toList();
  }

  /** {@return what the shard has written since the last call, as a server would write it} */
  private List<String> written() {
    List<ClientFrames.Frame> frames = ClientFrames.take(shard.channel);
    assertThat(frames).allMatch(ClientFrames.Frame::masked);
    return hexOf(
        frames.stream()
            .map(frame -> frame(frame.firstByte(), frame.bytes()))
            .toArray(byte[][]::new));
  }

  private static List<String> hexOf(byte[]... frames) {
    return Stream.of(frames).map(HexFormat.of()::formatHex).toList();
  }

  /** Expects that a shard ends the transport, and that it would resume the session. */
  private void expectRefused(byte[] bytes, String reason) {
    for (int step : steps(bytes)) {
      restart();
      deliver(bytes, step);

      assertThat(shard.recorder.reconnects(0))
          .singleElement()
          .satisfies(
              reconnect -> {
                assertThat(reconnect.cause()).isEqualTo(Reconnect.Cause.PROTOCOL_ERROR);
                assertThat(reconnect.closeCode()).isEqualTo(KEEPS_SESSION);
                assertThat(reconnect.detail()).containsIgnoringCase(reason);
              });
      assertThat(closeCode()).isEqualTo(KEEPS_SESSION);
      CompletableFuture<?> session = shard.shard.session().toCompletableFuture();
      shard.run();
      assertThat(session.join()).isNotNull();
    }
  }

  /** {@return the code of the close frame that the shard has written last} */
  private int closeCode() {
    List<String> written = written();
    byte[] close = hex(written.get(written.size() - 1));
    assertThat(close[0] & 0xFF).isEqualTo(FIN | CLOSE);
    return ByteBuffer.wrap(close).getShort(2) & 0xFFFF;
  }

  /** The bytes of an event with a text as its data. */
  private static byte[] payload(int sequence, String text) {
    return utf8(event("A", sequence, '"' + text + '"'));
  }

  private static byte[] fragments(byte[] payload, int... ends) {
    List<byte[]> frames = new ArrayList<>();
    int from = 0;
    for (int end : ends) {
      frames.add(
          frame(from == 0 && frames.isEmpty() ? TEXT : CONTINUATION, copy(payload, from, end)));
      from = end;
    }
    frames.add(frame(FIN | CONTINUATION, copy(payload, from, payload.length)));
    return concat(frames.toArray(byte[][]::new));
  }

  private static byte[] copy(byte[] bytes, int from, int to) {
    return Arrays.copyOfRange(bytes, from, to);
  }

  private static byte[] hex(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  // 1: messages of all lengths.

  @ParameterizedTest
  @ValueSource(ints = {124, 125, 126, 127, 128, 255, 256, 4096, 65_535, 65_536})
  void aMessageOfEveryKindOfLengthIsTaken(int length) { // [1.1, 9.1]
    String content = "x".repeat(length - payload(2, "").length);
    assertThat(payload(2, content)).hasSize(length);

    expectTaken(frame(FIN | TEXT, payload(2, content)), List.of(content));
  }

  @Test
  void messagesOfOneReadAreTakenInOrder() { // [1.1, 9.7]
    List<String> data = IntStream.range(2, 500).mapToObj(Integer::toString).toList();
    byte[][] frames =
        data.stream()
            .map(i -> frame(FIN | TEXT, payload(Integer.parseInt(i), i)))
            .toArray(byte[][]::new);

    expectTaken(concat(frames), data);
  }

  @Test
  void lengthsThatAreNotMinimalAreRefused() { // RFC 6455, 5.2
    byte[] payload = payload(2, "a");
    byte[] in16Bits =
        concat(new byte[] {(byte) (FIN | TEXT), 126, 0, (byte) payload.length}, payload);
    byte[] in64Bits =
        concat(
            new byte[] {(byte) (FIN | TEXT), 127, 0, 0, 0, 0, 0, 0, 0, (byte) payload.length},
            payload);

    expectRefused(in16Bits, "minimal");
    expectRefused(in64Bits, "minimal");
    expectRefused(concat(hex("817F000000000000FFFF"), new byte[0xFFFF]), "minimal");
  }

  @ParameterizedTest
  @ValueSource(strings = {"8000000000000000", "FFFFFFFFFFFFFFFF"})
  void aLengthWhoseHighestBitIsSetIsRefused(String length) { // RFC 6455, 5.2
    expectRefused(hex("817F" + length), "negative");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0000000000010001", "0000000080000000", "7FFFFFFFFFFFFFFF"})
  void aLengthOverTheLimitIsRefusedBeforeTheFrameIsThere(String length) {
    expectRefused(hex("817F" + length), "length");
    expectRefused(concat(hex("817F" + length), new byte[100]), "length");
  }

  // 2: pings and pongs.

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 124, 125})
  void aPingIsAnsweredWithWhatItCarries(int length) { // [2.1 - 2.4, 2.6]
    byte[] payload = new byte[length];
    for (int i = 0; i < length; i++) {
      payload[i] = (byte) (0xFF - i); // which is no UTF-8
    }

    expectTaken(frame(FIN | PING, payload), List.of(), frame(FIN | PONG, payload));
  }

  @Test
  void aPingThatIsTooLongIsRefused() { // [2.5]
    expectRefused(frame(FIN | PING, new byte[126]), "125");
  }

  @Test
  void pongsThatNobodyAskedForAreIgnored() { // [2.7 - 2.9]
    byte[] ping = frame(FIN | PING, utf8("ping"));

    expectTaken(
        concat(frame(FIN | PONG, new byte[0]), frame(FIN | PONG, new byte[125]), ping),
        List.of(),
        frame(FIN | PONG, utf8("ping")));
  }

  @Test
  void pingsAreAnsweredOneByOneInOrder() { // [2.10, 2.11]
    byte[][] pings = new byte[10][];
    byte[][] pongs = new byte[10][];
    for (int i = 0; i < 10; i++) {
      pings[i] = frame(FIN | PING, utf8("payload-" + i));
      pongs[i] = frame(FIN | PONG, utf8("payload-" + i));
    }

    expectTaken(concat(pings), List.of(), pongs);
  }

  // 3, 4: reserved bits and opcodes.

  @ParameterizedTest
  @ValueSource(ints = {0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70})
  void reservedBitsAreRefused(int bits) { // [3.1 - 3.7]
    expectRefused(frame(FIN | bits | TEXT, payload(2, "a")), "RSV");
    expectRefused(frame(FIN | bits | BINARY, new byte[1]), "RSV");
    expectRefused(frame(FIN | bits | PING, new byte[1]), "RSV");
    expectRefused(frame(FIN | bits | CLOSE, new byte[0]), "RSV");
    expectRefused(concat(fragment("a"), frame(FIN | bits | CONTINUATION, new byte[0])), "RSV");
  }

  private static byte[] fragment(String text) {
    return frame(TEXT, utf8(text));
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
  void reservedOpcodesAreRefused(int opcode) { // [4.1, 4.2]
    expectRefused(frame(FIN | opcode, new byte[0]), "reserved opcode");
    expectRefused(concat(text("{\"op\":11}"), frame(FIN | opcode, new byte[9])), "reserved opcode");
    expectRefused(concat(fragment("{"), frame(FIN | opcode, new byte[9])), "reserved opcode");
  }

  // 5: fragments.

  @ParameterizedTest
  @ValueSource(ints = {PING, PONG, CLOSE})
  void controlFramesInFragmentsAreRefused(int opcode) { // [5.1, 5.2]
    expectRefused(
        concat(frame(opcode, utf8("a")), frame(FIN | CONTINUATION, utf8("b"))), "fragmented");
  }

  @Test
  void fragmentsArePutTogether() { // [5.3 - 5.5]
    byte[] payload = payload(2, "caf\u00e9 \u20ac");

    for (int end = 0; end <= payload.length; end++) {
      expectTaken(fragments(payload, end), List.of("caf\u00e9 \u20ac"));
    }
    expectTaken(
        fragments(payload, IntStream.range(0, payload.length).toArray()),
        List.of("caf\u00e9 \u20ac"));
  }

  @Test
  void fragmentsOfNothingAddNothing() { // [6.1]
    byte[] payload = payload(2, "a");

    expectTaken(fragments(payload, 0, 0, 5, 5, payload.length), List.of("a"));
    expectRefused(concat(frame(TEXT, new byte[0]), frame(FIN | CONTINUATION, new byte[0])), "");
  }

  @Test
  void controlFramesComeBetweenFragments() { // [5.6 - 5.8, 5.19, 5.20]
    byte[] payload = payload(2, "whole");

    expectTaken(
        concat(
            frame(TEXT, copy(payload, 0, 5)),
            frame(FIN | PING, utf8("one")),
            frame(CONTINUATION, copy(payload, 5, 7)),
            frame(FIN | PONG, utf8("none")),
            frame(FIN | PING, utf8("two")),
            frame(CONTINUATION, new byte[0]),
            frame(FIN | CONTINUATION, copy(payload, 7, payload.length)),
            frame(FIN | TEXT, payload(3, "next"))),
        List.of("whole", "next"),
        frame(FIN | PONG, utf8("one")),
        frame(FIN | PONG, utf8("two")));
  }

  @Test
  void aContinuationOfNothingIsRefused() { // [5.9 - 5.14]
    byte[] message = frame(FIN | TEXT, payload(2, "a"));
    byte[] inFragments = fragments(payload(2, "a"), 4);

    for (int fin : new int[] {0, FIN}) {
      byte[] continuation = frame(fin | CONTINUATION, payload(2, "a"));
      expectRefused(continuation, "outside fragmented");
      expectRefused(concat(message, continuation), "outside fragmented");
      expectRefused(concat(inFragments, continuation), "outside fragmented");
    }
    assertThat(data(1)).containsExactly("a"); // of what came before
  }

  @ParameterizedTest
  @ValueSource(ints = {TEXT, BINARY, FIN | TEXT, FIN | BINARY})
  void aMessageWithinAMessageIsRefused(int firstByte) { // [5.15 - 5.18]
    expectRefused(concat(fragment("{"), frame(firstByte, payload(2, "a"))), "inside fragmented");
    expectRefused(
        concat(frame(TEXT, new byte[0]), frame(firstByte, payload(2, "a"))), "inside fragmented");
    assertThat(data(1)).isEmpty();
  }

  // 6: UTF-8.

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u03ba\u1f79\u03c3\u03bc\u03b5", // [6.5]
        "\u0080 \u0800 \ud800\udc00 \u07ff \uffff \ud7ff \ue000 \ufffd \udbff\udfff", // [6.6 -
        // 6.11]
        "\ufffe \uffff \ud83f\udffe \udbff\udfff \ufdd0", // [6.22], which are no characters
        "Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!"
      })
  void textIsTakenHoweverItIsCut(String content) { // [6.2, 6.5 - 6.11, 6.22]
    byte[] payload = payload(2, content);

    expectTaken(frame(FIN | TEXT, payload), List.of(content));
    for (int end = 1; end < payload.length; end++) {
      expectTaken(fragments(payload, end), List.of(content));
    }
    List<byte[]> frames = new ArrayList<>();
    for (int i = 0; i < payload.length; i++) { // [6.2.4], with a ping within each character
      frames.add(frame(i == 0 ? TEXT : CONTINUATION, copy(payload, i, i + 1)));
      frames.add(frame(FIN | PONG, new byte[] {(byte) 0xFF}));
    }
    frames.add(frame(FIN | CONTINUATION, new byte[0]));
    expectTaken(concat(frames.toArray(byte[][]::new)), List.of(content));
  }

  static Stream<String> notUtf8() {
    return Stream.of(
        "CEBAE1BDB9CF83CEBCCEB5EDA080656469746564", // [6.3]
        "F8888080 80".replace(" ", ""), // [6.12]
        "FC8480808080",
        "F7BFBFBF", // [6.13]
        "F4908080",
        "80", // [6.14]
        "BF",
        "80BF80BF80",
        "C020", // [6.15]
        "E020",
        "F020",
        "C3", // [6.16], broken off by the quote behind it
        "E282",
        "F09F8E",
        "FE", // [6.18]
        "FF",
        "C0AF", // [6.19]
        "E080AF",
        "F08080AF",
        "C1BF", // [6.20]
        "E09FBF",
        "F08FBFBF",
        "C080",
        "EDA080", // [6.21]
        "EDBFBF",
        "EDA080EDB080");
  }

  @ParameterizedTest
  @MethodSource("notUtf8")
  void textThatIsNotUtf8IsRefusedHoweverItIsCut(String hex) { // [6.3, 6.12 - 6.21]
    byte[] payload =
        concat(utf8("{\"t\":\"A\",\"s\":2,\"op\":0,\"d\":\"caf\u00e9"), hex(hex), utf8("\"}"));

    expectRefused(frame(FIN | TEXT, payload), "UTF-8");
    for (int end = 0; end < payload.length; end += 7) {
      expectRefused(fragments(payload, end), "UTF-8");
    }
    expectRefused(fragments(payload, IntStream.range(1, payload.length).toArray()), "UTF-8");
    assertThat(data(1)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"C3", "E282", "F09F8E"})
  void textThatBreaksOffWithinACharacterIsRefused(String hex) {
    byte[] payload = concat(payload(2, "a"), hex(hex));

    expectRefused(frame(FIN | TEXT, payload), "UTF-8");
    expectRefused(fragments(payload, payload.length - 1), "UTF-8");
    expectRefused(fragments(payload, payload.length), "UTF-8");
  }

  @ParameterizedTest
  @ValueSource(strings = {"CEBAE1BDB9CF83CEBCCEB5F490", "CEBAEDA0", "FF", "C0"})
  void aFragmentThatNothingCanMendIsRefusedAtOnce(String hex) { // [6.4]
    expectRefused(frame(TEXT, hex(hex)), "UTF-8");
    expectRefused(concat(frame(TEXT, new byte[0]), frame(CONTINUATION, hex(hex))), "UTF-8");
  }

  @Test
  void binaryMessagesAreNotText() {
    expectRefused(frame(FIN | BINARY, hex("FF")), "binary"); // for that reason, of an encoding
    expectRefused(concat(frame(BINARY, hex("FF")), frame(FIN | CONTINUATION, hex("FF"))), "binary");
  }

  // 7: closing.

  private static byte[] close(int code, byte[] reason) {
    return frame(
        FIN | CLOSE,
        ByteBuffer.allocate(2 + reason.length).putShort((short) code).put(reason).array());
  }

  /**
   * Expects a close frame with the same code, the end of the transport, and a session to resume.
   */
  private void expectEchoed(byte[] close, byte[]... more) {
    for (int step : steps(close)) {
      restart();
      deliver(concat(close, concat(more)), step);

      assertThat(written()).isEqualTo(hexOf(withoutReason(close)));
      assertThat(shard.channel.isOpen()).isFalse();
      assertThat(shard.recorder.reconnects(0))
          .singleElement()
          .satisfies(r -> assertThat(r.cause()).isEqualTo(Reconnect.Cause.CLOSED));
      assertThat(data(1)).isEmpty();
    }
  }

  private static byte[] withoutReason(byte[] close) {
    return frame(FIN | CLOSE, copy(close, 2, Math.min(close.length, 4)));
  }

  static Arguments[] closeFrames() {
    return new Arguments[] {
      arguments("no body", frame(FIN | CLOSE, new byte[0])), // [7.3.1]
      arguments("a code", close(1000, new byte[0])), // [7.3.3]
      arguments("a reason", close(1000, utf8("Hello World!"))), // [7.3.4]
      arguments("a reason of 123 bytes", close(1000, utf8("*".repeat(123)))), // [7.3.5]
      arguments("a reason cut within a character", close(1000, hex("CEBAE1BD"))), // as servers do
      arguments("a reason in Greek", close(1000, utf8("\u03ba\u1f79\u03c3\u03bc\u03b5"))),
    };
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("closeFrames")
  void aCloseFrameIsEchoed(String name, byte[] close) { // [7.1.1, 7.3]
    expectEchoed(close);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
        4999, 5000, 65_535
      })
  void codesThatMayBeSentAreEchoed(int code) { // [7.7]; 7.13 leaves those over 4999 to everyone
    expectEchoed(close(code, utf8("reason")));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999})
  void codesThatMustNotBeSentAreRefused(int code) { // [7.9]
    expectRefused(close(code, new byte[0]), "status code");
    expectRefused(close(code, utf8("reason")), "status code");
  }

  @Test
  void closeFramesThatAreNoneAreRefused() { // [7.3.2, 7.3.6, 7.5.1]
    expectRefused(frame(FIN | CLOSE, new byte[1]), "len 1");
    expectRefused(close(1000, new byte[124]), "125");
    expectRefused(close(1000, hex("CEBAE1BDB9CF83CEBCCEB5EDA080656469746564")), "UTF");
  }

  @Test
  void whatComesAfterACloseFrameIsIgnored() { // [7.1.2 - 7.1.6]
    byte[] close = close(1000, utf8("bye"));

    expectEchoed(close, close);
    expectEchoed(close, frame(FIN | PING, utf8("ping")));
    expectEchoed(close, frame(FIN | TEXT, payload(2, "late")));
    expectEchoed(close, fragment("{"), frame(0x7F, new byte[9]));
  }

  @Test
  void aCloseFrameEndsAMessageThatIsNotWhole() { // [7.1.5]
    byte[] close = close(1000, new byte[0]);

    deliver(concat(fragment("{\"t\":\"A\""), close, frame(FIN | CONTINUATION, utf8("}"))), 1 << 20);

    assertThat(written()).isEqualTo(hexOf(close));
    assertThat(shard.recorder.reconnects(0)).hasSize(1);
    assertThat(data(1)).isEmpty();
  }

  @Test
  void afterItsOwnCloseFrameAShardSendsNothing() { // RFC 6455, 5.5.1
    shard.shard.stop(StopMode.RESTART);
    shard.run();
    assertThat(closeCode()).isEqualTo(KEEPS_SESSION);

    shard.in(
        concat(
            frame(FIN | TEXT, utf8("{\"op\":1,\"d\":null}")),
            frame(FIN | TEXT, payload(2, "late"))));
    assertThat(written()).isEmpty();

    shard.in(close(KEEPS_SESSION, new byte[0]));
    assertThat(written()).isEmpty();
    assertThat(shard.shard.state()).isEqualTo(GatewayState.STOPPED);
    assertThat(shard.channel.isOpen()).isFalse();
  }

  @Test
  void afterABreachNothingIsTakenOrSent() { // RFC 6455, 7.1.7
    byte[] breach = frame(FIN | 0x3, new byte[0]);
    byte[] more = concat(frame(FIN | TEXT, payload(3, "late")), frame(FIN | PING, new byte[0]));

    deliver(concat(frame(FIN | TEXT, payload(2, "a")), breach, more), 1 << 20);

    assertThat(data(1)).containsExactly("a");
    assertThat(closeCode()).isEqualTo(KEEPS_SESSION);
    assertThat(written()).isEmpty();
  }

  // 9: limits.

  @Test
  void theLimitHoldsForWholeMessagesToTheByte() {
    String most = "x".repeat(MAX_MESSAGE_BYTES - payload(2, "").length);

    byte[] largest = payload(2, most);
    expectTaken(frame(FIN | TEXT, largest), List.of(most));
    expectTaken(fragments(largest, 1, MAX_MESSAGE_BYTES / 2), List.of(most));
    byte[] tooLarge = payload(2, most + "x");
    expectRefused(frame(FIN | TEXT, tooLarge), "65536");
    expectRefused(fragments(tooLarge, 1, MAX_MESSAGE_BYTES / 2), "65536");
    expectRefused(fragments(tooLarge, MAX_MESSAGE_BYTES), "65536");
  }

  // Masks.

  @Test
  void aMaskedFrameIsRefusedWhateverTheMask() { // RFC 6455, 5.1
    expectRefused(Frames.masked(FIN | TEXT, payload(2, "a")), "masked");
    expectRefused(hex("8184DEADBEEF00000000"), "masked");
    expectRefused(Frames.masked(FIN | PING, new byte[0]), "masked");
    expectRefused(Frames.masked(FIN | CLOSE, new byte[0]), "masked");
  }

  @Test
  void everyFrameOfAShardIsMaskedWithAKeyOfItsOwn() { // RFC 6455, 5.3
    for (int i = 0; i < 50; i++) {
      shard.in(frame(FIN | PING, utf8("the same")));
    }
    shard.in(frame(FIN | TEXT, utf8("{\"op\":1,\"d\":null}")));
    shard.shard.stop(StopMode.GOODBYE);
    shard.run();

    List<ClientFrames.Frame> frames = ClientFrames.take(shard.channel);

    assertThat(frames).hasSize(52).allMatch(ClientFrames.Frame::masked);
    assertThat(frames.stream().map(ClientFrames.Frame::mask).distinct().count())
        .isGreaterThan(48); // two of 52 are alike once in three million runs
    assertThat(frames.get(50).firstByte()).isEqualTo(FIN | TEXT);
    assertThat(frames.get(51).firstByte()).isEqualTo(FIN | CLOSE);
  }
}
