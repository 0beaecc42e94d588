package dev.sluice.gateway;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A payload for the driver to write as one WebSocket message. Borrowed: good until the next {@code
 * send()} of any connection that shares the {@link Scratch}.
 */
public final class Outgoing {

  /** Long enough for a heartbeat with any sequence. */
  private static final int HEARTBEAT_BYTES = 40;

  final ByteBuffer heartbeat = ByteBuffer.allocate(HEARTBEAT_BYTES);

  private Opcode opcode = Opcode.UNKNOWN;
  private FrameType frameType = FrameType.TEXT;
  private ByteBuffer payload = heartbeat;
  private @Nullable GatewayCommand command;
  private @Nullable Object attachment;

  Outgoing() {}

  Outgoing set(
      Opcode opcode,
      ByteBuffer payload,
      @Nullable GatewayCommand command,
      @Nullable Object attachment) {
    this.opcode = opcode;
    this.payload = payload;
    this.command = command;
    this.attachment = attachment;
    return this;
  }

  void frameType(FrameType frameType) {
    this.frameType = frameType;
  }

  /** {@return what the payload is} */
  public Opcode opcode() {
    return opcode;
  }

  /** {@return the kind of WebSocket message to write: TEXT for JSON, BINARY for ETF} */
  public FrameType frameType() {
    return frameType;
  }

  /** {@return the bytes, at most 4096, between position and limit} */
  public ByteBuffer payload() {
    return payload;
  }

  /** {@return the command that this is the payload of, or null if it is the connection's own} */
  public @Nullable GatewayCommand command() {
    return command;
  }

  /**
   * {@return what the command was queued with, or null} IDENTIFY has that of a presence update
   * which it carries in the command's place.
   */
  public @Nullable Object attachment() {
    return attachment;
  }

  /** {@return the opcode and the size; never the content, which may hold the token} */
  @Override
  public String toString() {
    return opcode + " of " + payload.remaining() + " bytes";
  }
}
