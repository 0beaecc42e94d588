package dev.sluice.gateway.netty;

import dev.sluice.gateway.Dispatch;
import dev.sluice.gateway.EventType;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.StopMode;
import dev.sluice.gateway.sharding.ShardPlan;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A bot in a process of its own that runs the shards that no other process runs. Each event is
 * handled, by workers, by appending a record to a file: its shard (long), its sequence (int) and
 * the checksum of its data (int). Says {@code started} on its output; a number on its input tells
 * it to hand its shards over, so many at a time, and the end of its input to stop.
 */
final class ChildOwner {

  private static final int WORKERS = 2;

  private final FileChannel file;

  private ChildOwner(FileChannel file) {
    this.file = file;
  }

  static Process start(URI apiUri, String token, Path directory, Path file, int shards)
      throws IOException {
    return ChildJvm.start(ChildOwner.class, apiUri, token, directory, file, shards);
  }

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[2]);
    ShardPlan plan = ShardPlan.all(Integer.parseInt(arguments[4]));
    try (FileChannel file =
            FileChannel.open(
                Path.of(arguments[3]), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        DirectorySessionStore store = SessionStore.directory(directory.resolve("sessions"));
        ShardManager manager =
            ShardManager.builder(arguments[1], Intents.all())
                .apiUri(URI.create(arguments[0]))
                .assignment(ShardAssignment.fileLocks(directory.resolve("locks"), plan))
                .sessionStore(store)
                .workers(Workers.threads(WORKERS))
                .onDispatch(new ChildOwner(file)::handle)
                .build()) {
      manager.start().toCompletableFuture().join();
      System.out.println("started");
      BufferedReader input =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      String atATime = input.readLine();
      if (atATime != null) {
        manager.handOver(Integer.parseInt(atATime)).toCompletableFuture().join();
        manager.stop(StopMode.RESTART).toCompletableFuture().join();
      }
    }
  }

  private void handle(Shard shard, Dispatch dispatch) throws IOException {
    if (dispatch.type() != EventType.READY && dispatch.type() != EventType.RESUMED) {
      ByteBuffer event = ByteBuffer.allocate(ChildBot.RECORD_BYTES);
      event.putLong(shard.id().id()).putInt((int) dispatch.sequence());
      event.putInt(ChildBot.checksum(dispatch.data())).flip();
      write(event);
    }
  }

  private synchronized void write(ByteBuffer event) throws IOException {
    while (event.hasRemaining()) {
      file.write(event);
    }
  }
}
