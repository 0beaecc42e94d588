package dev.sluice.gateway.netty;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.zip.Deflater;

/** Bytes of WebSocket and of the gateway, made by hand so that they can be wrong. */
final class Frames {

  static final int CONTINUATION = 0x0;
  static final int TEXT = 0x1;
  static final int BINARY = 0x2;
  static final int CLOSE = 0x8;
  static final int PING = 0x9;
  static final int PONG = 0xA;
  static final int FIN = 0x80;

  private static final String MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final int MASKED = 0x80;

  private Frames() {}

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] text(String payload) {
    return frame(FIN | TEXT, utf8(payload));
  }

  static byte[] binary(byte[] payload) {
    return frame(FIN | BINARY, payload);
  }

  static byte[] close(int code, String reason) {
    return frame(FIN | CLOSE, closeBody(code, reason));
  }

  static byte[] closeBody(int code, String reason) {
    byte[] text = utf8(reason);
    return ByteBuffer.allocate(2 + text.length).putShort((short) code).put(text).array();
  }

  /** A frame as a server sends it; the first byte has FIN, the reserved bits and the opcode. */
  static byte[] frame(int firstByte, byte[] payload) {
    return header(firstByte, 0, payload.length).put(payload).array();
  }

  /** A frame that is masked, with zeros, which only a client may do. */
  static byte[] masked(int firstByte, byte[] payload) {
    byte[] body = ByteBuffer.allocate(4 + payload.length).position(4).put(payload).array();
    ByteBuffer frame = header(firstByte, MASKED, body.length - 4);
    return ByteBuffer.allocate(frame.position() + body.length)
        .put(frame.array(), 0, frame.position())
        .put(body)
        .array();
  }

  private static ByteBuffer header(int firstByte, int mask, int length) {
    int extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
    ByteBuffer frame = ByteBuffer.allocate(2 + extended + length).put((byte) firstByte);
    if (extended == 0) {
      return frame.put((byte) (mask | length));
    }
    return extended == 2
        ? frame.put((byte) (mask | 126)).putShort((short) length)
        : frame.put((byte) (mask | 127)).putLong(length);
  }

  static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  /** One message of a zlib-stream. */
  static byte[] deflate(Deflater deflater, String payload) {
    deflater.setInput(utf8(payload));
    byte[] out = new byte[payload.length() + 1024];
    int length = deflater.deflate(out, 0, out.length, Deflater.SYNC_FLUSH);
    return ByteBuffer.allocate(length).put(out, 0, length).array();
  }

  /** The answer to an upgrade. */
  static byte[] switchingProtocols(String key) {
    return utf8(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: "
            + accept(key)
            + "\r\n\r\n");
  }

  private static String accept(String key) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-1").digest(utf8(key + MAGIC));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static String hello(long heartbeatIntervalMillis) {
    return "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":"
        + heartbeatIntervalMillis
        + "}}";
  }

  static String ready(String sessionId, String resumeUrl) {
    return """
    {"t":"READY","s":1,"op":0,"d":{"v":10,"session_id":"%s","resume_gateway_url":"%s",\
    "guilds":[],"application":{"id":"7","flags":0}}}"""
        .formatted(sessionId, resumeUrl);
  }

  static String event(String name, long sequence, String d) {
    return "{\"t\":\"" + name + "\",\"s\":" + sequence + ",\"op\":0,\"d\":" + d + '}';
  }
}
