package dev.sluice.gateway;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.gateway.internal.PayloadWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that the application wants the gateway to do; sent to it by the connection as soon as
 * the session is ready and the send budget allows. Commands are immutable values and refuse at
 * construction what the gateway is documented to refuse.
 *
 * <p>Ids are unsigned 64-bit numbers and never 0.
 *
 * @see <a href="https://discord.com/developers/docs/events/gateway-events#send-events">Send
 *     events</a>
 */
public sealed interface GatewayCommand {

  /** {@return the opcode of the payload, {@link Opcode#UNKNOWN} for one without a constant} */
  Opcode opcode();

  /** {@return the number of the opcode on the wire} */
  default int code() {
    return opcode().code();
  }

  /**
   * {@return the payload that the gateway is sent, {@code {"op":8,"d":{...}}}, as JSON in one line}
   * For commands that another process is to send.
   *
   * @throws IllegalArgumentException if it has over 4096 bytes in UTF-8; never shows the content
   */
  default String toJson() {
    return new String(PayloadWriter.command(Encoding.JSON, this), StandardCharsets.UTF_8);
  }

  /**
   * Reads a payload such as {@link #toJson} writes.
   *
   * @param json an object with the opcode {@code op} and the data {@code d}; other fields are
   *     passed over
   * @return the command by its type; a {@link Raw} one when its opcode or a field of its data has
   *     none here
   * @throws IllegalArgumentException if it is no such payload, the opcode is not one for
   *     applications to send, or the data are refused as the constructors do
   */
  static GatewayCommand fromJson(String json) {
    return CommandReader.read(json);
  }

  /**
   * Changes how the bot is shown to others. At most 5 of them per 20 seconds count.
   *
   * @param presence the new presence
   * @see <a href="https://discord.com/developers/docs/events/gateway-events#update-presence">Update
   *     Presence</a>
   */
  record UpdatePresence(Presence presence) implements GatewayCommand {

    /**
     * Checks that the presence is there.
     *
     * @param presence the new presence
     */
    public UpdatePresence {
      requireNonNull(presence, "presence");
    }

    @Override
    public Opcode opcode() {
      return Opcode.PRESENCE_UPDATE;
    }
  }

  /**
   * Joins, moves between or leaves voice channels. The answer is a {@link
   * EventType#VOICE_STATE_UPDATE} and a {@link EventType#VOICE_SERVER_UPDATE} in any order, or
   * nothing at all when the bot may not join.
   *
   * @param guildId the guild, one of this shard
   * @param channelId the channel to be in; null leaves
   * @param selfMute whether the bot mutes itself
   * @param selfDeaf whether the bot deafens itself
   * @see <a
   *     href="https://discord.com/developers/docs/events/gateway-events#update-voice-state">Update
   *     Voice State</a>
   */
  record UpdateVoiceState(
      long guildId, @Nullable Long channelId, boolean selfMute, boolean selfDeaf)
      implements GatewayCommand {

    /**
     * Checks the ids.
     *
     * @param guildId the guild, one of this shard
     * @param channelId the channel to be in; null leaves
     * @param selfMute whether the bot mutes itself
     * @param selfDeaf whether the bot deafens itself
     * @throws IllegalArgumentException if an id is 0
     */
    public UpdateVoiceState {
      checkId("guild id", guildId);
      if (channelId != null) {
        checkId("channel id", channelId);
      }
    }

    /**
     * {@return the command that joins a channel, or moves to it, neither muted nor deafened}
     *
     * @param guildId the guild, one of this shard
     * @param channelId the channel to be in
     * @throws IllegalArgumentException if an id is 0
     */
    public static UpdateVoiceState join(long guildId, long channelId) {
      return new UpdateVoiceState(guildId, channelId, false, false);
    }

    /**
     * {@return the command that leaves the voice channel of a guild}
     *
     * @param guildId the guild, one of this shard
     * @throws IllegalArgumentException if the id is 0
     */
    public static UpdateVoiceState leave(long guildId) {
      return new UpdateVoiceState(guildId, null, false, false);
    }

    @Override
    public Opcode opcode() {
      return Opcode.VOICE_STATE_UPDATE;
    }
  }

