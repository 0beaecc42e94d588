package dev.sluice.gateway.netty;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a test class after which Netty has found a buffer that nobody released. */
@SuppressWarnings("deprecation") // the factory method that Netty leaves to be implemented
public final class LeakExtension implements AfterAllCallback {

  private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();
  private static final int ROUNDS = 3;
  private static final long COLLECTED_WITHIN_MILLIS = 5_000;

  static {
    ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(
        new ResourceLeakDetectorFactory() {
          @Override
          public <T> ResourceLeakDetector<T> newResourceLeakDetector(
              Class<T> resource, int samplingInterval, long maxActive) {
            return new Detector<>(resource, samplingInterval);
          }
        });
  }

  private static final class Detector<T> extends ResourceLeakDetector<T> {

    Detector(Class<T> resource, int samplingInterval) {
      super(resource, samplingInterval);
    }

    @Override
    protected boolean needReport() {
      return true;
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
      LEAKS.add(resourceType + records);
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
      LEAKS.add(resourceType);
    }
  }

  /** {@return the leaks that the collector brings to light, and forgets them} */
  static String collectLeaks() throws InterruptedException {
    for (int i = 0; i < ROUNDS; i++) {
      ReferenceQueue<Object> collected = new ReferenceQueue<>();
      WeakReference<Object> marker = new WeakReference<>(new Object(), collected);
      System.gc();
      if (collected.remove(COLLECTED_WITHIN_MILLIS) != marker) {
        throw new IllegalStateException("garbage collector: did not run (expected: at once)");
      }
      ByteBufAllocator.DEFAULT.buffer().release(); // leaks are reported at the next allocation
    }
    String leaks = String.join("\n", LEAKS);
    LEAKS.clear();
    return leaks;
  }

  @Override
  public void afterAll(ExtensionContext context) throws Exception {
    String leaks = collectLeaks();
    if (!leaks.isEmpty()) {
      throw new AssertionError("leaked by " + context.getDisplayName() + ": " + leaks);
    }
  }
}
