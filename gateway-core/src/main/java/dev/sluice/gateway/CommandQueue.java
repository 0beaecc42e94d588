package dev.sluice.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.GatewayCommand.Raw;
import dev.sluice.gateway.GatewayCommand.RequestGuildMembers;
import dev.sluice.gateway.GatewayCommand.UpdatePresence;
import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * The commands that wait to be sent, in order, and the limits that some kinds of them have beside
 * the send budget: presence updates 5 per 20 s, whole member lists 1 per guild and 30 s, and
 * whatever a RATE_LIMITED says. A command that waits for a limit of its own lets later ones pass.
 *
 * <p>These limits belong to the bot, so they go on from one transport to the next.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway-events#update-presence">Update
 *     Presence</a>
 * @see <a
 *     href="https://discord.com/developers/docs/events/gateway-events#request-guild-members">Request
 *     Guild Members</a>
 */
final class CommandQueue {

  static final int PRESENCE_LIMIT = 5;

  private static final long SECOND_NANOS = 1_000_000_000L;

  /** The gateway measures at arrival, so all windows are a second longer than it says. */
  static final long PRESENCE_WINDOW_NANOS = 21 * SECOND_NANOS;

  static final long MEMBER_LIST_WINDOW_NANOS = 31 * SECOND_NANOS;

  /** A longer wait can only be a fault. */
  static final long MAX_HOLD_NANOS = 3_600 * SECOND_NANOS;

  /** A command that waits. Its identity matters: the same command may wait twice. */
  static final class Entry {

    private GatewayCommand command;
    private byte[] payload;
    private @Nullable Object attachment;
    private final long memberListOf; // a guild, or 0

    private Entry(GatewayCommand command, byte[] payload, @Nullable Object attachment) {
      this.command = command;
      this.payload = payload;
      this.attachment = attachment;
      this.memberListOf = memberListOf(command);
    }

    GatewayCommand command() {
      return command;
    }

    byte[] payload() {
      return payload;
    }

    @Nullable Object attachment() {
      return attachment;
    }
  }

  /** The last whole member list that a guild was asked for, and when it may be asked again. */
  private static final class MemberList {

    private final Entry request;
    private long heldUntilNanos;

    MemberList(Entry request, long heldUntilNanos) {
      this.request = request;
      this.heldUntilNanos = heldUntilNanos;
    }
  }

  private final int capacity;
  private final Queue<Entry> entries = new ArrayDeque<>();
  private final Queue<DroppedCommand> dropped = new ArrayDeque<>();
  private final SlidingLog presences = new SlidingLog(PRESENCE_LIMIT, PRESENCE_WINDOW_NANOS);
  private final Map<Long, MemberList> memberLists = new HashMap<>();
  private final Map<Opcode, Long> heldUntilNanos = new EnumMap<>(Opcode.class);

