package dev.sluice.gateway.netty.internal.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Files and directories that nobody but their owner can read, where the file system knows that. */
public final class OwnerOnly {

  private OwnerOnly() {}

  /**
   * Makes a directory and those above it, unless they are there.
   *
   * @param directory the directory
   * @throws IOException if it cannot be made
   */
  public static void createDirectories(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) { // which may be a link to one
      Files.createDirectories(directory, attributes(directory, "rwx------"));
    }
  }

  /**
   * Opens a file for reading and writing, and makes it if there is none.
   *
   * @param file the file
   * @return its channel, to be closed by the caller
   * @throws IOException if it can be neither opened nor made
   */
  public static FileChannel open(Path file) throws IOException {
    return FileChannel.open(
        file,
        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE),
        attributes(file, "rw-------"));
  }

  /**
   * Makes a file and opens it for writing.
   *
   * @param file the file, which must not exist
   * @return its channel, to be closed by the caller
   * @throws java.nio.file.FileAlreadyExistsException if it exists
   * @throws IOException if it cannot be made
   */
  public static FileChannel create(Path file) throws IOException {
    return FileChannel.open(
        file,
        Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
        attributes(file, "rw-------"));
  }

  private static FileAttribute<?>[] attributes(Path path, String permissions) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
