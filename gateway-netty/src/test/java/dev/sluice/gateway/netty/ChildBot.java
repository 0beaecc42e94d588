package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.GatewaySession;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32C;

/**
 * A bot in a process of its own, which a test may kill. Each event is handled by appending a record
 * to a file, which outlives the process as soon as it is written. Says {@code ready} on its output,
 * and stops in good order once its input ends.
 */
final class ChildBot {

  /** Of a record; a divisor of a page, so that not even a kill leaves half of one. */
  static final int RECORD_BYTES = 16;

  private final Map<ShardId, Long> sessions = new ConcurrentHashMap<>();
  private final FileChannel file;

  private ChildBot(FileChannel file) {
    this.file = file;
  }

  /** Starts a bot as a child of this process; with 0 workers it handles events inline. */
  static Process start(URI apiUri, String token, Path sessions, Path file, int shards, int workers)
      throws IOException {
    return ChildJvm.start(ChildBot.class, apiUri, token, sessions, file, shards, workers);
  }

  /** What stands for a session in the records. */
  static long key(String sessionId) {
    return ((long) sessionId.hashCode() << Integer.SIZE) | sessionId.length();
  }

  static int checksum(ByteBuffer d) {
    CRC32C checksum = new CRC32C();
    checksum.update(d.duplicate());
    return (int) checksum.getValue();
  }

  public static void main(String[] arguments) throws Exception {
    int shards = Integer.parseInt(arguments[4]);
    try (DirectorySessionStore store = SessionStore.directory(Path.of(arguments[2]));
        FileChannel file =
            FileChannel.open(
                Path.of(arguments[3]), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      ChildBot bot = new ChildBot(file);
      for (int id = 0; id < shards; id++) {
        ShardId shard = new ShardId(id, shards);
        GatewaySession session = store.load(shard).toCompletableFuture().join();
        if (session != null) {
          bot.sessions.put(shard, key(session.sessionId()));
        }
      }
      ShardManagerBuilder settings =
          ShardManager.builder(arguments[1], Intents.all())
              .apiUri(URI.create(arguments[0]))
              .shards(shards)
              .sessionStore(store)
              .checkpointInterval(Duration.ofMillis(200))
              .onDispatch(bot::handle);
      int workers = Integer.parseInt(arguments[5]);
      if (workers > 0) {
        settings.workers(Workers.threads(workers));
      }
      try (ShardManager manager = settings.build()) {
        manager.start().toCompletableFuture().join();
        manager.ready().toCompletableFuture().join();
        System.out.println("ready");
        while (System.in.read() >= 0) {
          // until the parent has no more use for the bot
        }
      }
    }
  }

  private void handle(Shard shard, Dispatch dispatch) throws IOException {
    if (dispatch.type() == EventType.READY) {
      sessions.put(shard.id(), key(dispatch.readTree().path("session_id").asText()));
    } else if (dispatch.type() != EventType.RESUMED) {
      ByteBuffer event = ByteBuffer.allocate(RECORD_BYTES);
      event.putLong(sessions.getOrDefault(shard.id(), 0L));
      event.putInt((int) dispatch.sequence()).putInt(checksum(dispatch.data())).flip();
      write(event);
    }
  }

  private synchronized void write(ByteBuffer event) throws IOException {
    while (event.hasRemaining()) {
      file.write(event);
    }
  }
}