  CommandQueue(int capacity) {
    this.capacity = capacity;
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  /**
   * Adds a command behind the others; a presence update takes the place of one that waits.
   *
   * @return false when the queue is full; nothing has changed
   */
  boolean offer(GatewayCommand command, byte[] payload, @Nullable Object attachment) {
    if (command instanceof UpdatePresence) {
      Entry waiting = waitingPresence();
      if (waiting != null) {
        report(waiting, DroppedCommand.Reason.OVERWRITTEN);
        waiting.command = command;
        waiting.payload = payload;
        waiting.attachment = attachment;
        return true;
      }
    }
    return entries.size() < capacity && entries.add(new Entry(command, payload, attachment));
  }

  /** The next command that no limit of its own holds back, not yet removed; null for none. */
  @Nullable Entry next(long nowNanos) {
    for (Entry entry : entries) {
      if (nanosUntilAllowed(entry, nowNanos) <= 0) {
        return entry;
      }
    }
    return null;
  }

  /** The time until {@link #next} finds one, {@link Long#MAX_VALUE} when nothing waits. */
  long nanosUntilNext(long nowNanos) {
    long nearest = Long.MAX_VALUE;
    for (Entry entry : entries) {
      nearest = Math.min(nearest, nanosUntilAllowed(entry, nowNanos));
    }
    return Math.max(0, nearest);
  }

  /** Removes a command that was handed out. */
  void sent(Entry entry, long nowNanos) {
    entries.remove(entry); // nearly always the first
    if (entry.command.opcode() == Opcode.PRESENCE_UPDATE) {
      presences.add(nowNanos);
    } else if (entry.memberListOf != 0) {
      memberLists.values().removeIf(list -> list.heldUntilNanos - nowNanos <= 0);
      memberLists.put(
          entry.memberListOf, new MemberList(entry, nowNanos + MEMBER_LIST_WINDOW_NANOS));
    }
  }

  /**
   * Takes back the command that was queued with an attachment.
   *
   * @return whether it waited still
   */
  boolean withdraw(Object attachment) {
    return entries.removeIf(entry -> attachment.equals(entry.attachment));
  }

  /** The time until the whole member list of a guild may be asked for, 0 if it may be now. */
  long nanosUntilMemberList(long guildId, long nowNanos) {
    Long until = heldUntilNanos.get(Opcode.REQUEST_GUILD_MEMBERS);
    MemberList list = memberLists.get(guildId);
    long wait = until == null ? 0 : until - nowNanos;
    return Math.max(0, list == null ? wait : Math.max(wait, list.heldUntilNanos - nowNanos));
  }

  /**
   * Takes the presence update that waits, if one does: IDENTIFY carries it.
   *
   * @return what it was queued with, or null
   */
  @Nullable Object takePresence() {
    Entry waiting = waitingPresence();
    if (waiting == null) {
      return null;
    }
    entries.remove(waiting);
    return waiting.attachment;
  }

  /**
   * Heeds a RATE_LIMITED. A whole member list that was refused is queued again, whatever the
   * capacity, for the guild is asked at most once in a window. What is no answer to such a list
   * holds back all commands of its opcode.
   */
  void rateLimited(RateLimited limited, long nowNanos) {
    Opcode opcode = Opcode.of(limited.opcode());
    long until = nowNanos + Math.min(limited.retryAfter().toNanos(), MAX_HOLD_NANOS);
    MemberList list =
        opcode == Opcode.REQUEST_GUILD_MEMBERS ? memberLists.get(limited.guildId()) : null;
    if (list == null || !isAnswerTo(limited, list.request)) {
      if (opcode != Opcode.UNKNOWN) {
        heldUntilNanos.merge(opcode, until, (a, b) -> a - b > 0 ? a : b);
      }
      return;
    }
    if (until - list.heldUntilNanos > 0) {
      list.heldUntilNanos = until;
    }
    if (!entries.contains(list.request)) {
      list.request.attachment = null; // it was reported as sent
      entries.add(list.request);
    }
  }

  /**
   * The session that the commands were meant for is lost: they are dropped, but for a presence
   * update, which goes with the next IDENTIFY.
   */
  void sessionLost() {
    Iterator<Entry> iterator = entries.iterator();
    while (iterator.hasNext()) {
      Entry entry = iterator.next();
      if (!(entry.command instanceof UpdatePresence)) {
        iterator.remove();
        report(entry, DroppedCommand.Reason.SESSION_LOST);
      }
    }
  }

  /** The connection ends: all are dropped. */
  void ended() {
    entries.forEach(entry -> report(entry, DroppedCommand.Reason.ENDED));
    entries.clear();
  }

  /** How many guilds are kept in mind because of their member lists. */
  int trackedGuilds() {
    return memberLists.size();
  }

  @Nullable DroppedCommand pollDropped() {
    return dropped.poll();
  }

  private long nanosUntilAllowed(Entry entry, long nowNanos) {
    Opcode opcode = entry.command.opcode();
    Long until = heldUntilNanos.get(opcode);
    long wait = until == null ? 0 : until - nowNanos;
    if (opcode == Opcode.PRESENCE_UPDATE) {
      wait = Math.max(wait, presences.nanosUntilBelow(PRESENCE_LIMIT, nowNanos));
    } else if (entry.memberListOf != 0) {
      MemberList list = memberLists.get(entry.memberListOf);
      if (list != null) {
        wait = Math.max(wait, list.heldUntilNanos - nowNanos);
      }
    }
    return wait;
  }

  private @Nullable Entry waitingPresence() {
    for (Entry entry : entries) {
      if (entry.command instanceof UpdatePresence) {
        return entry;
      }
    }
    return null;
  }

  private void report(Entry entry, DroppedCommand.Reason reason) {
    if (entry.attachment != null) {
      dropped.add(new DroppedCommand(entry.command, entry.attachment, reason));
    }
  }

  private static boolean isAnswerTo(RateLimited limited, Entry request) {
    return limited.nonce() == null || limited.nonce().equals(nonceOf(request.command));
  }

  private static @Nullable String nonceOf(GatewayCommand command) {
    if (command instanceof RequestGuildMembers request) {
      return request.nonce();
    }
    return command instanceof Raw raw ? raw.data().path("nonce").textValue() : null;
  }

  /** The guild whose whole member list a command asks for, 0 for any other command. */
  private static long memberListOf(GatewayCommand command) {
    if (command instanceof RequestGuildMembers request) {
      return isWhole(request.query(), request.limit()) ? request.guildId() : 0;
    }
    if (command instanceof Raw raw && raw.opcode() == Opcode.REQUEST_GUILD_MEMBERS) {
      JsonNode data = raw.data();
      return isWhole(data.path("query").textValue(), data.path("limit").asInt(0))
          ? data.path("guild_id").asLong(0)
          : 0;
    }
    return 0;
  }

  private static boolean isWhole(@Nullable String query, int limit) {
    return query != null && query.isEmpty() && limit == 0;
  }
}
