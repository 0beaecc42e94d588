package dev.sluice.gateway.netty.internal.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A file of small records at fixed places, each of which is replaced whole or not at all, whatever
 * interrupts the write. Not thread-safe; confine to one thread at a time.
 */
public final class SlotFile implements Closeable {

  /*
   * The file: a page with what it is, then every slot's even copy, then every slot's odd copy. A
   * record goes to the copy that its generation says, so the one before it stays intact until the
   * new one is whole; of two whole copies the higher generation counts. The copies of a slot are
   * never in one page, which a disk may tear when the power fails. All space is taken when the file
   * is made: a disk that fills up later stops no record from being replaced.
   *
   * A copy: CRC-32C of the rest (int), bytes of content (int), generation, epoch, writer (long
   * each), content. All zero: never written.
   */

  /** The most bytes of content that a slot takes. */
  public static final int MAX_CONTENT_BYTES = 1024 - 32;

  private static final int COPY_BYTES = 1024;
  private static final int PAGE_BYTES = 4096;
  private static final int HEADER_BYTES = 32;
  private static final int CHECKSUM_BYTES = 4;
  private static final long MAGIC = 0x736c_7569_6365_0001L; // "sluice", version
  private static final int ZEROS = 1 << 16;

  private final Path path;
  private final FileChannel channel;
  private final int slots;
  private final ByteBuffer copy = ByteBuffer.allocateDirect(COPY_BYTES);
  private final CRC32C crc = new CRC32C();

  /** A record. Its generation rises by one with every write of the slot. */
  public static final class Slot {

    final long generation;
    final long epoch;
    final long writer;
    final byte[] content; // of length 0 for nothing

    Slot(long generation, long epoch, long writer, byte[] content) {
      this.generation = generation;
      this.epoch = epoch;
      this.writer = writer;
      this.content = content;
    }
  }

  /** How files are opened; tests put in what a full disk would do. */
  @FunctionalInterface
  public interface Opener {

    /**
     * Opens a file for reading and writing, and makes it if there is none.
     *
     * @param path the file
     * @return its channel, the caller's to close
     * @throws IOException if that is not possible
     */
    FileChannel open(Path path) throws IOException;
  }

  /** Neither copy of a slot is whole, and one was written. */
  public static final class CorruptException extends IOException {

    private static final long serialVersionUID = 1L;

    CorruptException(String message) {
      super(message);
    }
  }

  private SlotFile(Path path, FileChannel channel, int slots) {
    this.path = path;
    this.channel = channel;
    this.slots = slots;
  }

