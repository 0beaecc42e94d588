package dev.sluice.gateway.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.Intents;
import dev.sluice.gateway.sharding.ShardPlan;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DefaultSessionsTest extends Resources {

  private static final String SECRET = "GsTyZa.sO9cJk4XvE0u-a_secret_part_of_it";
  private static final String TOKEN =
      Base64.getUrlEncoder()
              .withoutPadding()
              .encodeToString("123456789012345678".getBytes(StandardCharsets.US_ASCII))
          + '.'
          + SECRET;

  @TempDir Path parent;

  private ShardManagerBuilder settings() {
    ShardManagerBuilder settings = ShardManager.builder(TOKEN, Intents.of());
    settings.sessionParent = parent;
    return settings;
  }

  @Test
  void filesBelowTheWorkingDirectoryAreTheDefault() throws Exception {
    assertThat(ShardManager.builder(TOKEN, Intents.of()).sessionParent)
        .isEqualTo(Path.of("sluice-sessions"));

    SessionStore store = open((DirectorySessionStore) settings().openSessionStore());

    assertThat(store.isDurable()).isTrue();
    assertThat(get(store.store(Sessions.session("a"), 1))).isTrue();
    assertThat(parent.resolve("123456789012345678").resolve("sessions-of-2")).exists();
  }

  @Test
  void botsAreApartAndTheirTokensCannotBeRead() {
    String nameless = DefaultSessions.name("no-id-in-it." + SECRET);

    assertThat(DefaultSessions.name(TOKEN)).isEqualTo("123456789012345678");
    assertThat(nameless).matches("[0-9a-f]{16}");
    assertThat(DefaultSessions.name("another." + SECRET)).isNotEqualTo(nameless);
    assertThat(DefaultSessions.name("token")).matches("[0-9a-f]{16}");
    assertThat(DefaultSessions.name("dG9rZW4." + SECRET))
        .as("base64, but no id")
        .matches("[0-9a-f]{16}");
  }

  @Test
  void theSessionsOfARunningManagerAreNotTakenFromIt() throws Exception {
    DirectorySessionStore first = open((DirectorySessionStore) settings().openSessionStore());

    assertThat(settings().openSessionStore().isDurable()).isFalse();

    first.close();
    open((DirectorySessionStore) settings().openSessionStore());
  }

  @Test
  void norAreThoseOfAManagerThatAnotherClassLoaderRuns() throws Exception {
    open((DirectorySessionStore) settings().openSessionStore()).close();
    Path claim = parent.resolve("123456789012345678").resolve("in-use");

    try (FileChannel other = FileChannel.open(claim, StandardOpenOption.WRITE);
        FileLock lock = other.lock()) {
      assertThat(lock.isValid()).isTrue();
      assertThat(settings().openSessionStore().isDurable()).isFalse();
    }

    open((DirectorySessionStore) settings().openSessionStore());
  }

  @Test
  void managersThatDivideTheShardsShareThem() throws Exception {
    ShardAssignment assignment = ShardAssignment.fileLocks(parent, ShardPlan.all(2));
    SessionStore first =
        open((DirectorySessionStore) settings().assignment(assignment).openSessionStore());
    SessionStore second =
        open((DirectorySessionStore) settings().assignment(assignment).openSessionStore());

    get(first.store(Sessions.session("a"), 1));

    assertThat(get(second.load(Sessions.SHARD))).isEqualTo(Sessions.session("a"));
  }

  @Test
  void aPlaceThatCannotBeWrittenIsDoneWithout() throws Exception {
    Files.delete(parent);
    Files.writeString(parent, "a file");

    assertThat(settings().openSessionStore().isDurable()).isFalse();
  }

  @Test
  void theSessionsOfAnotherGatewayStayInMemory() {
    assertThat(settings().gatewayUri(URI.create("ws://localhost")).openSessionStore().isDurable())
        .isFalse();
    assertThat(settings().apiUri(URI.create("http://localhost")).openSessionStore().isDurable())
        .isFalse();
    assertThat(parent).isEmptyDirectory();
  }

  @Test
  void aStoreThatWasSetIsTaken() {
    SessionStore store = SessionStore.inMemory();

    assertThat(settings().sessionStore(store).openSessionStore()).isSameAs(store);
    assertThat(parent).isEmptyDirectory();
  }
}
