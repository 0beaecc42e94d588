package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.gateway.CommandQueue.Entry;
import dev.sluice.gateway.GatewayCommand.Raw;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import dev.sluice.gateway.GatewayCommand.UpdateVoiceState;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CommandQueueTest {

  private static final byte[] PAYLOAD = {};
  private static final long SECOND = 1_000_000_000L;
  private static final long START = Long.MAX_VALUE - 20 * SECOND; // wraps within every window

  private final CommandQueue queue = new CommandQueue(4);

  private boolean offer(GatewayCommand command, @Nullable Object attachment) {
    return queue.offer(command, PAYLOAD, attachment);
  }

  private void send(GatewayCommand command, long nowNanos) {
    assertThat(offer(command, null)).isTrue();
    Entry next = queue.next(nowNanos);
    assertThat(next).isNotNull();
    assertThat(next.command()).isSameAs(command);
    queue.sent(next, nowNanos);
  }

  private static RateLimited rateLimited(
      int opcode, double seconds, long guild, @Nullable String nonce) {
    ObjectNode meta = JsonNodeFactory.instance.objectNode();
    meta.put("guild_id", Long.toUnsignedString(guild));
    if (nonce != null) {
      meta.put("nonce", nonce);
    }
    return new RateLimited(opcode, Duration.ofNanos((long) (seconds * SECOND)), meta);
  }

  private static Raw rawMemberList(String nonce) {
    ObjectNode data = JsonNodeFactory.instance.objectNode();
    return new Raw(
        8, data.put("guild_id", "7").put("query", "").put("limit", 0).put("nonce", nonce));
  }

  @Test
  void knowsWhetherAnythingWaits() {
    assertThat(queue.isEmpty()).isTrue();
    assertThat(queue.nanosUntilNext(START)).isEqualTo(Long.MAX_VALUE);
    assertThat(queue.next(START)).isNull();

    offer(UpdateVoiceState.leave(1), null);

    assertThat(queue.isEmpty()).isFalse();
    assertThat(queue.nanosUntilNext(START)).isZero();
  }

  @Test
  void holdsAsManyAsItsCapacityAndStillReplacesAPresence() {
    offer(new UpdatePresence(Presence.online()), "first");
    for (int i = 1; i < 4; i++) {
      assertThat(offer(UpdateVoiceState.leave(i), null)).isTrue();
    }

    assertThat(offer(UpdateVoiceState.leave(4), "refused")).isFalse();
    assertThat(queue.pollDropped()).isNull();
    assertThat(offer(new UpdatePresence(Presence.online()), "second")).isTrue();
    assertThat(queue.pollDropped()).extracting(DroppedCommand::attachment).isEqualTo("first");
  }

  @Test
  void tellsTheTimeToTheNearestOfThoseThatWait() {
    send(RequestGuildMembers.all(7), START);
    send(RequestGuildMembers.all(8), START + 5 * SECOND);
    offer(RequestGuildMembers.all(8), null);
    offer(RequestGuildMembers.all(7), null);

    assertThat(queue.nanosUntilNext(START + 5 * SECOND)).isEqualTo(26 * SECOND);
    assertThat(queue.next(START + 31 * SECOND - 1)).isNull();
    assertThat(queue.next(START + 31 * SECOND))
        .extracting(Entry::command)
        .isEqualTo(RequestGuildMembers.all(7));
  }

  @Test
  void forgetsGuildsWhoseWindowIsOver() {
    for (int guild = 1; guild <= 100; guild++) {
      send(RequestGuildMembers.all(guild), START + guild * SECOND);
    }

    assertThat(queue.trackedGuilds()).isEqualTo(31);
    send(RequestGuildMembers.all(1), START + 200 * SECOND);
    assertThat(queue.trackedGuilds()).isEqualTo(1);
  }

  @Test
  void keepsTheLongerOfTwoHolds() {
    offer(UpdateVoiceState.leave(1), null);
    queue.rateLimited(rateLimited(4, 30, 0, null), START);
    queue.rateLimited(rateLimited(4, 10, 0, null), START);
    assertThat(queue.nanosUntilNext(START)).isEqualTo(30 * SECOND);

    queue.rateLimited(rateLimited(4, 40, 0, null), START);
    assertThat(queue.nanosUntilNext(START)).isEqualTo(40 * SECOND);
    assertThat(queue.next(START + 40 * SECOND)).isNotNull();
  }

  @Test
  void aRefusalNeverShortensTheWindowOfAGuild() {
    send(RequestGuildMembers.all(7), START);
    queue.rateLimited(rateLimited(8, 1, 7, null), START);
    assertThat(queue.nanosUntilNext(START)).isEqualTo(31 * SECOND);

    queue.rateLimited(rateLimited(8, 45, 7, null), START);
    assertThat(queue.nanosUntilNext(START)).isEqualTo(45 * SECOND);
  }

  @Test
  void queuesARefusedMemberListAgainOnceAndWithoutItsAttachment() {
    offer(rawMemberList("mine"), "told when it was sent");
    Entry sent = queue.next(START);
    assertThat(sent).isNotNull();
    queue.sent(sent, START);

    queue.rateLimited(rateLimited(8, 1, 7, "other"), START);
    assertThat(queue.isEmpty()).isTrue();
    queue.rateLimited(rateLimited(8, 1, 7, "mine"), START);
    queue.rateLimited(rateLimited(8, 1, 7, "mine"), START);

    Entry again = queue.next(START + 31 * SECOND);
    assertThat(again).isNotNull();
    assertThat(again.attachment()).isNull();
    queue.sent(again, START + 31 * SECOND);
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void aRefusedSearchIsHeldBackInAGuildWhoseListWasAskedForToo() {
    RequestGuildMembers search = RequestGuildMembers.byPrefix(7, "a", 1).withNonce("search");
    send(RequestGuildMembers.all(7).withNonce("list"), START);
    send(search, START);

    queue.rateLimited(rateLimited(8, 10, 7, "search"), START);
    offer(search, null);

    assertThat(queue.nanosUntilNext(START)).isEqualTo(10 * SECOND);
  }

  @Test
  void aRefusalWithoutANonceIsTheAnswerToTheLastRequest() {
    send(RequestGuildMembers.all(7).withNonce("mine"), START);

    queue.rateLimited(rateLimited(8, 1, 7, null), START);

    assertThat(queue.isEmpty()).isFalse();
  }

  @Test
  void anEndDropsAllAndTellsOfThoseSomebodyWaitsFor() {
    offer(UpdateVoiceState.leave(1), "told");
    offer(UpdateVoiceState.leave(2), null);
    offer(new UpdatePresence(Presence.online()), "told too");

    queue.ended();

    assertThat(queue.isEmpty()).isTrue();
    assertThat(queue.pollDropped()).extracting(DroppedCommand::attachment).isEqualTo("told");
    assertThat(queue.pollDropped()).extracting(DroppedCommand::attachment).isEqualTo("told too");
    assertThat(queue.pollDropped()).isNull();
  }

  @Test
  void takesBackWhatWaitsAndNothingElse() {
    offer(UpdateVoiceState.leave(1), "first");
    offer(UpdateVoiceState.leave(1), null);
    offer(UpdateVoiceState.leave(2), "second");

    assertThat(queue.withdraw("second")).isTrue();
    assertThat(queue.withdraw("second")).isFalse();
    assertThat(queue.pollDropped()).as("nobody is told").isNull();
    queue.ended();
    assertThat(queue.pollDropped())
        .satisfies(dropped -> assertThat(dropped.attachment()).isEqualTo("first"));
    assertThat(queue.pollDropped()).isNull();
  }

  @Test
  void saysWhenTheMemberListOfAGuildMayBeAskedForAgain() {
    assertThat(queue.nanosUntilMemberList(7, START)).isZero();

    send(RequestGuildMembers.all(7), START);

    assertThat(queue.nanosUntilMemberList(7, START + SECOND)).isEqualTo(30 * SECOND);
    assertThat(queue.nanosUntilMemberList(8, START + SECOND)).isZero();
    assertThat(queue.nanosUntilMemberList(7, START + 40 * SECOND)).isZero();

    queue.rateLimited(rateLimited(8, 50, 9, null), START + SECOND); // of no guild that it knows

    assertThat(queue.nanosUntilMemberList(7, START + SECOND)).isEqualTo(50 * SECOND);
    assertThat(queue.nanosUntilMemberList(8, START + SECOND)).isEqualTo(50 * SECOND);
  }
}