  /**
   * Opens a file, and makes it with empty slots if there is none.
   *
   * @param path the file
   * @param slots how many slots it has, at least 1
   * @param opener opens it
   * @return the file, to be closed by the caller
   * @throws CorruptException if it is another kind of file
   * @throws IOException if it cannot be read or written
   */
  public static SlotFile open(Path path, int slots, Opener opener) throws IOException {
    FileChannel channel = opener.open(path);
    try {
      SlotFile file = new SlotFile(path, channel, slots);
      FileLock lock = file.lock();
      try {
        file.checkHeader();
      } finally {
        lock.release();
      }
      return file;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private void checkHeader() throws IOException {
    ByteBuffer header = ByteBuffer.allocate(Long.BYTES + Integer.BYTES);
    readFully(header, 0);
    header.flip();
    if (header.remaining() < header.capacity() || header.getLong(0) == 0) {
      make(); // none, or its maker was interrupted
    } else if (header.getLong(0) != MAGIC || header.getInt(Long.BYTES) != slots) {
      throw new CorruptException(path + ": no file of " + slots + " slots");
    }
  }

  private void make() throws IOException {
    long size = PAGE_BYTES + 2 * region();
    ByteBuffer zeros = ByteBuffer.allocate(ZEROS);
    for (long at = 0; at < size; at += zeros.capacity()) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), size - at));
      writeFully(zeros, at);
    }
    ByteBuffer header = ByteBuffer.allocate(Long.BYTES + Integer.BYTES);
    writeFully(header.putLong(MAGIC).putInt(slots).flip(), 0); // last: now it is whole
  }

  /**
   * Keeps other processes out until the lock is released. Threads of this one have to keep each
   * other out.
   *
   * @return the lock
   * @throws IOException if it cannot be taken
   */
  public FileLock lock() throws IOException {
    return channel.lock(0, 1, false);
  }

  /**
   * Reads a slot.
   *
   * @param slot its number, from 0
   * @return the record, or null if none was ever written
   * @throws CorruptException if what was written is not whole
   * @throws IOException if it cannot be read
   */
  public @Nullable Slot read(int slot) throws IOException {
    boolean empty = true;
    Slot newest = null;
    for (int odd = 0; odd <= 1; odd++) {
      copy.clear();
      readFully(copy, position(slot, odd));
      copy.flip();
      if (copy.remaining() >= HEADER_BYTES && copy.getLong(2 * Integer.BYTES) != 0) {
        empty = false;
        Slot whole = whole();
        if (whole != null && (newest == null || whole.generation > newest.generation)) {
          newest = whole;
        }
      }
    }
    if (newest == null && !empty) {
      throw new CorruptException(path + ": slot " + slot + " is not whole");
    }
    return newest;
  }

  private @Nullable Slot whole() {
    int checksum = copy.getInt();
    int bytes = copy.getInt();
    if (bytes < 0 || bytes > copy.limit() - HEADER_BYTES) {
      return null;
    }
    int end = HEADER_BYTES + bytes;
    if (checksum != checksum(end)) {
      return null;
    }
    copy.position(2 * Integer.BYTES);
    byte[] content = new byte[bytes];
    Slot slot = new Slot(copy.getLong(), copy.getLong(), copy.getLong(), content);
    copy.get(content);
    return slot;
  }

  /**
   * Replaces a slot. It survives the end of this process once this returns, and that of the machine
   * after {@link #force}.
   *
   * @param slot its number, from 0
   * @param before the record that it holds, null if none or no whole one
   * @param epoch of the one who writes
   * @param writer who writes
   * @param content what to write, at most {@link #MAX_CONTENT_BYTES}
   * @throws IllegalArgumentException if the content is longer; nothing has changed
   * @throws IOException if it cannot be written; the slot holds what it did
   */
  public void write(int slot, @Nullable Slot before, long epoch, long writer, byte[] content)
      throws IOException {
    if (content.length > MAX_CONTENT_BYTES) {
      throw new IllegalArgumentException(
          "content: " + content.length + " bytes (expected: <= " + MAX_CONTENT_BYTES + ')');
    }
    long generation = before == null ? 1 : before.generation + 1;
    copy.clear();
    copy.putInt(0).putInt(content.length).putLong(generation).putLong(epoch).putLong(writer);
    copy.put(content).flip();
    copy.putInt(0, checksum(copy.limit())).position(0);
    writeFully(copy, position(slot, (int) (generation & 1)));
  }

  /**
   * {@return both copies of a slot as they are, for whoever wants to know what became of them}
   *
   * @param slot its number, from 0
   * @throws IOException if they cannot be read
   */
  public byte[] copies(int slot) throws IOException {
    ByteBuffer copies = ByteBuffer.allocate(2 * COPY_BYTES);
    readFully(copies.limit(COPY_BYTES), position(slot, 0));
    readFully(copies.clear().position(COPY_BYTES), position(slot, 1));
    return copies.array();
  }

  /**
   * Makes a slot one that was never written.
   *
   * @param slot its number, from 0
   * @throws IOException if it cannot be written
   */
  public void clear(int slot) throws IOException {
    for (int odd = 0; odd <= 1; odd++) {
      writeFully(ByteBuffer.allocate(COPY_BYTES), position(slot, odd));
    }
  }

  /**
   * Waits until what was written is on the disk.
   *
   * @throws IOException if that failed; it may never get there
   */
  public void force() throws IOException {
    channel.force(false);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private int checksum(int end) {
    crc.reset();
    crc.update(copy.duplicate().position(CHECKSUM_BYTES).limit(end));
    return (int) crc.getValue();
  }

  private long region() {
    return ((long) slots * COPY_BYTES + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
  }

  private long position(int slot, int odd) {
    if (slot < 0 || slot >= slots) {
      throw new IllegalArgumentException("slot: " + slot + " (expected: 0.." + (slots - 1) + ')');
    }
    return PAGE_BYTES + odd * region() + (long) slot * COPY_BYTES;
  }

  private void readFully(ByteBuffer to, long at) throws IOException {
    long position = at;
    while (to.hasRemaining()) {
      int read = channel.read(to, position);
      if (read < 0) {
        return;
      }
      position += read;
    }
  }

  private void writeFully(ByteBuffer from, long at) throws IOException {
    long position = at;
    while (from.hasRemaining()) {
      position += channel.write(from, position);
    }
  }
}
