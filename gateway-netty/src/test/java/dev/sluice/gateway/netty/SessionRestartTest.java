package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.GatewayState;
import dev.sluice.gateway.Intents;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.sharding.SessionStarts;
import dev.sluice.gateway.testkit.LocalGateway;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SessionRestartTest extends Resources {

  private static final int SHARDS = 3;
  private static final int STARTS = 100;

  private final Recorder recorder = new Recorder();
  private LocalGateway gateway;

  @TempDir Path temporary;

  @BeforeEach
  void startGateway() {
    gateway =
        open(
            LocalGateway.builder()
                .listener(recorder)
                .server(
                    server ->
                        server
                            .shards(SHARDS)
                            .maxConcurrency(SHARDS)
                            .identifyWindow(Duration.ofMillis(1)) // the next process is as quick
                            .sessionStartTotal(STARTS))
                .start());
  }

  private Path directory() {
    return temporary.resolve("sessions");
  }

  /** Runs a bot until all its shards are ready, and stops it as a restart would. */
  private void run() throws Exception {
    try (DirectorySessionStore store = SessionStore.directory(directory());
        ShardManager manager =
            ShardManager.builder(gateway.token(), Intents.all())
                .apiUri(gateway.apiUri())
                .sessionStore(store)
                .listener(recorder)
                .build()) {
      get(manager.start());
      get(manager.ready());
      assertThat(manager.stats().shards(GatewayState.READY)).isEqualTo(SHARDS);
    }
  }

  private int startsLeft() throws Exception {
    DirectorySessionStore store = open(SessionStore.directory(directory()));
    Instant reset = Instant.now().plusSeconds(3600);
    return get(store.keepStarts(new SessionStarts(STARTS, STARTS, reset), 0)).remaining();
  }

  @Test
  void everySessionIsResumed() throws Exception {
    run();
    run();
    run();

    assertThat(recorder.identifies()).isEqualTo(SHARDS);
    assertThat(recorder.resumes()).isEqualTo(2 * SHARDS);
    assertThat(startsLeft()).isEqualTo(STARTS - SHARDS);
  }

  @Test
  void aRecordThatIsNotWholeCostsOneIdentify() throws Exception {
    run();
    Path file = directory().resolve("sessions-of-" + SHARDS);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      // In the length, for one copy may say that there is no session, and has no content to break.
      channel.write(ByteBuffer.wrap(new byte[] {'!'}), 4096 + 1024 + 4);
      channel.write(ByteBuffer.wrap(new byte[] {'!'}), 4096 + 4096 + 1024 + 4);
    }
    run();
    run();

    assertThat(recorder.identifies()).isEqualTo(SHARDS + 1);
    assertThat(recorder.resumes()).isEqualTo(2 * SHARDS - 1);
    assertThat(directory().resolve("shard-1-of-3.corrupt")).exists();
    assertThat(startsLeft()).isEqualTo(STARTS - SHARDS - 1);
  }

  @Test
  void aDirectoryThatCannotBeUsedCostsTheSessionsAndNothingElse() throws Exception {
    Files.writeString(directory(), "a file");

    run();
    run();

    assertThat(recorder.identifies()).isEqualTo(2 * SHARDS);
  }

  @Test
  void theSessionsOfAnotherShardCountAreLeftAlone() throws Exception {
    run();
    DirectorySessionStore store = open(SessionStore.directory(directory()));

    assertThat(get(store.load(new ShardId(0, SHARDS)))).isNotNull();
    assertThat(get(store.load(new ShardId(0, SHARDS + 1)))).isNull();
  }
}
