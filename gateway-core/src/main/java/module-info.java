/**
 * The Discord gateway protocol, both roles, without I/O: the connection of a shard, what a fleet of
 * shards needs beside it, and the server's side for tests. Needs Jackson; {@code zstd-jni} for
 * {@code zstd-stream} alone.
 */
module dev.sluice.gateway {
  requires transitive com.fasterxml.jackson.databind;
  requires static com.github.luben.zstd_jni; // for zstd-stream alone
  requires static transitive org.jspecify;

  exports dev.sluice.gateway;
  exports dev.sluice.gateway.server;
  exports dev.sluice.gateway.sharding;
}
