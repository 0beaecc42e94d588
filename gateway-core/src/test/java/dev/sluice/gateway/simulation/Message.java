package dev.sluice.gateway.simulation;

import dev.sluice.gateway.FrameType;

/** What travels over a transport: a WebSocket message, a close frame, or the news of its loss. */
final class Message {

  enum Kind {
    PAYLOAD,
    CLOSE,
    LOST
  }

  /** What the sender knows about a payload that compression hides from others. */
  enum Tag {
    NONE,
    HELLO,
    RECONNECT,
    INVALID,
    INVALID_RESUMABLE
  }

  private static final byte[] NOTHING = {};

  final Kind kind;
  final FrameType type;
  final byte[] bytes;
  final int code; // the opcode of a client's payload, or the close code
  final Tag tag;

  private Message(Kind kind, FrameType type, byte[] bytes, int code, Tag tag) {
    this.kind = kind;
    this.type = type;
    this.bytes = bytes;
    this.code = code;
    this.tag = tag;
  }

  static Message fromClient(FrameType type, byte[] bytes, int opcode) {
    return new Message(Kind.PAYLOAD, type, bytes, opcode, Tag.NONE);
  }

  static Message fromServer(FrameType type, byte[] bytes, Tag tag) {
    return new Message(Kind.PAYLOAD, type, bytes, 0, tag);
  }

  static Message close(int code) {
    return new Message(Kind.CLOSE, FrameType.TEXT, NOTHING, code, Tag.NONE);
  }

  static Message lost() {
    return new Message(Kind.LOST, FrameType.TEXT, NOTHING, 0, Tag.NONE);
  }

  /** The same with bytes that need not mean the same any more. */
  Message with(byte[] otherBytes) {
    return new Message(kind, type, otherBytes, code, Tag.NONE);
  }
}
