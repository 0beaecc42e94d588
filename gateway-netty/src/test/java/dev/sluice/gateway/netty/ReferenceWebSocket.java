package dev.sluice.gateway.netty;

import dev.sluice.gateway.FrameType;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * RFC 6455 as a client reads it, in the plainest way: all bytes at once, no state between frames
 * but the message that is not whole.
 */
final class ReferenceWebSocket {

  /** What came of the bytes. */
  sealed interface Step {}

  record Message(FrameType type, ByteBuffer payload) implements Step {}

  record Ping(ByteBuffer payload) implements Step {}

  record Close(int code) implements Step {}

  record Violation() implements Step {}

  /** What may follow the beginning of a character, for one of them to make it whole. */
  private static final List<byte[]> ENDINGS =
      Stream.of("", "80", "8080", "808080", "BF", "BF80", "BF8080")
          .map(HexFormat.of()::parseHex)
          .toList();

  private ReferenceWebSocket() {}

  /** {@return all that the bytes say, up to the first breach of the rules or a close frame} */
  static List<Step> read(byte[] bytes, int maxMessageBytes) {
    List<Step> steps = new ArrayList<>();
    @Nullable ByteArrayOutputStream whole = null;
    FrameType type = FrameType.TEXT;
    int i = 0;
    while (bytes.length - i >= 2) {
      int first = bytes[i] & 0xFF;
      int second = bytes[i + 1] & 0xFF;
      int opcode = first & 0xF;
      boolean last = first >= 0x80;
      boolean control = opcode >= 8;
      boolean known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
      boolean inOrder = control || (opcode == Frames.CONTINUATION) == (whole != null);
      boolean reserved = (first & 0x70) != 0;
      boolean masked = second >= 0x80;
      int extended = second == 126 ? 2 : second == 127 ? 8 : 0;
      boolean controlFits = !control || (last && second <= 125);
      boolean codeFits = opcode != Frames.CLOSE || second != 1;
      if (reserved || masked || !known || !inOrder || !controlFits || !codeFits) {
        steps.add(new Violation());
        return steps;
      }
      if (bytes.length - i < 2 + extended) {
        return steps;
      }
      BigInteger length =
          extended == 0
              ? BigInteger.valueOf(second)
              : new BigInteger(1, Arrays.copyOfRange(bytes, i + 2, i + 2 + extended));
      int least = extended == 2 ? 126 : extended == 8 ? 1 << 16 : 0;
      if (length.compareTo(BigInteger.valueOf(least)) < 0
          || length.compareTo(BigInteger.valueOf(maxMessageBytes)) > 0) {
        steps.add(new Violation());
        return steps;
      }
      int from = i + 2 + extended;
      if (length.intValueExact() > bytes.length - from) {
        return steps;
      }
      i = from + length.intValueExact();
      byte[] payload = Arrays.copyOfRange(bytes, from, i);
      if (opcode == Frames.PING) {
        steps.add(new Ping(ByteBuffer.wrap(payload)));
      } else if (opcode == Frames.CLOSE) {
        steps.add(close(payload));
        return steps;
      } else if (!control) {
        if (whole == null) {
          whole = new ByteArrayOutputStream();
          type = opcode == Frames.TEXT ? FrameType.TEXT : FrameType.BINARY;
        }
        whole.writeBytes(payload);
        if (whole.size() > maxMessageBytes
            || (type == FrameType.TEXT && !isText(whole.toByteArray(), last))) {
          steps.add(new Violation());
          return steps;
        }
        if (last) {
          steps.add(new Message(type, ByteBuffer.wrap(whole.toByteArray())));
          whole = null;
        }
      }
    }
    return steps;
  }

  private static Step close(byte[] payload) {
    if (payload.length == 0) {
      return new Close(1005);
    }
    int code = ByteBuffer.wrap(payload).getShort() & 0xFFFF;
    boolean mayBeSent =
        (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || code >= 3000;
    boolean readable = isText(Arrays.copyOfRange(payload, 2, payload.length), false);
    return mayBeSent && readable ? new Close(code) : new Violation();
  }

  private static boolean isText(byte[] bytes, boolean whole) {
    return ENDINGS.stream()
        .filter(ending -> !whole || ending.length == 0)
        .anyMatch(ending -> isText(Frames.concat(bytes, ending)));
  }

  private static boolean isText(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
