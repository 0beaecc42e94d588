package dev.sluice.gateway.netty;

/**
 * What a {@link DirectorySessionStore} did since it was made. Immutable.
 *
 * @param stored sessions written or forgotten, each perhaps in place of older ones that waited
 * @param refused sessions that came with a stale epoch
 * @param failed reads and writes that failed: the disk is full, or the directory out of reach
 * @param corrupt records and files that were not whole and were put aside
 * @param batches how many times what waited was written
 * @param forced how many times the disk was waited for
 * @param waiting sessions that wait to be written now
 */
public record SessionStoreStats(
    long stored, long refused, long failed, long corrupt, long batches, long forced, int waiting) {

  /** Of a store that did nothing, or does not tell. */
  public static final SessionStoreStats NONE = new SessionStoreStats(0, 0, 0, 0, 0, 0, 0);
}
