package dev.sluice.gateway;

/** The two kinds of WebSocket data message that carry gateway payloads. */
public enum FrameType {
  /** UTF-8 text, WebSocket opcode 1: uncompressed JSON. */
  TEXT,
  /** Bytes, WebSocket opcode 2: everything that is compressed, and ETF. */
  BINARY
}
