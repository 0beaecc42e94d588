package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sluice.gateway.server.GatewayServer;
import dev.sluice.gateway.server.GatewayServerConfig;
import dev.sluice.gateway.server.GatewayServerListener;
import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What happens without the optional library: everything but zstd-stream works. */
class ZstdLibraryTest {

  /** The class path of this test without the library. */
  private static URLClassLoader withoutLibrary() throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      if (!entry.contains("zstd-jni")) {
        urls.add(Path.of(entry).toUri().toURL());
      }
    }
    return new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
  }

  /** Runs one of the methods below in a world of its own. */
  private static void run(String method) throws Throwable {
    try (URLClassLoader loader = withoutLibrary()) {
      Class<?> guest = loader.loadClass(Guest.class.getName());
      assertThat(guest).isNotSameAs(Guest.class);
      guest.getMethod(method).invoke(null);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** Loaded by the class loader that hides the library. */
  public static final class Guest {

    private Guest() {}

    public static void zstd() {
      config().compression(Compression.ZSTD_STREAM).build();
    }

    public static void zlib() {
      GatewayConnection connection =
          GatewayConnection.create(config().compression(Compression.ZLIB_STREAM).build());
      connection.connecting();
      connection.opened();
      connection.transportLost();
    }

    public static void serveZstd() {
      server().accept("v=10&encoding=json&compress=zstd-stream");
    }

    public static void serveZlib() {
      server().accept("v=10&encoding=etf&compress=zlib-stream").transportLost();
    }

    private static GatewayConfig.Builder config() {
      return GatewayConfig.builder("token", Intents.of(Intent.GUILDS));
    }

    private static GatewayServer server() {
      return GatewayServer.create(
          GatewayServerConfig.builder("token").build(),
          new GatewayServerListener() {},
          () -> 0,
          new SplittableRandom(1));
    }
  }

  @Test
  void aConfigurationThatNeedsItIsRefusedByTheNameOfTheArtifact() {
    assertThat(catchThrowable(() -> run("zstd")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("compression: ZSTD_STREAM")
        .hasMessageContaining("com.github.luben:zstd-jni")
        .hasCauseInstanceOf(NoClassDefFoundError.class);
  }

  @Test
  void aServerDoesNotServeItAndSaysWhy() {
    assertThat(catchThrowable(() -> run("serveZstd")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("com.github.luben:zstd-jni");
  }

  @Test
  void everythingElseWorksWithoutIt() throws Throwable {
    run("zlib");
    run("serveZlib");
  }
}
