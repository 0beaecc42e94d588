package dev.sluice.gateway.internal;

/** Says whether the optional library that zstd-stream needs is there. */
public final class ZstdLibrary {

  /** What to add to a build that has not got it. */
  private static final String ARTIFACT = "com.github.luben:zstd-jni";

  private ZstdLibrary() {}

  /**
   * Checks that the library is there and its native part can be loaded.
   *
   * @throws IllegalStateException if not; the message names the artifact
   */
  public static void require() {
    try {
      // Links the classes and loads the native part. The names of no class of the library may
      // stand here, for then this one could not be linked without them.
      new ZstdStream(1).end();
    } catch (LinkageError e) {
      throw new IllegalStateException(
          "compression: ZSTD_STREAM without "
              + ARTIFACT
              + " (expected: the library on the class or module path, for this platform)",
          e);
    }
  }
}
