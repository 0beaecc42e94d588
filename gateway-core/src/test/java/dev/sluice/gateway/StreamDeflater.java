package dev.sluice.gateway;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.Deflater;

/** The gateway's half of zlib-stream: one context, a sync flush after each payload. */
public final class StreamDeflater {

  private final Deflater deflater;

  public StreamDeflater() {
    this(Deflater.DEFAULT_COMPRESSION);
  }

  public StreamDeflater(int level) {
    deflater = new Deflater(level);
  }

  /** Releases the native memory. */
  public void end() {
    deflater.end();
  }

  public byte[] deflate(String payload) {
    return deflate(payload.getBytes(StandardCharsets.UTF_8));
  }

  public byte[] deflate(byte[] payload) {
    deflater.setInput(payload);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] chunk = new byte[8192];
    int count;
    do {
      count = deflater.deflate(chunk, 0, chunk.length, Deflater.SYNC_FLUSH);
      out.write(chunk, 0, count);
    } while (count == chunk.length);
    return out.toByteArray();
  }
}
