package dev.sluice.gateway.netty.internal.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * A file whose locked bytes say which shards are taken, among all processes of the machine, and in
 * which every shard's epochs are counted. The operating system gives back what a process held, in
 * whatever way it ends. Thread-safe.
 */
public final class ShardLocks {

  /*
   * The file: for each shard the epoch of its last owner (long). The bytes that are locked are far
   * behind them, one for each shard, and not there: where locks are mandatory nobody is kept from
   * the epochs.
   *
   * A process that closes a file gives up all its locks of it, whichever channel they were made
   * through. So all that use a file in this process share one channel.
   */

  private static final Map<Path, ShardLocks> OPEN = new HashMap<>(); // guarded by itself
  private static final long FIRST_LOCK = 1L << 32;

  private final Path path;
  private final FileChannel channel;
  private final Map<Integer, FileLock> held = new HashMap<>(); // guarded by this
  private int users; // guarded by OPEN

  private ShardLocks(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Opens the locks of all shards of a bot.
   *
   * @param directory where the file is; made if there is none
   * @param shardCount the number of the bot's shards
   * @return the locks, to be closed by the caller
   * @throws IOException if the file cannot be opened
   */
  public static ShardLocks open(Path directory, int shardCount) throws IOException {
    OwnerOnly.createDirectories(directory);
    Path path = directory.toRealPath().resolve("shards-of-" + shardCount + ".locks");
    synchronized (OPEN) {
      ShardLocks locks = OPEN.get(path);
      if (locks == null) {
        locks = new ShardLocks(path, OwnerOnly.open(path));
        OPEN.put(path, locks);
      }
      locks.users++;
      return locks;
    }
  }

  /**
   * Takes a shard if nobody has it.
   *
   * @param shardId its id
   * @return the epoch, one more than the last owner's, or 0 if somebody has it
   * @throws IOException if the file cannot be read or written; the shard is not taken
   */
  public synchronized long tryTake(int shardId) throws IOException {
    if (held.containsKey(shardId)) {
      return 0;
    }
    FileLock lock;
    try {
      lock = channel.tryLock(FIRST_LOCK + shardId, 1, false);
    } catch (OverlappingFileLockException e) {
      return 0; // by another class loader of this process
    }
    if (lock == null) {
      return 0;
    }
    try {
      long epoch = nextEpoch(shardId);
      held.put(shardId, lock);
      return epoch;
    } catch (IOException e) {
      lock.release();
      throw e;
    }
  }

  private long nextEpoch(int shardId) throws IOException {
    long position = (long) shardId * Long.BYTES;
    ByteBuffer epoch = ByteBuffer.allocate(Long.BYTES);
    int read = 0;
    while (read >= 0 && epoch.hasRemaining()) {
      read = channel.read(epoch, position + epoch.position());
    }
    long next = epoch.getLong(0) + 1; // of what was never written: 1
    epoch.clear().putLong(next).flip();
    while (epoch.hasRemaining()) {
      channel.write(epoch, position + epoch.position());
    }
    return next;
  }

  /**
   * Gives a shard back.
   *
   * @param shardId one that was taken through this object
   * @throws IOException if that failed; it is given back when the process ends
   */
  public synchronized void giveBack(int shardId) throws IOException {
    FileLock lock = held.remove(shardId);
    if (lock != null) {
      lock.release();
    }
  }

  /**
   * Closes the file, once everybody who opened it has closed it.
   *
   * @throws IOException if that failed
   */
  public void close() throws IOException {
    synchronized (OPEN) {
      if (--users == 0) {
        OPEN.remove(path);
        channel.close();
      }
    }
  }
}
