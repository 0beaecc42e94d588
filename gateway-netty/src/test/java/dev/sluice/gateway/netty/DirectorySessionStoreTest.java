package dev.sluice.gateway.netty;

import static dev.sluice.gateway.netty.Sessions.OTHER;
import static dev.sluice.gateway.netty.Sessions.SHARD;
import static dev.sluice.gateway.netty.Sessions.session;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.gateway.ShardId;
import dev.sluice.gateway.netty.DirectorySessionStore.Fsync;
import dev.sluice.gateway.netty.internal.store.OwnerOnly;
import dev.sluice.gateway.sharding.SessionStarts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

final class DirectorySessionStoreTest extends Resources {

  private static final int PAGE = 4096;
  private static final int COPY = 1024;

  @TempDir Path temporary;

  private DirectorySessionStore store() {
    return open(SessionStore.directory(directory()));
  }

  private Path directory() {
    return temporary.resolve("bot").resolve("sessions");
  }

  private Path file() {
    return directory().resolve("sessions-of-2");
  }

  /** Overwrites a copy of the session of shard 0 of 2. */
  private void spoil(int odd, int offset) throws IOException {
    try (FileChannel file = FileChannel.open(file(), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {'!'}), PAGE + odd * PAGE + offset);
    }
  }

  /** A store whose first write waits for a latch, after it has counted down another. */
  private DirectorySessionStore slowStore(CountDownLatch slow, CountDownLatch writes) {
    return open(
        DirectorySessionStore.builder(directory())
            .opener(
                path -> {
                  writes.countDown();
                  try {
                    assertThat(slow.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
                  } catch (InterruptedException e) {
                    throw new IOException(e);
                  }
                  return OwnerOnly.open(path);
                })
            .build());
  }

  private ListAppender<ILoggingEvent> logOfTheStore() {
    ListAppender<ILoggingEvent> appender = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(DirectorySessionStore.class);
    appender.start();
    logger.addAppender(appender);
    open(() -> logger.detachAppender(appender));
    return appender;
  }

  @Test
  void touchesNothingBeforeItIsUsed() {
    store().close();

    assertThat(directory().getParent()).doesNotExist();
  }

  @Test
  void anotherProcessFindsWhatWasStored() throws Exception {
    DirectorySessionStore store = store();
    get(store.store(session(SHARD, "a", 1), 1));
    get(store.store(session(OTHER, "b", 5), 1));
    get(store.remove(SHARD, 1));

    assertThat(get(store().load(OTHER))).isEqualTo(session(OTHER, "b", 5));
    assertThat(get(store().load(SHARD))).isNull();
  }

  @Test
  void whatWaitsIsWrittenByClose() throws Exception {
    DirectorySessionStore store = store();
    CompletionStage<Boolean> stored = store.store(session("a"), 1);
    store.close();
    store.close();

    assertThat(get(stored)).isTrue();
    assertThat(get(store().load(SHARD))).isEqualTo(session("a"));
    assertThatThrownBy(() -> get(store.store(session("b"), 1))).hasMessageContaining("closed");
    assertThatThrownBy(() -> get(store.load(SHARD))).hasMessageContaining("closed");
  }

  @Test
  void nobodyButTheOwnerCanRead() throws Exception {
    DirectorySessionStore store = store();
    get(store.store(session("a"), 1));
    get(store.keepStarts(new SessionStarts(10, 9, Instant.now().plusSeconds(60)), 1));

    assertThat(directory().getFileSystem().supportedFileAttributeViews()).contains("posix");
    assertThat(Files.getPosixFilePermissions(directory()))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    try (var files = Files.list(directory())) {
      assertThat(files)
          .hasSize(2)
          .allSatisfy(
              file ->
                  assertThat(Files.getPosixFilePermissions(file))
                      .isEqualTo(PosixFilePermissions.fromString("rw-------")));
    }
  }

  @Test
  void anOwnerIsRefusedOnceItsSuccessorHasStored() throws Exception {
    DirectorySessionStore former = store();
    DirectorySessionStore successor = store();
    get(former.load(SHARD));
    get(former.store(session("a"), 4));
    assertThat(get(successor.load(SHARD))).isEqualTo(session("a"));
    get(successor.store(session("b"), 5));

    assertThat(get(former.store(session("a"), 4))).isFalse();
    assertThat(get(former.remove(SHARD, 4))).isFalse();
    assertThat(get(store().load(SHARD))).isEqualTo(session("b"));
    assertThat(former.stats().refused()).isEqualTo(2);
  }

  @Test
  void aProcessWhoseEpochsStartAgainIsNotShutOut() throws Exception {
    DirectorySessionStore before = store();
    get(before.store(session("a"), 57));
    before.close();

    DirectorySessionStore after = store();
    assertThat(get(after.load(SHARD))).isEqualTo(session("a"));
    assertThat(get(after.store(session("b"), 1))).isTrue();
    assertThat(get(after.store(session("c"), 1))).isTrue();
    assertThat(get(after.load(SHARD))).isEqualTo(session("c"));
  }

  @Test
  void oneThatNeverLoadedTheShardIsFencedByWhatIsThere() throws Exception {
    get(store().store(session("a"), 2));

    assertThat(get(store().store(session("b"), 1))).isFalse();
  }

  @Test
  void aWriteThatWasCutShortLeavesTheOneBeforeIt() throws Exception {
    DirectorySessionStore store = store();
    get(store.store(session(SHARD, "s", 1), 1)); // the odd copy
    get(store.store(session(SHARD, "s", 2), 1)); // the even one
    store.close();
    spoil(0, 100);

    DirectorySessionStore next = store();
    assertThat(get(next.load(SHARD))).isEqualTo(session(SHARD, "s", 1));
    assertThat(next.stats().corrupt()).isZero();
    get(next.store(session(SHARD, "s", 3), 1));
    assertThat(get(store().load(SHARD))).isEqualTo(session(SHARD, "s", 3));
  }

  @Test
  void aRecordThatIsNotWholeIsPutAside() throws Exception {
    DirectorySessionStore store = store();
    get(store.store(session("a"), 1));
    get(store.store(session("b"), 1));
    get(store.store(session(OTHER, "c", 3), 1));
    store.close();
    spoil(0, 100);
    spoil(1, 100);

    DirectorySessionStore next = store();
    assertThat(get(next.load(SHARD))).isNull();
    assertThat(get(next.load(SHARD))).isNull();
    assertThat(get(next.load(OTHER))).isEqualTo(session(OTHER, "c", 3));
    assertThat(next.stats().corrupt()).isEqualTo(1);
    assertThat(directory().resolve("shard-0-of-2.corrupt")).hasSize(2 * COPY);
    assertThat(get(next.store(session("d"), 1))).isTrue();
    assertThat(get(next.load(SHARD))).isEqualTo(session("d"));
  }

  @Test
  void aFileOfAnotherKindIsPutAside() throws Exception {
    Files.createDirectories(directory());
    Files.writeString(file(), "something else that was put here");

    DirectorySessionStore store = store();
    assertThat(get(store.load(SHARD))).isNull();
    assertThat(get(store.store(session("a"), 1))).isTrue();
    assertThat(get(store.load(SHARD))).isEqualTo(session("a"));
    assertThat(store.stats().corrupt()).isEqualTo(1);
    assertThat(directory().resolve("sessions-of-2.corrupt"))
        .hasContent("something else that was put here");
  }

  @Test
  void aDirectoryThatCannotBeMadeFailsEveryCallAndIsLoggedOnce() throws Exception {
    ListAppender<ILoggingEvent> log = logOfTheStore();
    Files.createDirectories(directory().getParent());
    Files.writeString(directory(), "a file");
    DirectorySessionStore store = store();

    for (int i = 0; i < 20; i++) {
      assertThatThrownBy(() -> get(store.load(SHARD))).hasRootCauseInstanceOf(IOException.class);
      assertThatThrownBy(() -> get(store.store(session("a"), 1)))
          .hasRootCauseInstanceOf(IOException.class);
    }

    assertThat(store.stats().failed()).isEqualTo(40);
    assertThat(log.list).hasSize(1);
    assertThat(log.list.get(0).getFormattedMessage())
        .contains("cannot read the session of shard 0/2")
        .contains(directory().toString());
    Files.delete(directory());
    assertThat(get(store.store(session("a"), 1))).isTrue();
  }

  @Test
  void aFullDiskFailsWhatIsWrittenAndKeepsWhatWas() throws Exception {
    ListAppender<ILoggingEvent> log = logOfTheStore();
    AtomicInteger room = new AtomicInteger(-1);
    DirectorySessionStore store =
        open(
            DirectorySessionStore.builder(directory())
                .opener(path -> FaultyChannel.open(path, room::get))
                .build());
    get(store.store(session(SHARD, "s", 1), 1));

    for (int fits : new int[] {0, 1, 31, 32, 100, 300}) {
      room.set(fits);
      assertThatThrownBy(() -> get(store.store(session(SHARD, "s", 2), 1)))
          .hasRootCauseMessage("No space left on device");
      assertThat(get(store.load(SHARD))).isEqualTo(session(SHARD, "s", 1));
    }
    assertThatThrownBy(
            () -> get(store.keepStarts(new SessionStarts(9, 9, Instant.now().plusSeconds(9)), 1)))
        .hasRootCauseMessage("No space left on device");
    assertThat(store.stats().failed()).isEqualTo(7);
    assertThat(log.list).hasSize(1);
    assertThat(log.list.get(0).getFormattedMessage()).contains("No space left on device");

    room.set(-1);
    assertThat(get(store.store(session(SHARD, "s", 3), 1))).isTrue();
    assertThat(get(store().load(SHARD))).isEqualTo(session(SHARD, "s", 3));
  }

  @Test
  void aFileThatTheDiskHadNoRoomForIsMadeLater() throws Exception {
    AtomicInteger room = new AtomicInteger(100);
    DirectorySessionStore store =
        open(
            DirectorySessionStore.builder(directory())
                .opener(path -> FaultyChannel.open(path, room::get))
                .build());
    assertThatThrownBy(() -> get(store.store(session("a"), 1)))
        .hasRootCauseMessage("No space left on device");

    room.set(-1);

    assertThat(get(store.store(session("a"), 1))).isTrue();
    assertThat(store.stats().corrupt()).isZero();
  }

  @Test
  void aRealDiskThatFillsUpAfterwardsStopsNoRecord() throws Exception {
    Path disk = Files.createDirectory(temporary.resolve("disk"));
    if (!mount(disk)) {
      System.out.println("no tmpfs can be mounted here: the full disk is a faulty channel alone");
      return;
    }
    open(() -> run("umount", disk.toString()));
    Path sessions = disk.resolve("sessions");
    DirectorySessionStore store = open(SessionStore.directory(sessions));
    get(store.store(session(SHARD, "s", 1), 1));
    assertThatThrownBy(() -> Files.write(disk.resolve("filler"), new byte[1 << 20]))
        .isInstanceOf(IOException.class);

    for (int sequence = 2; sequence < 20; sequence++) {
      assertThat(get(store.store(session(SHARD, "s", sequence), 1))).isTrue();
      assertThat(get(store.store(session(OTHER, "o", sequence), 1))).isTrue();
    }
    ShardId ofAnotherCount = new ShardId(0, 16);
    assertThatThrownBy(() -> get(store.store(session(ofAnotherCount, "n", 1), 1)))
        .hasRootCauseInstanceOf(IOException.class);
    Files.delete(disk.resolve("filler"));
    assertThat(get(store.store(session(ofAnotherCount, "n", 1), 1))).isTrue();
    assertThat(get(store.load(SHARD))).isEqualTo(session(SHARD, "s", 19));
    store.close();
  }

  private static boolean mount(Path disk) throws Exception {
    return "root".equals(System.getProperty("user.name"))
        && run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk.toString()) == 0;
  }

  private static int run(String... command) throws Exception {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }

  @Test
  void aSessionThatNoSlotTakesFails() throws Exception {
    DirectorySessionStore store = store();
    get(store.store(session("a"), 1));
    var long_ =
        new dev.sluice.gateway.GatewaySession(
            "s".repeat(500),
            "wss://" + "h".repeat(500),
            1,
            1,
            SHARD,
            dev.sluice.gateway.Intents.of(),
            10,
            dev.sluice.gateway.Encoding.JSON,
            dev.sluice.gateway.Compression.NONE,
            Instant.EPOCH,
            Instant.EPOCH);

    assertThatThrownBy(() -> get(store.store(long_, 1)))
        .hasRootCauseInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: <= 992");
    assertThat(store.stats().failed()).isEqualTo(1);
  }

  @Test
  void whatComesWhileTheDiskIsSlowIsWrittenTogether() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    CountDownLatch writes = new CountDownLatch(1);
    DirectorySessionStore store = slowStore(slow, writes);
    List<CompletionStage<Boolean>> outcomes = new ArrayList<>();
    outcomes.add(store.store(session(SHARD, "s", 0), 1));
    assertThat(writes.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    for (int sequence = 1; sequence <= 1000; sequence++) {
      outcomes.add(store.store(session(SHARD, "s", sequence), 1));
      outcomes.add(store.store(session(OTHER, "o", sequence), 1));
    }
    assertThat(store.stats().waiting()).isEqualTo(2);
    assertThat(store.stats().batches()).isEqualTo(1);

    slow.countDown();

    for (CompletionStage<Boolean> outcome : outcomes) {
      assertThat(get(outcome)).isTrue();
    }
    assertThat(store.stats().batches()).isEqualTo(2);
    assertThat(store.stats().stored()).isEqualTo(3);
    assertThat(get(store.load(SHARD))).isEqualTo(session(SHARD, "s", 1000));
  }

  @Test
  void whoeverWaitsBehindANewerEpochIsToldThatItIsStale() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    CountDownLatch writes = new CountDownLatch(1);
    DirectorySessionStore store = slowStore(slow, writes);
    CompletionStage<Boolean> first = store.store(session(OTHER, "o", 1), 1);
    assertThat(writes.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    CompletionStage<Boolean> former = store.store(session("a"), 1);
    CompletionStage<Boolean> successor = store.store(session("b"), 2);
    CompletionStage<Boolean> late = store.remove(SHARD, 1);

    slow.countDown();

    assertThat(get(first)).isTrue();
    assertThat(get(former)).isFalse();
    assertThat(get(successor)).isTrue();
    assertThat(get(late)).isFalse();
    assertThat(get(store.load(SHARD))).isEqualTo(session("b"));
  }

  @Test
  void theDiskIsWaitedForAsThePolicySays() throws Exception {
    DirectorySessionStore always =
        open(DirectorySessionStore.builder(directory()).fsync(Fsync.ALWAYS).build());
    get(always.store(session("a"), 1));
    assertThat(always.stats().forced()).isEqualTo(1);

    DirectorySessionStore never =
        open(DirectorySessionStore.builder(directory()).fsync(Fsync.NEVER).build());
    get(never.store(session("a"), 1));
    never.close();
    assertThat(never.stats().forced()).isZero();

    DirectorySessionStore batch =
        open(DirectorySessionStore.builder(directory()).fsyncInterval(Duration.ofDays(1)).build());
    for (int i = 0; i < 10; i++) {
      get(batch.store(session(SHARD, "a", i), 1));
    }
    assertThat(batch.stats().forced()).isZero();
    batch.close();
    assertThat(batch.stats().forced()).isEqualTo(1);
  }

  @Test
  void countsTheSessionStartsOfAllProcessesUntilThePeriodEnds() throws Exception {
    Instant reset = Instant.now().plusSeconds(3600);
    DirectorySessionStore one = store();
    DirectorySessionStore other = store();
    get(one.keepStarts(new SessionStarts(1000, 100, reset), 0));
    get(one.keepStarts(new SessionStarts(1000, 99, reset), 1));

    assertThat(get(other.keepStarts(new SessionStarts(1000, 99, reset), 1)))
        .isEqualTo(new SessionStarts(1000, 98, reset));
    assertThat(get(one.keepStarts(new SessionStarts(1000, 1000, reset), 0)).remaining())
        .isEqualTo(98);
    assertThat(get(one.keepStarts(new SessionStarts(1000, 99, reset), -1)).remaining())
        .isEqualTo(99);

    get(one.keepStarts(new SessionStarts(1000, 5, Instant.now()), 0));
    Files.delete(directory().resolve("session-starts"));
    SessionStarts over = new SessionStarts(1000, 3, Instant.now().minusSeconds(1));
    get(one.keepStarts(over, 0));
    assertThat(get(store().keepStarts(new SessionStarts(1000, 1000, reset), 0)).remaining())
        .isEqualTo(1000);
  }

  @Test
  void aCountOfSessionStartsThatIsNotWholeIsPutAside() throws Exception {
    Instant reset = Instant.now().plusSeconds(3600);
    DirectorySessionStore store = store();
    get(store.keepStarts(new SessionStarts(1000, 100, reset), 1));
    store.close();
    Path file = directory().resolve("session-starts");
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {'!'}), PAGE + PAGE + 40);
    }

    DirectorySessionStore next = store();
    assertThat(get(next.keepStarts(new SessionStarts(1000, 700, reset), 1)).remaining())
        .isEqualTo(700);
    assertThat(next.stats().corrupt()).isEqualTo(1);
    assertThat(directory().resolve("session-starts.corrupt")).exists();
  }

  @Test
  void aDirectoryThatWasRemovedIsMadeAgain() throws Exception {
    DirectorySessionStore store = store();
    get(store.store(session("a"), 1));
    Files.delete(file());
    Files.delete(directory());

    get(store.store(session("b"), 1));

    assertThat(get(store().load(SHARD))).isEqualTo(session("b"));
  }

  @Test
  void settingsAreCheckedAndSetOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> DirectorySessionStore.builder(temporary).fsyncInterval(Duration.ofNanos(-1)))
        .withMessage("fsyncInterval: PT-0.000000001S (expected: PT0S..PT24H)");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> DirectorySessionStore.builder(temporary).fsyncInterval(Duration.ofDays(2)))
        .withMessage("fsyncInterval: PT48H (expected: PT0S..PT24H)");
    assertThatIllegalStateException()
        .isThrownBy(
            () -> DirectorySessionStore.builder(temporary).fsync(Fsync.NEVER).fsync(Fsync.ALWAYS))
        .withMessage("fsync: set already (expected: once)");
    assertThat(DirectorySessionStore.builder(temporary).build())
        .hasToString("DirectorySessionStore[" + temporary + ", fsync BATCH]");
  }
}
