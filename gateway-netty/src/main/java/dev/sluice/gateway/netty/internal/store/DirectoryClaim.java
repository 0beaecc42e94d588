package dev.sluice.gateway.netty.internal.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The sole use of a directory, among all processes of the machine, until it is released or the
 * process ends in whatever way. Thread-safe.
 */
public final class DirectoryClaim {

  /** A process that closes a file gives up all its locks of it, so it may open it only once. */
  private static final Set<Path> CLAIMED = ConcurrentHashMap.newKeySet();

  private static final String FILE = "in-use";

  private final Path directory;
  private final FileChannel channel;

  private DirectoryClaim(Path directory, FileChannel channel) {
    this.directory = directory;
    this.channel = channel;
  }

  /**
   * Claims a directory, which is made if there is none.
   *
   * @param directory the directory
   * @return the claim, or null if it is in use
   * @throws IOException if it cannot be made, read or written
   */
  public static @Nullable DirectoryClaim of(Path directory) throws IOException {
    OwnerOnly.createDirectories(directory);
    Path claimed = directory.toRealPath();
    if (!CLAIMED.add(claimed)) {
      return null;
    }
    FileChannel channel = null;
    boolean locked = false;
    try {
      channel = OwnerOnly.open(claimed.resolve(FILE));
      locked = channel.tryLock() != null;
      return locked ? new DirectoryClaim(claimed, channel) : null;
    } catch (OverlappingFileLockException e) {
      return null; // in use by another class loader of this process
    } finally {
      if (!locked) {
        if (channel != null) {
          channel.close();
        }
        CLAIMED.remove(claimed);
      }
    }
  }

  /**
   * Gives the directory back. May be called again.
   *
   * @throws IOException if that failed; it is given back when the process ends
   */
  public void release() throws IOException {
    if (channel.isOpen()) {
      channel.close();
      CLAIMED.remove(directory);
    }
  }
}
