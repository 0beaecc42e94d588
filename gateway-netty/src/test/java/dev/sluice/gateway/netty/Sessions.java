package dev.sluice.gateway.netty;

import dev.sluice.gateway.Compression;
import dev.sluice.gateway.Encoding;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import java.time.Instant;

/** Sessions for stores to keep. */
final class Sessions {

  static final ShardId SHARD = new ShardId(0, 2);
  static final ShardId OTHER = new ShardId(1, 2);

  private Sessions() {}

  static GatewaySession session(ShardId shard, String id, long sequence) {
    return new GatewaySession(
        id,
        "wss://gateway-us-east1-b.discord.gg",
        sequence,
        0x8000_0000_0000_0000L,
        shard,
        Intents.of(),
        10,
        Encoding.JSON,
        Compression.NONE,
        Instant.EPOCH,
        Instant.EPOCH.plusMillis(sequence));
  }

  static GatewaySession session(String id) {
    return session(SHARD, id, 1);
  }
}