  /**
   * Asks for members of one guild: all of them, those whose names start with something, or those
   * with given ids. The answer are {@link EventType#GUILD_MEMBERS_CHUNK}s of up to 1000 members;
   * those of several requests interleave. The whole list may be asked for once per guild in 30
   * seconds, and needs {@link Intent#GUILD_MEMBERS}.
   *
   * @param guildId the guild, one of this shard
   * @param query what the names start with, empty for all members; null asks by ids
   * @param limit with an empty query how many members, 0 for all; with any other 1 to 100; 0
   *     without a query
   * @param presences whether the chunks carry presences, which needs {@link Intent#GUILD_PRESENCES}
   * @param userIds the ids to look up, at most 100; empty if and only if there is a query
   * @param nonce a mark of at most 32 bytes in UTF-8 that every chunk repeats; null for none
   * @see <a
   *     href="https://discord.com/developers/docs/events/gateway-events#request-guild-members">Request
   *     Guild Members</a>
   */
  record RequestGuildMembers(
      long guildId,
      @Nullable String query,
      int limit,
      boolean presences,
      List<Long> userIds,
      @Nullable String nonce)
      implements GatewayCommand {

    private static final int MAX_PREFIX_LIMIT = 100;
    private static final int MAX_USER_IDS = 100;
    private static final int MAX_NONCE_BYTES = 32;

    /**
     * Copies the ids and checks the combination.
     *
     * @param guildId the guild, one of this shard
     * @param query what the names start with, empty for all members; null asks by ids
     * @param limit with an empty query how many members, 0 for all; with any other 1 to 100; 0
     *     without a query
     * @param presences whether the chunks carry presences, which needs {@link
     *     Intent#GUILD_PRESENCES}
     * @param userIds the ids to look up, at most 100; empty if and only if there is a query
     * @param nonce a mark of at most 32 bytes in UTF-8 that every chunk repeats; null for none
     * @throws IllegalArgumentException if an id is 0, a limit is exceeded, or there is not exactly
     *     one of query and ids
     */
    public RequestGuildMembers {
      checkId("guild id", guildId);
      userIds = List.copyOf(userIds);
      if ((query == null) == userIds.isEmpty()) {
        throw new IllegalArgumentException(
            "query and user ids: "
                + (query == null ? "none" : "both")
                + " (expected: exactly one of them)");
      }
      int minLimit = query == null || query.isEmpty() ? 0 : 1;
      int maxLimit = query == null ? 0 : query.isEmpty() ? Integer.MAX_VALUE : MAX_PREFIX_LIMIT;
      if (limit < minLimit || limit > maxLimit) {
        throw new IllegalArgumentException(
            "limit: " + limit + " (expected: " + minLimit + ".." + maxLimit + ')');
      }
      if (userIds.size() > MAX_USER_IDS) {
        throw new IllegalArgumentException(
            "user ids: " + userIds.size() + " (expected: <= " + MAX_USER_IDS + ')');
      }
      userIds.forEach(id -> checkId("user id", id));
      if (nonce != null) {
        int bytes = nonce.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_NONCE_BYTES) {
          throw new IllegalArgumentException(
              "nonce: " + bytes + " bytes (expected: <= " + MAX_NONCE_BYTES + ')');
        }
      }
    }

    /**
     * {@return the request for all members, without presences and nonce}
     *
     * @param guildId the guild, one of this shard
     * @throws IllegalArgumentException if the id is 0
     */
    public static RequestGuildMembers all(long guildId) {
      return new RequestGuildMembers(guildId, "", 0, false, List.of(), null);
    }

    /**
     * {@return the request for members whose names start with something, without presences and
     * nonce}
     *
     * @param guildId the guild, one of this shard
     * @param prefix what the names start with
     * @param limit how many members at most, 1 to 100
     * @throws IllegalArgumentException if the id is 0 or the limit out of range
     */
    public static RequestGuildMembers byPrefix(long guildId, String prefix, int limit) {
      return new RequestGuildMembers(
          guildId, requireNonNull(prefix, "prefix"), limit, false, List.of(), null);
    }

    /**
     * {@return the request for members by their ids, without presences and nonce}
     *
     * @param guildId the guild, one of this shard
     * @param userIds 1 to 100 ids
     * @throws IllegalArgumentException if an id is 0 or their number out of range
     */
    public static RequestGuildMembers byIds(long guildId, List<Long> userIds) {
      return new RequestGuildMembers(guildId, null, 0, false, userIds, null);
    }

    /** {@return the same request, whose chunks carry presences} */
    public RequestGuildMembers withPresences() {
      return new RequestGuildMembers(guildId, query, limit, true, userIds, nonce);
    }

    /**
     * {@return the same request, whose chunks repeat a nonce}
     *
     * @param nonce at most 32 bytes in UTF-8
     * @throws IllegalArgumentException if the nonce is longer
     */
    public RequestGuildMembers withNonce(String nonce) {
      return new RequestGuildMembers(
          guildId, query, limit, presences, userIds, requireNonNull(nonce, "nonce"));
    }

