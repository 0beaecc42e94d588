package dev.sluice.gateway.netty.internal.store;

import static java.util.Objects.requireNonNull;

import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.SessionStarts;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of a bot, and how many it may still start, in the files of a directory. Several
 * processes, and several of these, may work on one directory: each call keeps the others out.
 *
 * <p>Blocks. Not thread-safe; confine to one thread.
 */
public final class SessionDirectory implements Closeable {

  /*
   * A slot file for each number of shards, and one of a single slot for the session starts.
   *
   * The epoch of a record fences those who own the shard at a time. It must not shut out a process
   * that was started later with lower epochs, as when the shards are divided in another way than
   * before. So what was there when the shard was loaded fences nobody: only what another owner
   * wrote since, or we ourselves.
   */

  private static final Map<Path, ReentrantLock> DIRECTORIES = new ConcurrentHashMap<>();
  private static final String STARTS = "session-starts";
  private static final String CORRUPT = ".corrupt";

  private final Path directory;
  private final SlotFile.Opener opener;
  private final Consumer<String> onCorrupt;
  private final ReentrantLock others;
  private final long writer = ThreadLocalRandom.current().nextLong();
  private final Map<String, SlotFile> files = new HashMap<>();
  private final Map<ShardId, Long> loaded = new HashMap<>(); // the generation that was there

  private interface Work<T> {
    @Nullable T on(SlotFile file) throws IOException;
  }

  /**
   * Names a directory. Nothing is read or made before the first call.
   *
   * @param directory where the files are
   * @param opener opens them
   * @param onCorrupt is told of what was not whole, and where it was put aside
   */
  public SessionDirectory(Path directory, SlotFile.Opener opener, Consumer<String> onCorrupt) {
    this.directory = directory.toAbsolutePath().normalize();
    this.opener = opener;
    this.onCorrupt = onCorrupt;
    this.others = DIRECTORIES.computeIfAbsent(this.directory, key -> new ReentrantLock());
  }

  /**
   * Reads the session of a shard.
   *
   * @param shard which shard of how many
   * @return the session, or null if there is none, or no whole one, which is put aside
   * @throws IOException if the files cannot be read
   */
  public @Nullable GatewaySession load(ShardId shard) throws IOException {
    return with(
        name(shard.count()),
        shard.count(),
        file -> {
          SlotFile.Slot slot = read(file, shard.id(), label(shard));
          loaded.put(shard, slot == null ? 0 : slot.generation);
          if (slot == null || slot.content.length == 0) {
            return null;
          }
          try {
            return GatewaySession.fromJson(new String(slot.content, StandardCharsets.UTF_8));
          } catch (IllegalArgumentException e) {
            putAside(file, shard.id(), label(shard), e.getMessage());
            return null;
          }
        });
  }

  /**
   * Writes sessions. What became of each is in it afterwards; nobody is told yet.
   *
   * @param changes the sessions, one for each shard at most
   */
  public void write(Collection<SessionChange> changes) {
    Map<Integer, List<SessionChange>> byCount =
        changes.stream().collect(Collectors.groupingBy(change -> change.shard.count()));
    byCount.forEach(
        (count, batch) -> {
          try {
            with(
                name(count),
                count,
                file -> {
                  batch.forEach(change -> write(file, change));
                  return null;
                });
          } catch (IOException | RuntimeException e) {
            batch.forEach(change -> change.fail(e));
          }
          if (batch.stream().anyMatch(change -> change.failure() instanceof IOException)) {
            closeQuietly(name(count)); // and see whether the next attempt fares better
          }
        });
  }

  private void write(SlotFile file, SessionChange change) {
    ShardId shard = change.shard;
    try {
      SlotFile.Slot before = read(file, shard.id(), label(shard));
      if (before != null && isStale(shard, change.epoch, before)) {
        change.done(false);
        return;
      }
      GatewaySession session = change.session;
      byte[] content =
          session == null ? new byte[0] : session.toJson().getBytes(StandardCharsets.UTF_8);
      file.write(shard.id(), before, change.epoch, writer, content);
      change.done(true);
    } catch (IOException | RuntimeException e) {
      change.fail(e);
    }
  }

  private boolean isStale(ShardId shard, long epoch, SlotFile.Slot kept) {
    if (epoch >= kept.epoch) {
      return false;
    }
    Long seen = loaded.get(shard);
    return kept.writer == writer || seen == null || kept.generation > seen;
  }

