package dev.sluice.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.sluice.gateway.Compression;
import io.netty.buffer.Unpooled;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;

final class InflationTest {

  @Test
  void aStreamThatHasEndedIsAFailure() {
    Deflater deflater = new Deflater();
    deflater.setInput(new byte[100]);
    deflater.finish();
    byte[] endedWithMore = new byte[200];
    deflater.deflate(endedWithMore);
    deflater.end();

    Inflation inflation = Inflation.of(Compression.ZLIB_STREAM);
    assertThatIOException()
        .isThrownBy(() -> inflation.inflate(Unpooled.wrappedBuffer(endedWithMore)))
        .withMessage("zlib stream: stands still (expected: more of it)");
    inflation.end();
  }
}