    @Override
    public Opcode opcode() {
      return Opcode.REQUEST_GUILD_MEMBERS;
    }
  }

  /**
   * Asks for the soundboard sounds of guilds. The answer is one {@link EventType#SOUNDBOARD_SOUNDS}
   * for each.
   *
   * @param guildIds the guilds, at least one, all of this shard; the payload's size allows about
   *     180
   * @see <a
   *     href="https://discord.com/developers/docs/events/gateway-events#request-soundboard-sounds">Request
   *     Soundboard Sounds</a>
   */
  record RequestSoundboardSounds(List<Long> guildIds) implements GatewayCommand {

    /**
     * Copies and checks the ids.
     *
     * @param guildIds the guilds, at least one, all of this shard; the payload's size allows about
     *     180
     * @throws IllegalArgumentException if there is none or one is 0
     */
    public RequestSoundboardSounds {
      guildIds = List.copyOf(guildIds);
      if (guildIds.isEmpty()) {
        throw new IllegalArgumentException("guild ids: 0 (expected: >= 1)");
      }
      guildIds.forEach(id -> checkId("guild id", id));
    }

    @Override
    public Opcode opcode() {
      return Opcode.REQUEST_SOUNDBOARD_SOUNDS;
    }
  }

  /**
   * Asks for ephemeral values of a guild's channels. The answer is one {@link
   * EventType#CHANNEL_INFO}.
   *
   * @param guildId the guild, one of this shard
   * @param fields the names of the values, at least one
   * @see <a
   *     href="https://discord.com/developers/docs/events/gateway-events#request-channel-info">Request
   *     Channel Info</a>
   */
  record RequestChannelInfo(long guildId, List<String> fields) implements GatewayCommand {

    /** The status line of a voice channel. */
    public static final String STATUS = "status";

    /** The time since when a voice channel is in use. */
    public static final String VOICE_START_TIME = "voice_start_time";

    /**
     * Copies and checks the fields.
     *
     * @param guildId the guild, one of this shard
     * @param fields the names of the values, at least one
     * @throws IllegalArgumentException if the id is 0, or there is no field or an empty one
     */
    public RequestChannelInfo {
      checkId("guild id", guildId);
      fields = List.copyOf(fields);
      if (fields.isEmpty()) {
        throw new IllegalArgumentException("fields: 0 (expected: >= 1)");
      }
      if (fields.contains("")) {
        throw new IllegalArgumentException("fields: " + fields + " (expected: non-empty names)");
      }
    }

    /**
     * {@return the request for every documented value}
     *
     * @param guildId the guild, one of this shard
     * @throws IllegalArgumentException if the id is 0
     */
    public static RequestChannelInfo all(long guildId) {
      return new RequestChannelInfo(guildId, List.of(STATUS, VOICE_START_TIME));
    }

    @Override
    public Opcode opcode() {
      return Opcode.REQUEST_CHANNEL_INFO;
    }
  }

  /**
   * A payload that has no type here. The gateway closes the connection with 4001 when it does not
   * know the opcode or dislikes the data.
   *
   * @param code the number of the opcode; none that the connection itself sends and none that only
   *     the gateway sends
   * @param data the payload's {@code d}
   */
  record Raw(int code, JsonNode data) implements GatewayCommand {

    /**
     * Copies the data and checks the opcode.
     *
     * @param code the number of the opcode; none that the connection itself sends and none that
     *     only the gateway sends
     * @param data the payload's {@code d}
     * @throws IllegalArgumentException if the opcode is negative, or not one for applications to
     *     send
     */
    public Raw {
      if (code < 0) {
        throw new IllegalArgumentException("opcode: " + code + " (expected: >= 0)");
      }
      switch (Opcode.of(code)) {
        case HEARTBEAT, IDENTIFY, RESUME ->
            throw new IllegalArgumentException(
                "opcode: "
                    + code
                    + ' '
                    + Opcode.of(code)
                    + " (expected: one that the connection does not send itself)");
        case DISPATCH, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK ->
            throw new IllegalArgumentException(
                "opcode: "
                    + code
                    + ' '
                    + Opcode.of(code)
                    + " (expected: one that the gateway receives)");
        case PRESENCE_UPDATE,
            VOICE_STATE_UPDATE,
            REQUEST_GUILD_MEMBERS,
            REQUEST_SOUNDBOARD_SOUNDS,
            REQUEST_CHANNEL_INFO,
            UNKNOWN -> {}
      }
      data = data.deepCopy();
    }

    /** {@return the payload's {@code d}, a copy that the caller may change} */
    @Override
    public JsonNode data() {
      return data.deepCopy();
    }

    @Override
    public Opcode opcode() {
      return Opcode.of(code);
    }
  }

  private static void checkId(String what, long id) {
    if (id == 0) {
      throw new IllegalArgumentException(what + ": 0 (expected: non-zero)");
    }
  }
}
