package dev.sluice.gateway.netty;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.function.IntSupplier;

/** A file on a disk that may have no room for what is written. */
final class FaultyChannel extends FileChannel {

  private final FileChannel file;
  private final IntSupplier room;

  /**
   * Wraps a file.
   *
   * @param room is asked at each write how many bytes of it still fit, negative for all
   */
  FaultyChannel(FileChannel file, IntSupplier room) {
    this.file = file;
    this.room = room;
  }

  static FileChannel open(Path path, IntSupplier room) throws IOException {
    return new FaultyChannel(dev.sluice.gateway.netty.internal.store.OwnerOnly.open(path), room);
  }

  @Override
  public int write(ByteBuffer source, long position) throws IOException {
    int fits = room.getAsInt();
    if (fits < 0 || fits >= source.remaining()) {
      return file.write(source, position);
    }
    file.write(source.duplicate().limit(source.position() + fits), position);
    throw new IOException("No space left on device");
  }

  @Override
  public int read(ByteBuffer target, long position) throws IOException {
    return file.read(target, position);
  }

  @Override
  public void force(boolean metaData) throws IOException {
    file.force(metaData);
  }

  @Override
  public FileLock lock(long position, long size, boolean shared) throws IOException {
    return file.lock(position, size, shared);
  }

  @Override
  public FileLock tryLock(long position, long size, boolean shared) throws IOException {
    return file.tryLock(position, size, shared);
  }

  @Override
  protected void implCloseChannel() throws IOException {
    file.close();
  }

  @Override
  public int read(ByteBuffer target) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int write(ByteBuffer source) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long position() {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileChannel position(long newPosition) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long size() {
    throw new UnsupportedOperationException();
  }

  @Override
  public FileChannel truncate(long size) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) {
    throw new UnsupportedOperationException();
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long position, long count) {
    throw new UnsupportedOperationException();
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long position, long size) {
    throw new UnsupportedOperationException();
  }
}