  /**
   * Keeps what is left of the session starts.
   *
   * @param known what the caller knows is left
   * @param spent how many it has spent since it last asked; negative if that many were given back
   * @param now the wall clock
   * @return what is left by the stricter of that and what was kept
   * @throws IOException if it cannot be read or written
   */
  public SessionStarts keepStarts(SessionStarts known, int spent, Instant now) throws IOException {
    try {
      return requireNonNull(
          with(
              STARTS,
              1,
              file -> {
                SlotFile.Slot before = read(file, 0, STARTS);
                SessionStarts kept = before == null ? null : starts(file, before);
                SessionStarts left = kept == null ? known : known.stricter(kept, spent, now);
                if (!left.equals(kept)) {
                  String content = left.total() + " " + left.remaining() + " " + left.resetAt();
                  file.write(0, before, 0, writer, content.getBytes(StandardCharsets.UTF_8));
                }
                return left;
              }));
    } catch (IOException e) {
      closeQuietly(STARTS);
      throw e;
    }
  }

  private @Nullable SessionStarts starts(SlotFile file, SlotFile.Slot slot) throws IOException {
    String content = new String(slot.content, StandardCharsets.UTF_8);
    String[] parts = content.split(" ", -1);
    try {
      if (parts.length != 3) {
        throw new IllegalArgumentException(content);
      }
      return new SessionStarts(
          Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Instant.parse(parts[2]));
    } catch (IllegalArgumentException | DateTimeException e) {
      putAside(file, 0, STARTS, "not what was written: " + e.getMessage());
      return null;
    }
  }

  /**
   * Waits until all that was written is on the disk.
   *
   * @throws IOException if that failed for a file; it is opened anew when it is used next
   */
  public void force() throws IOException {
    IOException failure = null;
    for (Map.Entry<String, SlotFile> file : Map.copyOf(files).entrySet()) {
      try {
        file.getValue().force();
      } catch (IOException e) {
        failure = e;
        closeQuietly(file.getKey());
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Closes the files. They are opened again when they are used next. */
  @Override
  public void close() {
    List.copyOf(files.keySet()).forEach(this::closeQuietly);
  }

  private <T> @Nullable T with(String name, int slots, Work<T> work) throws IOException {
    others.lock();
    try {
      SlotFile file = file(name, slots);
      FileLock lock = file.lock();
      try {
        return work.on(file);
      } finally {
        lock.release();
      }
    } finally {
      others.unlock();
    }
  }

  private SlotFile file(String name, int slots) throws IOException {
    Path path = directory.resolve(name);
    SlotFile file = files.get(name);
    if (file != null && Files.exists(path)) {
      return file;
    }
    closeQuietly(name); // somebody removed it, and would never see what is written to it
    OwnerOnly.createDirectories(directory);
    try {
      file = SlotFile.open(path, slots, opener);
    } catch (SlotFile.CorruptException e) {
      Path aside = directory.resolve(name + CORRUPT);
      Files.move(path, aside, StandardCopyOption.REPLACE_EXISTING);
      onCorrupt.accept(e.getMessage() + "; put aside as " + aside);
      file = SlotFile.open(path, slots, opener);
    }
    files.put(name, file);
    return file;
  }

  private SlotFile.@Nullable Slot read(SlotFile file, int slot, String label) throws IOException {
    try {
      return file.read(slot);
    } catch (SlotFile.CorruptException e) {
      putAside(file, slot, label, e.getMessage());
      return null;
    }
  }

  private void putAside(SlotFile file, int slot, String label, @Nullable String reason)
      throws IOException {
    Path aside = directory.resolve(label + CORRUPT);
    String where = "put aside as " + aside;
    try (FileChannel channel = OwnerOnly.open(aside)) {
      channel.write(ByteBuffer.wrap(file.copies(slot)), 0);
    } catch (IOException e) {
      where = "could not be put aside: " + e; // which must not stop the shard
    }
    file.clear(slot);
    onCorrupt.accept(label + ": " + reason + "; " + where);
  }

  private void closeQuietly(String name) {
    others.lock(); // closing a file drops what locks of it this process has
    try {
      SlotFile file = files.remove(name);
      if (file != null) {
        file.close();
      }
    } catch (IOException e) {
      // What counts was written, or has failed, before.
    } finally {
      others.unlock();
    }
  }

  private static String name(int shardCount) {
    return "sessions-of-" + shardCount;
  }

  private static String label(ShardId shard) {
    return "shard-" + shard.id() + "-of-" + shard.count();
  }
}
