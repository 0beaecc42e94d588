package dev.sluice.benchmarks.peers;

import dev.sluice.benchmarks.load.LoadTarget;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What the clients have in common when they start and stop. */
final class Starts {

  static final long STOP_SECONDS = 5;

  private static final long START_MINUTES = 3;

  private Starts() {}

  static void await(CountDownLatch ready) throws InterruptedException, TimeoutException {
    if (!ready.await(START_MINUTES, TimeUnit.MINUTES)) {
      throw new TimeoutException(
          "shards: " + ready.getCount() + " not ready after " + START_MINUTES + " minutes");
    }
  }

  static IllegalArgumentException unknownCompression(LoadTarget target, String expected) {
    return new IllegalArgumentException(
        "compression: " + target.compression() + " (expected: " + expected + ')');
  }

  /** {@return the URL with the query that asks for JSON and a compression} */
  static String gatewayUrl(LoadTarget target) {
    String url = target.gatewayUri() + "/?v=10&encoding=json";
    return switch (target.compression()) {
      case ZLIB_STREAM -> url + "&compress=zlib-stream";
      default -> url;
    };
  }
}
