package dev.sluice.gateway.netty;

import java.nio.charset.StandardCharsets;

/**
 * The file of recorded traffic. Big-endian throughout.
 *
 * <pre>
 * file:      "SLUICETR", version (int), records
 * record:    kind (byte), transport (int, from 1), nanoseconds since the recording began (long),
 *            bytes of content (int), content
 * transport: shard id (int), shard count (int), "ENCODING COMPRESSION" (ASCII)
 * message:   its payload, as it stood in the WebSocket message
 * </pre>
 *
 * <p>Nothing is ever rewritten, so what was cut off at whatever byte is whole up to its last whole
 * record.
 */
final class TrafficFormat {

  static final byte[] MAGIC = "SLUICETR".getBytes(StandardCharsets.US_ASCII);
  static final int VERSION = 1;
  static final int FILE_HEADER_BYTES = MAGIC.length + Integer.BYTES;

  // Offsets within a record.
  static final int KIND_AT = 0;
  static final int TRANSPORT_AT = KIND_AT + 1;
  static final int NANOS_AT = TRANSPORT_AT + Integer.BYTES;
  static final int LENGTH_AT = NANOS_AT + Long.BYTES;
  static final int RECORD_HEADER_BYTES = LENGTH_AT + Integer.BYTES;

  static final byte TRANSPORT = 1;
  static final byte TEXT = 2;
  static final byte BINARY = 3;

  private TrafficFormat() {}
}
